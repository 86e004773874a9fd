/*
 * Parts of a query: a statement that reads the rows of one table within a range of rowids, and other tables
 * whole. The statement takes the range from its parameters ?1 and ?2, or from a virtual table, which is the
 * outermost loop of its joins:
 *
 *   … FROM pricemap_morsel CROSS JOIN t CROSS JOIN u … WHERE t.rowid BETWEEN first_rowid AND last_rowid …
 *
 * Each range is given once: a statement in which the table is not outermost would come to it again and
 * silently find none, and is refused. Further parameters are those of the user's query, whose values are the
 * one row of the task's input.
 */
#ifndef PRICEMAP_MORSELS_H
#define PRICEMAP_MORSELS_H

#include <stdbool.h>

#include "ext/data/task.h"

struct Evaluator;

#define MORSEL_TABLE_NAME "pricemap_morsel"

enum {
    /* Bytes of partial rows that one task may give. */
    MORSEL_OUTPUT_BYTES = 64 << 20,
    /* Number of the first of the user's parameters; those before it are the ends of the range. */
    MORSEL_FIRST_PARAMETER = 3,
};

/* Rows that the table gives in the run that is under way. Zeros: none. */
typedef struct MorselScan {
    /* Order of the run, borrowed. */
    const TaskOrder *order;
    /* Whether a loop over the table was begun in this run. */
    bool begun;
} MorselScan;

/* Registers the table on a connection, which shows what `scan` has; that has to outlive the connection.
 * SQLITE_OK or an error. */
int morsel_table_register(sqlite3 *db, MorselScan *scan);

/* Readies the connection of an evaluator that runs parts of a query. SQLITE_OK or an error. */
int evaluator_morsels_begin(struct Evaluator *evaluator);

/* Runs the statement over the range of the order, from its first rowid to its last, with the parameters in
 * `input` (empty: none), into evaluator->output. Returns as evaluator_run; SQLITE_TOOBIG where the rows take
 * more than MORSEL_OUTPUT_BYTES. */
int evaluator_morsels_run(struct Evaluator *evaluator, const TaskOrder *order, const void *input,
                          size_t input_size, Buffer *buffer, TaskReport *report);

/* Binds the values of a rowset's first row to a statement's parameters from `first` on, as far as it has so
 * many; the rowset, whose texts have this encoding (SQLITE_UTF8 or SQLITE_UTF16), has to outlive their use.
 * SQLITE_OK or an error. */
int morsel_bind(sqlite3_stmt *statement, int first, const void *rowset, size_t size, int encoding);

#endif
