/*
 * The slots of a pool's workers: finding a free one, putting a task in, reading what the worker made of it. A
 * slot is in shared memory in part, and what a worker writes there may be anything. On the host's thread; no
 * function waits.
 */
#ifndef PRICEMAP_SLOTS_H
#define PRICEMAP_SLOTS_H

#include "ext/executors/processes/pool.h"

/* A free slot of the worker with least to do, among the first `worker_limit` ones (0: all); NULL: none. Costs
   the same in a pool of any size. */
PoolSlot *slots_find_free(const ProcessPool *pool, int worker_limit);

/* The number of slots that will get free without a task being done: their tasks were abandoned, or their
   workers are to be replaced (each counts for all its slots). */
int slots_free_soon(const ProcessPool *pool);

/* The next used slot after `previous` (NULL: the first one) in which the worker is done, but the task is not
 * marked as done yet; NULL: none. The slot may be freed before the next call. */
PoolSlot *slots_next_done(const ProcessPool *pool, const PoolSlot *previous);

/* As slots_next_done, among the slots of one worker. */
PoolSlot *slots_next_done_of(PoolWorker *worker, const PoolSlot *previous);

/* Takes note that the worker has finished the slot. */
void slots_note_finished(ProcessPool *pool, PoolSlot *slot);

/* Copies a task's recipe and input into a free slot and rings for the worker, which is to stop before
   `end_row`. The task keeps its own copies. SQLITE_OK; SQLITE_NOMEM or SQLITE_FULL: the slot is still free,
   and errno says why. */
int slots_queue(ProcessPool *pool, PoolSlot *slot, Task *task, uint32_t end_row);

/* State that the slot has now. */
SlotState slots_state(const PoolSlot *slot);

/* Row of the input that the worker was at last, as far as it wrote that down. */
uint32_t slots_current_row(const PoolSlot *slot);

/* The control of the slot's task, which its worker uses. */
TaskControl *slots_control(const PoolSlot *slot);

/* Takes a queued task out of its slot. True: the worker has not begun the task, and never will. */
bool slots_withdraw(PoolSlot *slot);

/* Marks the task of a slot as abandoned: the worker is to stop soon, and is killed unless it confirms within
   `milliseconds`. The slot stays used until then. */
void slots_abandon(ProcessPool *pool, PoolSlot *slot, int milliseconds);

/* Copies the report out of a slot that is SLOT_DONE, and makes it readable: a worker may write anything. */
void slots_read_report(const PoolSlot *slot, TaskReport *report);

/* Maps the output of a slot that is SLOT_DONE, valid until slots_free. SQLITE_OK; SQLITE_CORRUPT where the
   size is out of bounds; SQLITE_NOMEM or SQLITE_FULL, and errno says why. */
int slots_map_output(const ProcessPool *pool, PoolSlot *slot, const unsigned char **output, size_t *size);

/* Makes a slot free for the next task, and gives back what memory it has beyond CHANNEL_KEEP_BYTES. */
void slots_free(ProcessPool *pool, PoolSlot *slot);

#endif
