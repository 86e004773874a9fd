/*
 * The evaluation of a task, the same in every worker: a thread, a process, or the host in place. A runner
 * keeps the evaluators of the last few recipes, so that a second identical map prepares nothing.
 *
 * A runner belongs to one thread at a time.
 */
#ifndef PRICEMAP_RUNNER_H
#define PRICEMAP_RUNNER_H

#include "ext/evaluate/evaluator.h"
#include "ext/data/task.h"

typedef struct ChunkRunner ChunkRunner;

/* An empty runner, or NULL when out of memory. `own_thread`: its thread is not the host's, and ends only
   after the runner was freed there. */
ChunkRunner *chunk_runner_create(bool own_thread);
/* Closes its evaluators; NULL does nothing. */
void chunk_runner_free(ChunkRunner *runner);

/*
 * Evaluates the rows of `order` over the rowset `input` and leaves a finished rowset in `output` (which is
 * begun anew) and the outcome in `report`: rc, message, unprepared, next_row, rows_out, start_ns and end_ns;
 * worker and pid are the caller's to set. With an rc other than SQLITE_OK the output still holds the rows
 * before the failure, where there are any. A set control->cancel ends it with SQLITE_INTERRUPT within a few
 * thousand steps. `recipe` is copied when it is new: it may lie in a block that changes afterwards. Returns
 * report->rc.
 */
int chunk_runner_run(ChunkRunner *runner, const Recipe *recipe, const TaskOrder *order, const void *input,
                     size_t input_size, TaskControl *control, Buffer *output, TaskReport *report);

/* Closes the evaluators of a partition scan, and with them what they hold of the file; `scan` 0: of every
 * scan. Returns whether files of other scans are still open. */
bool chunk_runner_end_scan(ChunkRunner *runner, uint64_t scan);

/* From now on stop(arg), which checks for an interrupt of `db`, may end an evaluation; NULL: nothing but the
 * cancel flag. See EvaluatorWatch. */
void chunk_runner_watch(ChunkRunner *runner, sqlite3 *db, int (*stop)(void *arg), void *arg);

/*
 * Has a function in another language fail soon that the runner is in just now; one in C checks
 * control->cancel, which is set before. On any other thread, while the runner lives; may wait for the
 * language's lock, which a thread that runs gives away every few milliseconds.
 */
void chunk_runner_stop(ChunkRunner *runner);

/* Whether the runner is in a function of a language whose interpreter ends, or has ended. As
   chunk_runner_stop. */
bool chunk_runner_is_lost(ChunkRunner *runner);

/*
 * The runner's evaluator for a recipe, opened when it is new. It stays the runner's and is valid until the
 * next call. Returns and fails as evaluator_open does.
 */
int chunk_runner_evaluator(ChunkRunner *runner, const Recipe *recipe, Evaluator **out, char *message);

#endif
