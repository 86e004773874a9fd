/* The data that gnuplot draws a chart from. */
#ifndef PRICEREPORT_CHART_DATA_H
#define PRICEREPORT_CHART_DATA_H

#include <stdint.h>
#include <stdio.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

/* Gives the connection what the queries of sql/charts and sql/page need besides the history: temporary views,
 * SQL functions, and the change points of the benchmarks of `run`, 0: of all (changes.h). May be called
 * again. */
int chart_data_prepare(sqlite3 *db, int64_t run, Failure *failure);

/* Makes the short names of a run's benchmarks, where chart_data_prepare prepared another run, or all. Returns
 * 0, or -1 with the failure set. */
int chart_data_name(sqlite3 *db, int64_t run, Failure *failure);

/* Writes the rows of a chart's query (?1 is `run`, ?2 `part`, from 1) as gnuplot reads them: fields separated
 * by tabs. The query's first column numbers gnuplot's data blocks, the others are data; rows of a block have
 * to come together. A NULL becomes NaN. All text is quoted, and nothing in it can end the quotes, be taken
 * for an escape, or make an SVG file that is no XML: such characters are replaced by similar ones. A
 * character of two columns is followed by one without width, since gnuplot counts characters.
 *
 * Returns 0 and how many rows there were, none for a part that is not there, or -1 with the failure set. */
int chart_data_write(sqlite3 *db, const char *sql, int64_t run, int part, FILE *file, int64_t *rows,
                     Failure *failure);

#endif
