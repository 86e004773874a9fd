/*
 * The figures of one turn of a task, by which the next chunk is sized and the controller decides.
 *
 * Work is counted in units: rows where the host hands rows out, rowids where workers read ranges themselves.
 */
#ifndef PRICEMAP_TASK_SAMPLE_H
#define PRICEMAP_TASK_SAMPLE_H

#include "ext/data/task.h"
#include "ext/executors/kinds.h"

typedef struct TaskSample {
    /* Kind of the executor that ran the task. */
    const ExecutorKind *ran_on;
    /* Whether a unit is a rowid of a range. */
    bool ranged;
    /* Whether the task ended with an error. */
    bool failed;
    /* Units that the turn got through, and the nanoseconds that they took, the map's constants left out. */
    double units, ns;
    /* Part of these nanoseconds in which the worker had a processor, how often it waited for something, and
       how often another thread was given its processor; all 0: not measured. */
    double processor_ns;
    int blocked, preempted;
    /* Part of these nanoseconds in which the worker was ready to run and others had the processors; 0: not
       known. */
    double queued_ns;
    /* Rows that were evaluated, and bytes of the rows that they gave. */
    uint32_t rows;
    uint64_t output_bytes;
} TaskSample;

/* The part of the source that no task has yet, as far as it is known. */
typedef struct SourceRest {
    /* Whether its units are rowids of ranges. */
    bool ranged;
    /* Number of its units; 0: not known. */
    double units;
    /* Whether there is more of it. */
    bool more;
} SourceRest;

/* Whether a worker reads the task's rows itself: all rows of a range of rowids. */
static inline bool task_is_range(const Task *task)
{
    return task->recipe->scan != 0;
}

/* Whether a task that is done has rows left in its order: its output was full, or it ended early. */
bool task_has_rest(const Task *task);

/* The units that are left in a task's order. */
double task_units(const Task *task);

/* The sample of a done task's last turn. */
TaskSample task_sample(const Task *task, const ExecutorKind *ran_on);

#endif
