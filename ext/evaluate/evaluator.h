/*
 * A worker's private connection and its prepared map: rows in, rows out. The same code evaluates for every
 * executor, so their results agree by construction.
 *
 * The connection holds no data: the rows of a chunk are seen through a virtual table `chunk` over the input
 * rowset, and an authorizer refuses whatever is not a column of it or a pure function. An evaluator belongs
 * to one thread at a time.
 */
#ifndef PRICEMAP_EVALUATOR_H
#define PRICEMAP_EVALUATOR_H

#include "ext/data/rowset.h"
#include "ext/data/task.h"

typedef struct Evaluator Evaluator;

/*
 * The hook that may stop an evaluation, beside the task's cancel flag: called every few thousand steps, on
 * the evaluating thread; stop may be NULL. In the host the hook checks for the host's interrupt.
 */
typedef struct EvaluatorWatch {
    int (*stop)(void *arg);
    void *arg;
    /* Connection whose interrupt `stop` checks, for another thread to check as well; NULL: none. */
    sqlite3 *db;
    /* Whether the thread was started for evaluating, and ends only after its evaluators are closed. */
    bool own_thread;
} EvaluatorWatch;

/*
 * Opens the connection, loads the recipe's extensions and prepares its statement. Takes a reference to the
 * recipe; `watch` (NULL: none) must outlive the evaluator. SQLITE_OK with *out set; else an error, *out NULL,
 * and in `message` (TASK_MESSAGE_SIZE bytes) why.
 */
int evaluator_open(const Recipe *recipe, const EvaluatorWatch *watch, Evaluator **out, char *message);

/* Frees it; NULL does nothing. */
void evaluator_close(Evaluator *evaluator);

/* The recipe that it was opened with; the evaluator's own reference. */
const Recipe *evaluator_recipe(const Evaluator *evaluator);

/*
 * The columns of an input rowset: the chunk table's column for each input column, in this order, -1 for the
 * rowid. Only what the map reads is an input. Equal recipes have equal inputs. Returns the number of input
 * columns.
 */
int evaluator_inputs(const Evaluator *evaluator, const int **columns);

/* The number of columns of the output. */
int evaluator_output_columns(const Evaluator *evaluator);

struct ForeignFunctions;
/* The functions in another language; the evaluator's. */
const struct ForeignFunctions *evaluator_foreign(const Evaluator *evaluator);

/* Whether the map has parts that no row matters to, which are computed once per run. */
bool evaluator_has_constants(const Evaluator *evaluator);

/* Whether the map may be an aggregate or have a window function; false: it has none. */
bool evaluator_may_aggregate(const Evaluator *evaluator);

/* The connection, to describe the output. */
sqlite3 *evaluator_connection(const Evaluator *evaluator);

/* Calls visit(arg, name) for each distinct function that the map names, until one returns non-zero,
   which is returned; 0 at the end. */
int evaluator_functions(const Evaluator *evaluator, int (*visit)(void *arg, const char *name), void *arg);

/* Evaluates; as chunk_runner_run describes it. */
int evaluator_run(Evaluator *evaluator, const TaskOrder *order, const void *input, size_t input_size,
                  TaskControl *control, Buffer *buffer, TaskReport *report);

#endif
