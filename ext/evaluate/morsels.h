/*
 * Parts of a query: a statement that reads the rows of one table within a range of rowids, and other tables
 * whole. The statement takes the range from its parameters ?1 and ?2, or from a virtual table, which is the
 * outermost loop of its joins:
 *
 *   … FROM pricemap_morsel CROSS JOIN t CROSS JOIN u … WHERE t.rowid BETWEEN first_rowid AND last_rowid …
 *
 * Further parameters are those of the user's query, whose values are the one row of the task's input.
 */
#ifndef PRICEMAP_MORSELS_H
#define PRICEMAP_MORSELS_H

#include "ext/data/task.h"
#include "ext/evaluate/morsel_table.h"

struct Evaluator;

enum {
    /* Bytes of partial rows that one task may give. */
    MORSEL_OUTPUT_BYTES = 64 << 20,
    /* Number of the first of the user's parameters; those before it are the ends of the range. */
    MORSEL_FIRST_PARAMETER = 3,
};

/* Readies the connection of an evaluator that runs parts of a query. SQLITE_OK or an error. */
int evaluator_morsels_begin(struct Evaluator *evaluator);

/* Runs the statement over the range of the order, from its first rowid to its last, with the parameters in
 * `input` (empty: none), into evaluator->output. Returns as evaluator_run; SQLITE_TOOBIG where the rows take
 * more than MORSEL_OUTPUT_BYTES. */
int evaluator_morsels_run(struct Evaluator *evaluator, const TaskOrder *order, const void *input,
                          size_t input_size, Buffer *buffer, TaskReport *report);

#endif
