/*
 * How many rows a LIMIT of the query around a map needs: a run makes tasks for no more of the source than is
 * expected to give them. A reader that takes all of them and comes back, because the host has dropped some,
 * gets twice as many.
 */
#ifndef PRICEMAP_ROW_GOAL_H
#define PRICEMAP_ROW_GOAL_H

#include "ext/run/task_list.h"
#include "ext/run/task_sample.h"

/* Zeros: all rows are needed. */
typedef struct RowGoal {
    /* Number of rows that are needed; 0: all. */
    int64_t wanted;
    /* Rows that were given so far, and units of the source that gave them. */
    double rows, units;
} RowGoal;

/* Takes in a turn of a task, which gave `rows`. */
void row_goal_learn(RowGoal *goal, const TaskSample *sample, uint32_t rows);

/* Notices that the reader wants another row. */
void row_goal_extend(RowGoal *goal);

/* Units that are still to be handed out, beside those of the tasks in the list, as far as is known; negative:
 * all. */
double row_goal_units(const RowGoal *goal, const TaskList *tasks);

#endif
