/*
 * Retry bookkeeping for tasks whose worker process died: which rows to try next, when to give up, the error
 * text. Used by the executor of processes, on the host's thread.
 */
#ifndef PRICEMAP_RETRIES_H
#define PRICEMAP_RETRIES_H

#include "ext/data/task.h"

typedef struct Retry {
    struct Retry *next;
    const Task *task;
    /* Row of the input that the worker was at when it died. */
    uint32_t row;
    /* Deaths since the last time that rows before `row` were done. */
    uint32_t deaths;
    /* Whether the last death was a kill for the task's timeout, and its status as from waitpid. */
    bool timed_out;
    int status;
} Retry;

/* The tasks of one executor that are tried again; NULL at first. Few, as few tasks are in flight. */
typedef Retry *Retries;

/* The entry of a task; NULL: its worker has not died. Borrowed until retries_forget. */
Retry *retries_find(Retries retries, const Task *task);

/* Notes that a worker died while it ran this task, at this row. NULL when out of memory. */
const Retry *retries_note_death(Retries *retries, const Task *task, uint32_t row, bool timed_out, int status);

/* Removes the entry of a task, if there is one. */
void retries_forget(Retries *retries, const Task *task);
void retries_clear(Retries *retries);

/* The row before which the next try of a task stops: first the rows before the one that the worker was at,
   then that row alone. Partial aggregates are not taken apart. */
uint32_t retries_end_of_try(Retries retries, const Task *task);

/* Whether a task has had all its tries, of which there are `retries` after the first one, and fails now. */
bool retry_is_used_up(const Retry *retry, const Task *task, uint32_t retries);

/* Writes the error's text: how the workers ended, how often, at which row. */
void retry_message(const Retry *retry, const Task *task, char *text, size_t size);

#endif
