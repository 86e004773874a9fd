/*
 * The controller of a run: which executor its tasks go to, and how many workers. Under `auto` a run begins in
 * place, and at each chunk's end the controller decides from what was measured so far where it goes on. What
 * it finds out is kept in the map's experience: the next run may begin with workers at once. Where the user
 * has set an executor the controller never changes it. On the connection's thread only.
 */
#ifndef PRICEMAP_CONTROLLER_H
#define PRICEMAP_CONTROLLER_H

#include "ext/run/map_experience.h"
#include "ext/run/task_sample.h"

typedef struct Controller {
    /* Whether the controller decides; false: the user has set an executor. */
    bool decides;
    /* Experience of the map, borrowed for the whole run. */
    MapExperience *experience;
    /* Number of workers that have a processor each; most workers for rows that wait, 0: as many. */
    int computing, most_waiting;
    /* Number of workers that may be used, and of those that are: as many as the reader of the rows keeps
     * busy. */
    int workers, workers_used;
    /* Whether functions of the map take the lock of their language's interpreter: threads gain nothing. */
    bool locked;
    /* Kinds that can be used, in the order of executor_kinds. */
    bool usable[EXECUTOR_KINDS];
    /* Nanoseconds that having workers of a kind at work costs now. */
    double start_ns[EXECUTOR_KINDS];
    /* Kind of the executor that tasks go to now. */
    const ExecutorKind *kind;
    /* Whether the rest of the run is done in place because there are no workers. */
    bool stays_in_place;
    /* Nanoseconds spent on evaluating in place so far, and those of the last unit there, without those in
     * which others had the processor. */
    double spent_ns, in_place_ns;
    /* Nanoseconds that all units seen so far take in place. */
    double seen_ns;
    /* Whether rows wait more than they compute; the number of tasks in a row in place that did, and of times
     * when rows waited in place and computed in workers, after which more such tasks are needed. */
    bool waits;
    int waiting_tasks, contradictions;

    /* Tasks to come whose figures do not count: their workers find nothing in any cache, or began them before
     * the number of workers changed. */
    int warmup_tasks;

    /* Nanoseconds that the host took to read a row for the last task, and that the reader of the map spent on
     * the rows of a unit; 0: not known. */
    double feed_ns, reader_ns;
    /* Times when the host began to read rows, and when rows were given to the reader, CLOCK_MONOTONIC; 0: not
     * measured. */
    int64_t feed_began_ns, given_ns;
    /* Units of the task whose rows were given to the reader. */
    double given_units;

    /* Reason of the last decision, in words, with the figures. */
    char reason[256];
} Controller;

/* The state in which a run under `auto` begins. */
typedef struct ControllerStart {
    MapExperience *experience;
    /* Executors of the connection in the order of executor_kinds, NULL where not yet made: those whose
     * workers run already cost less. */
    Executor *const *executors;
    /* Number of workers that may be used; for rows that wait, where the user gave no number, more: up to
     * `waiting_workers` (0: no more). */
    int workers, waiting_workers;
    SourceRest rest;
    /* Whether the map has functions in another language; and the nanoseconds that the last start of worker
     * processes which have them took, 0: there was none. */
    bool language;
    double language_start_ns;
} ControllerStart;

/* Begins a run whose executor the user has set. */
void controller_begin_requested(Controller *controller, const ExecutorKind *kind, int workers);

/* Begins a run for which there is one kind of executor, and why. */
void controller_begin_only(Controller *controller, const ExecutorKind *kind, int workers, const char *reason);

/* Begins a run under `auto`. Returns the kind of executor to begin with. */
const ExecutorKind *controller_begin(Controller *controller, const ControllerStart *start);

/* Has a task that takes `expected_ns` (0: not known) measured, as far as that costs little against it. */
void controller_measure(const Controller *controller, TaskOrder *order, double expected_ns);

/* Takes in a task that is done; `rest` is what is left of the source. Returns the kind to go on with. */
const ExecutorKind *controller_next(Controller *controller, const TaskSample *sample, const SourceRest *rest);

/* Takes in that workers of the kind could not be started, and why (NULL: out of memory). Returns the kind to
 * try instead; the serial executor can always be had. */
const ExecutorKind *controller_unavailable(Controller *controller, const ExecutorKind *kind,
                                           const char *message);

/* Takes in that no more than `workers` workers of the kind that tasks go to can be had, and why (NULL: out
 * of memory). Returns the kind to go on with. */
const ExecutorKind *controller_short_of(Controller *controller, int workers, const char *message);

/* Takes in that workers of a kind cannot prepare the map, which the host can, and their message. The
 * experience keeps it. Returns the kind to go on with. */
const ExecutorKind *controller_lacking(Controller *controller, const ExecutorKind *kind, const char *message);

/* Start and stop the clock on the host's reading of rows for a task. */
void controller_feed_begins(Controller *controller);
void controller_feed_ends(Controller *controller, uint32_t rows);

/* Start and stop the clock on the reader of the map: the time that it spends on the rows of a task, which got
 * through `units` units, before it wants more. */
void controller_reader_begins(Controller *controller, double units);
void controller_reader_ends(Controller *controller);

#endif
