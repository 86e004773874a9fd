/*
 * What is held against tasks whose worker processes died, and what follows from it: which rows a try is to
 * stop before, when there has been the last one, what the error says. Used by the process executor, on the
 * host's thread.
 */
#ifndef PRICEMAP_RETRIES_H
#define PRICEMAP_RETRIES_H

#include "ext/data/task.h"

typedef struct Suspect {
    struct Suspect *next;
    const Task *task;
    uint32_t row;    /* of the input: where the worker was */
    uint32_t deaths; /* since the rows before `row` that are done were done */
    bool timed_out;  /* of the last death */
    int status;      /* of the last death, as from waitpid */
} Suspect;

/* The tasks of one executor that something is held against; NULL at first. Few, as few are in flight. */
typedef Suspect *Suspects;

/* What is held against a task; NULL: nothing. Valid until it is acquitted. */
Suspect *suspects_find(Suspects suspects, const Task *task);

/* A worker died over this task, at this row. NULL when out of memory. */
const Suspect *suspects_blame(Suspects *suspects, const Task *task, uint32_t row, bool timed_out, int status);

/* Holds nothing against the task any more, if anything was. */
void suspects_acquit(Suspects *suspects, const Task *task);
void suspects_clear(Suspects *suspects);

/* The row before which a task is to stop this time: the rows before a suspected one first, then that one
 * alone. Partial aggregates are not taken apart. */
uint32_t suspects_end_of_try(Suspects suspects, const Task *task);

/* Whether the task has had all its tries, with so many `retries`, and is not to be given to a worker again.
 */
bool suspect_is_convicted(const Suspect *suspect, const Task *task, uint32_t retries);

/* The error's text: how the workers ended, how often, at which row. */
void suspect_message(const Suspect *suspect, const Task *task, char *text, size_t size);

#endif
