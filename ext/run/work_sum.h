/*
 * The work of several tasks, added up, and what follows from it: whether rows wait, and what they take on a
 * machine of their own.
 *
 * A thread that computes has a processor all the time, except while another thread is given it: a busy
 * machine makes its tasks longer by that, and counts as often. A thread that waits gives its processor up of
 * its own accord.
 */
#ifndef PRICEMAP_WORK_SUM_H
#define PRICEMAP_WORK_SUM_H

#include "ext/run/task_sample.h"

typedef struct WorkSum {
    int tasks;
    /* As in TaskSample. */
    double units, ns, processor_ns, queued_ns, blocked, preempted;
    /* Nanoseconds of the host for the same units: reading them and using their rows. */
    double host_ns;
} WorkSum;

/* Adds a sample, for each unit of which the host took `host_ns`. */
void work_sum_add(WorkSum *sum, const TaskSample *sample, double host_ns);

/* Whether rows wait: their processor time is well under the time that passed, and that is not because others
   had the processors. False where processor time was not measured. */
bool work_sum_waits(const WorkSum *sum);

/* Nanoseconds per unit, without those in which others had the processor. */
double work_sum_unit_ns(const WorkSum *sum);

#endif
