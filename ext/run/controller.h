/*
 * `auto` as a controller: a run begins in place, and this decides at chunk boundaries where it goes on, from
 * what was measured so far. What it finds out is kept for the next run of the map, which may begin with
 * workers at once.
 */
#ifndef PRICEMAP_CONTROLLER_H
#define PRICEMAP_CONTROLLER_H

#include "ext/executors/kinds.h"
#include "ext/run/map_experience.h"

typedef struct AutoExecutor {
    MapExperience *experience;
    int workers; /* that may be used */
    int wanted;  /* of them: as many as the reader of the rows keeps busy */
    bool usable[EXECUTOR_KINDS];
    double start_ns[EXECUTOR_KINDS]; /* what having such workers at work costs now */
    /* Kind to which tasks go now. */
    const ExecutorKind *kind;
    double spent_ns;    /* evaluated in place so far */
    double in_place_ns; /* per unit, in place */
    /* Since the last switch or window, of tasks that ran where tasks go now: */
    int tasks;
    double units, busy_ns, host_ns;
    int cold;         /* tasks to come that say nothing yet */
    int against;      /* windows in a row in which workers gained nothing */
    bool judged;      /* workers were tried and sent away: the rest is done in place */
    char reason[256]; /* why, in words, with the figures */
} AutoExecutor;

/* What a task tells. A unit is a row when fed, a rowid when partitioned. */
typedef struct AutoSample {
    const ExecutorKind *ran_on;
    double units, ns; /* that it got through, and the time that took */
    double feed_ns;   /* what the host needed to read a unit; 0 when it did not */
    double reader_ns; /* what the reader of the rows did with those of a unit; 0: not known */
    double left;      /* units that are known to be left; 0: not known */
    bool fed;
    bool more; /* there is more to come */
} AutoSample;

/*
 * Begins. `experience` must outlive it; `executors` are the connection's, NULL where not yet made: those that
 * run already cost less. `left` as in AutoSample. Returns the executor to begin with.
 */
const ExecutorKind *auto_executor_begin(AutoExecutor *control, MapExperience *experience,
                                        Executor *const *executors, int workers, bool fed, double left);

/* Takes in a task that is done. Returns the executor to go on with. */
const ExecutorKind *auto_executor_observe(AutoExecutor *control, const AutoSample *sample);

/* Tells that an executor could not be started, and why (may be NULL). Returns the one to try instead. */
const ExecutorKind *auto_executor_unavailable(AutoExecutor *control, const ExecutorKind *kind,
                                              const char *message);

/* Tells that workers of a kind cannot prepare the map, which the host can, and what they say. The experience
 * keeps it. Returns the executor to go on with. */
const ExecutorKind *auto_executor_lacking(AutoExecutor *control, const ExecutorKind *kind,
                                          const char *message);

#endif
