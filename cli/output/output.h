/* Prints rows of a query: as a table for people, as Markdown, or as JSON or CSV for programs. */
#ifndef PRICEREPORT_OUTPUT_H
#define PRICEREPORT_OUTPUT_H

#include <stdint.h>
#include <stdio.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

typedef enum OutputFormat { OUTPUT_TABLE, OUTPUT_MARKDOWN, OUTPUT_JSON, OUTPUT_CSV } OutputFormat;

/* A list to print: the query for programs (plain numbers, every figure) and the one for people (formatted).
 * Both may use ?1, the run. In JSON, a column whose name ends in _json is embedded as what it holds, without
 * the ending. */
typedef struct OutputQuery {
    const char *data;
    const char *people;
} OutputQuery;

/* Prints all rows. JSON: an array with an object for each row. CSV: RFC 4180, with a header; NULL is empty.
 * In a table, control characters are shown as ?. */
int output_rows(sqlite3 *db, const OutputQuery *query, int64_t run, OutputFormat format, FILE *file,
                Failure *failure);

/* Prints the first row of the query for programs as one JSON object, without a newline. */
int output_json_object(sqlite3 *db, const OutputQuery *query, int64_t run, FILE *file, Failure *failure);

/* Fails when what was printed did not reach its destination (a full disk, a closed pipe). */
int output_finish(FILE *file, Failure *failure);

#endif
