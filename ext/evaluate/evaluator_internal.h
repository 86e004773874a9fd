/* The evaluator's struct, and the functions that its files share. */
#ifndef PRICEMAP_EVALUATOR_INTERNAL_H
#define PRICEMAP_EVALUATOR_INTERNAL_H

#include "ext/data/values.h"
#include "ext/evaluate/authorizer.h"
#include "ext/evaluate/chunk_table.h"
#include "ext/evaluate/evaluator.h"
#include "ext/evaluate/foreign_functions.h"
#include "ext/evaluate/output.h"
#include "ext/evaluate/range.h"
#include "ext/evaluate/inner_statements.h"
#include "ext/evaluate/range_seam.h"
#include "ext/evaluate/interrupter.h"
#include "ext/evaluate/like_setting.h"
#include "ext/evaluate/morsel_table.h"
#include "ext/evaluate/morsels.h"
#include "ext/evaluate/row_counter.h"
#include "ext/evaluate/worker_vfs.h"
#include "ext/functions/price.h"

/*
 * A statement that lasts for a whole scan. SQLite computes the constant parts of a statement, `f(100.0)` in
 * `p + f(100.0)`, when the first row comes to them, and keeps them until the statement is reset. So a map
 * that has some is put into an endless query that gives one row per task: a step evaluates the rows of a
 * task, and then the statement waits, where it is, for the next one.
 */
typedef struct LastingStatement {
    /* NULL: the map has no constants. */
    sqlite3_stmt *statement;
    /* The run in whose middle the statement waits; 0: it is reset. */
    uint64_t run;
    /* Whether the task that is evaluated begins the statement. */
    bool begins;
} LastingStatement;

struct Evaluator {
    /* Recipe of the map; the evaluator's own reference. */
    const Recipe *recipe;
    WorkerVfs vfs;
    /* Connection, private to the evaluator. */
    sqlite3 *db;
    /* Functions in another language; their lock is held while the evaluator does anything. */
    ForeignFunctions foreign;
    Authorizer authorizer;
    /* Forms of the map, NULL where not prepared. The first one that is there is run, in this order:
     * `lasting`, `uncounted`, `wrapped`, `statement`. */
    LastingStatement lasting;
    /* Partition, partial: the map without the number of rows, which the counter finds. */
    sqlite3_stmt *uncounted;
    RowCounter row_counter;
    /* Whether row_counter failed to count the rows of a run: from then on count(*) counts them. */
    bool uncounted_fails;
    /* Map within the output's aggregate. */
    sqlite3_stmt *wrapped;
    /* Map as it is, to be stepped. */
    sqlite3_stmt *statement;
    /* Partition: the rowids from ?1 to ?2. */
    sqlite3_stmt *rowids;
    /* Partition: how the map's statement reads the rows of its range, by table or by index; see range_seam.
     */
    RangeAccess access;
    /* Output and order of the run that is under way. */
    EvaluatorOutput *output;
    const TaskOrder *order;
    /* Rows of the chunk, and its scan. */
    ChunkScan scan;
    /* Input column of each column of the chunk table, or -1. */
    int *input_of;
    /* Column of the chunk table of each input column, -1 the rowid; `input_count` of them. */
    int *inputs;
    int input_count;
    /* Number of columns of the output. */
    uint32_t output_columns;
    /* Whether the map has parts that depend on no row. */
    bool has_constants;
    /* Whether the map may have aggregates or windows; only known where the evaluator judged it. */
    bool may_aggregate;
    /* Whether what runs the map is prepared. An evaluator that judges a map prepares it when it first runs:
     * in the host most maps are only planned. */
    bool prepared;
    /* Hook that ends a long call of a price function. */
    PriceStop stop;
    const EvaluatorWatch *watch;
    /* Whether the current run has to stop. Rows that its statement gives after that are dropped. */
    bool stop_requested;
    /* Partition: time from which on a turn has taken too long; 0: never. */
    int64_t give_up_ns;
    /* Partition: whether that time is counted from the end of the constants and the first row. */
    bool gives_up;
    /* Query: the range of the run that is under way, and the ranges of the key that is cut; without rows:
       rowids are. */
    MorselScan morsels;
    RowsetView morsel_keys;
    /* Partition: number of the read transaction; see TaskReport. */
    int64_t view;
    /* Partition: rows that the tracing statement began, and the rowid of the last of them, as recipe_rowid
       numbers it. */
    uint32_t traced_rows;
    int64_t traced_rowid;
    /* Partition: those of them that fulfil the conditions on the source, where RECIPE_COUNTS. */
    uint32_t counted_rows;
    /* Values of the statements' parameters in the run that is under way; no columns: there are none. */
    RowsetView values;
    /* Control to which scan.control points between runs. */
    TaskControl idle;
    /* Whether each row checks if it is to be the last: SQLite has no progress handler. */
    bool checks_rows;
};

/* Readies a connection to a database file: registers what the tracing statement calls, begins the read
   transaction that lasts as long as the evaluator. */
int evaluator_range_begin(Evaluator *evaluator);

/* Prepares what a range needs beside the map's statements, once these are there. */
int evaluator_range_prepare(Evaluator *evaluator);

/* Evaluates the rows of order->first_rowid … last_rowid that the file holds, into evaluator->output; see
 * TaskOrder. Returns as evaluator_run. */
int evaluator_range_run(Evaluator *evaluator, const TaskOrder *order, Buffer *buffer, TaskReport *report);

/* ---- evaluator.c ---- */

/* Whether the row that was just computed is not to be kept, because the run is to end. Reads no clock where
   SQLite's progress handler does. */
bool evaluator_is_stopped(Evaluator *evaluator);

/* Binds the values of the run that is under way to a statement that is about to begin: they are as many as
   the recipe's text says, or the statement finds NULLs. */
void evaluator_bind_values(const Evaluator *evaluator, sqlite3_stmt *statement);

/* Ends the lasting statement's scan after an interrupt. A statement that waits on its row would be
 * interrupted in its next turn, and among its constants may be a value that a function made of the
 * interrupt. */
void evaluator_end_lasting(Evaluator *evaluator);

/* ---- statements.c ---- */

/* Judges the map, where that is not done yet. SQLITE_OK or an error of the connection's, or a denial. */
int evaluator_judge(Evaluator *evaluator);

/* Prepares the map in the form in which it is run. Returns as evaluator_judge. */
int evaluator_prepare_statements(Evaluator *evaluator);

/* Prepares one text for a map that was judged, under the authorizer. Returns as sqlite3_prepare_v2. */
int evaluator_prepare(Evaluator *evaluator, const char *sql, sqlite3_stmt **statement);

/* Does without the lasting statement from now on. Returns as evaluator_prepare_statements. */
int evaluator_drop_lasting(Evaluator *evaluator);

/* Counts rows from now on. Returns as evaluator_prepare_statements. */
int evaluator_drop_uncounted(Evaluator *evaluator);

#endif
