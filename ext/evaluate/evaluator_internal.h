/* What the evaluator's own files share. */
#ifndef PRICEMAP_EVALUATOR_INTERNAL_H
#define PRICEMAP_EVALUATOR_INTERNAL_H

#include "ext/evaluate/chunk_table.h"
#include "ext/evaluate/evaluator.h"
#include "ext/evaluate/output.h"
#include "ext/evaluate/range.h"
#include "ext/evaluate/inner_statements.h"
#include "ext/evaluate/instant_vfs.h"
#include "ext/evaluate/interrupter.h"
#include "ext/evaluate/like_setting.h"
#include "ext/functions/price.h"
#include "ext/evaluate/read_ahead.h"
#include "ext/evaluate/row_counter.h"

typedef struct Names {
    char **items;
    int count;
} Names;

/*
 * A statement that lasts for a whole scan. SQLite computes the constant parts of a statement, `f(100.0)` in
 * `p + f(100.0)`, when the first row comes to them, and keeps them until the statement is reset. So a map
 * that has some is put into an endless query that gives one row per task: a step evaluates the rows of a
 * task, and then the statement waits, where it is, for the next one.
 */
typedef struct Turns {
    /* NULL: the map has no constants. */
    sqlite3_stmt *statement;
    /* The run in whose middle the statement waits; 0: it is reset. */
    uint64_t run;
    /* Whether the task that is evaluated begins the statement. */
    bool begins;
} Turns;

struct Evaluator {
    const Recipe *recipe;
    InstantVfs instant;
    ReadAhead ahead; /* partition */
    sqlite3 *db;
    /* The forms of the map, NULL where not prepared: of the first three, in this order, the first one that is
       there is run. */
    Turns turns;
    /* Partition, partial: the map without the number of rows, which the counter tells. */
    sqlite3_stmt *uncounted;
    RowCounter row_counter;
    /* The counter turned out not to tell. */
    bool uncounted_fails;
    /* The map within the output's aggregate. */
    sqlite3_stmt *wrapped;
    /* The map as it is, to be stepped. */
    sqlite3_stmt *statement;
    EvaluatorOutput *output; /* of the run that is under way */
    const TaskOrder *order;  /* its order */
    bool preparing_own;      /* what is being prepared may name functions that are not for maps */
    enum { PREPARING_OURS, PREPARING_MAP, RUNNING_MAP } stage; /* whose statements are prepared now */
    sqlite3_stmt *running;                                     /* that is being stepped */
    int32_t asked; /* TASK_ASKED_, of a function in the run that is under way */
    ChunkScan scan;
    int columns;  /* of the chunk table */
    char **names; /* `columns` of them */
    char *used;   /* per column: 1 where the statement reads it */
    int rowid_used;
    int *input_of; /* per column: its input column, or -1 */
    int *inputs;   /* per input column: its column, -1 the rowid */
    int input_count;
    uint32_t output_columns;
    bool has_constants;
    Names functions;
    char denial[256]; /* why the authorizer refused, "" if it did not */
    PriceStop stop;
    const EvaluatorWatch *watch;
    /* Whether the run that is under way was told to stop. Nothing that it computed since then is kept,
       whatever its statement returns. */
    bool told_to_stop;
    int64_t give_up_ns; /* partition: when a turn has taken too long; 0: never */
    bool gives_up;      /* partition: the clock starts when the constants and the first row are done */
    int64_t view;       /* partition: see TaskReport */
    uint32_t traced_rows;
    int64_t traced_rowid; /* the last row that the tracing statement began */
    TaskControl idle;     /* what scan.control points to between runs */
    /* Whether each row looks if it is to be the last: SQLite has no progress handler. */
    bool looks_at_rows;
};

/* Readies a connection to a database file: registers what the tracing statement calls, begins the read
   transaction that lasts as long as the evaluator. */
int evaluator_range_begin(Evaluator *evaluator);

/* Evaluates the rows of order->first_rowid … last_rowid that the file holds, into evaluator->output; see
 * TaskOrder. Returns as evaluator_run. */
int evaluator_range_run(Evaluator *evaluator, const TaskOrder *order, Buffer *buffer, TaskReport *report);

/* ---- evaluator.c ---- */

/* The authorizer of whatever is prepared for a map; `arg` is the evaluator. */
int evaluator_authorize(void *arg, int action, const char *first, const char *second, const char *schema,
                        const char *trigger);

/* Steps a statement over the map's rows, whose functions may prepare statements of their own only as
   inner_statements.h says. Returns as sqlite3_step. */
int evaluator_step(Evaluator *evaluator, sqlite3_stmt *statement);

/* Whether the row that was just computed is not to be kept, because the run is to end. Looks at no clock
   where SQLite's progress handler does. */
bool evaluator_is_stopped(Evaluator *evaluator);

/* Ends the lasting statement's scan after an interrupt, of which a statement on its row would hear in its
   next turn: among its constants may be what a function made of that. */
void evaluator_end_turns(Evaluator *evaluator);

/* ---- statements.c ---- */

/* Judges the map and prepares it in the form in which it is run. SQLITE_OK or an error of the connection's,
   or a denial. */
int evaluator_prepare_statements(Evaluator *evaluator);

/* Prepares what is run anew for each task. Returns as evaluator_prepare_statements. */
int evaluator_prepare_single(Evaluator *evaluator);

/* Prepares one text for a map that was judged, under the authorizer. Returns as sqlite3_prepare_v2. */
int evaluator_prepare(Evaluator *evaluator, const char *sql, sqlite3_stmt **statement);

/* Does without the lasting statement from now on. Returns as evaluator_prepare_statements. */
int evaluator_drop_turns(Evaluator *evaluator);

#endif
