/*
 * How the rows of a statement get into the output rowset. Stepping a statement row by row and reading each
 * column costs about as much as a cheap map. So a scalar map is wrapped: an aggregate function, which the
 * worker's connection has for the purpose, takes the columns of each row, and SQLite computes a whole chunk
 * within one step.
 */
#ifndef PRICEMAP_OUTPUT_H
#define PRICEMAP_OUTPUT_H

#include <stdbool.h>

#include "ext/data/rowset.h"

struct Evaluator;

/* The aggregate's name; no map may call it. */
#define OUTPUT_FUNCTION "pricemap_output"

/* Where the rows of one run go. */
typedef struct EvaluatorOutput {
    RowsetWriter writer;
    /* Bytes of the rowset from which on it holds enough. */
    uint64_t full;
    /* Upper bound of the number of rows the statement can return; after that many it is finished. */
    int64_t rows_most;
    /* Time from which on the run has taken too long; 0: never. */
    int64_t give_up_ns;
    /* Number of rows after which the clock is read next. */
    uint32_t clock_row;
    /* Whether the run ended after the last row that was written, and there may be more. */
    bool stopped;
    /* Whether the run ended because the time of give_up_ns had come. */
    bool overdue;
    /* Row of the input where a chunk's run stopped. */
    uint32_t stopped_row;
    /* Sum of the last column, count(*), of a partition's partial statement. */
    int64_t rows_counted;
} EvaluatorOutput;

/* Registers the aggregate on the evaluator's connection. SQLITE_OK or an error. */
int evaluator_output_register(struct Evaluator *evaluator);

/*
 * The text of `select`, which gives `columns`, within the aggregate; with `lasting` as a query without an
 * end, each row of which is one run of `select`. *sql stays NULL, with SQLITE_OK, where a function takes
 * fewer arguments than that; SQLITE_NOMEM. sqlite3_free it.
 */
int evaluator_output_sql(struct Evaluator *evaluator, const char *select, int columns, bool lasting,
                         char **sql);

/*
 * Begins a rowset of `columns` and room for `capacity` rows in `buffer`. Returns as rowset_begin. rows_most
 * and give_up_ns are the caller's to set after it.
 */
int evaluator_output_begin(EvaluatorOutput *output, Buffer *buffer, uint32_t columns, uint32_t capacity);

/*
 * Runs the statement and writes its rows to evaluator->output: `wrapped` where it is not NULL, else `plain`
 * step by step. Both are bound already and left reset. SQLITE_OK at the end or when stopped; else the error
 * of the row after the last one that was written.
 */
int evaluator_output_run(struct Evaluator *evaluator, sqlite3_stmt *plain, sqlite3_stmt *wrapped);

/*
 * The same by the next row of the lasting statement, which is begun where evaluator->lasting says so. *read:
 * whether it read its rows; without that, and SQLITE_OK, SQLite kept what it had read for another task, and
 * nothing was done.
 */
int evaluator_output_turn(struct Evaluator *evaluator, bool *read);

#endif
