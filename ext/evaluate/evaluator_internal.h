/* What evaluator.c and evaluator_range.c share. */
#ifndef PRICEMAP_EVALUATOR_INTERNAL_H
#define PRICEMAP_EVALUATOR_INTERNAL_H

#include "ext/evaluate/chunk_table.h"
#include "ext/evaluate/evaluator.h"
#include "ext/evaluate/evaluator_output.h"
#include "ext/evaluate/evaluator_range.h"
#include "ext/evaluate/instant_vfs.h"
#include "ext/evaluate/like_setting.h"
#include "ext/functions/price.h"
#include "ext/evaluate/read_ahead.h"
#include "ext/evaluate/row_counter.h"

typedef struct Names {
    char **items;
    int count;
} Names;

struct Evaluator {
    const Recipe *recipe;
    InstantVfs instant;
    ReadAhead ahead; /* partition */
    sqlite3 *db;
    sqlite3_stmt *statement;
    sqlite3_stmt *wrapped;   /* the statement within the output's aggregate; NULL: it is stepped */
    sqlite3_stmt *uncounted; /* partition, partial: as statement, without the number of rows, which the
                                counter tells; NULL: it cannot */
    RowCounter row_counter;
    sqlite3_stmt *tracing; /* partition: as statement, calling evaluator_range's function for each row */
    sqlite3_stmt *wrapped_tracing;
    EvaluatorOutput *output; /* of the run that is under way */
    bool preparing_own;      /* what is being prepared names functions that are not for maps */
    ChunkScan scan;
    int columns;  /* of the chunk table */
    char **names; /* `columns` of them */
    char *used;   /* per column: 1 where the statement reads it */
    int rowid_used;
    int *input_of; /* per column: its input column, or -1 */
    int *inputs;   /* per input column: its column, -1 the rowid */
    int input_count;
    uint32_t output_columns;
    Names functions;
    char denial[256]; /* why the authorizer refused, "" if it did not */
    struct price_stop stop;
    const EvaluatorWatch *watch;
    int64_t give_up_ns; /* partition: when a turn has taken too long; 0: never */
    int64_t view;       /* partition: see TaskReport */
    uint32_t traced_rows;
    int64_t traced_rowid; /* the last row that the tracing statement began */
    TaskControl idle;     /* what scan.control points to between runs */
};

/* Readies a connection to a database file: registers what the tracing statement calls, begins the read
   transaction that lasts as long as the evaluator. */
int evaluator_range_begin(Evaluator *evaluator);

/* Evaluates the rows of order->first_rowid … last_rowid that the file holds, into evaluator->output; see
 * TaskOrder. Returns as evaluator_run. */
int evaluator_range_run(Evaluator *evaluator, const TaskOrder *order, Buffer *buffer, TaskReport *report);

#endif
