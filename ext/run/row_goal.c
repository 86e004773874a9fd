#include "ext/run/row_goal.h"

void row_goal_learn(RowGoal *goal, const TaskSample *sample, uint32_t rows)
{
    goal->rows += rows;
    goal->units += sample->units;
}

void row_goal_extend(RowGoal *goal)
{
    if (goal->wanted && goal->rows >= (double)goal->wanted)
        goal->wanted *= 2;
}

/* Units of the tasks that have not given their rows yet. */
static double units_ahead(const TaskList *tasks)
{
    double units = 0;
    for (int i = 0; i < tasks->count; i++) {
        const Task *task = tasks->tasks[i].task;
        const TaskOrder *order = &task->order;
        if (i == tasks->current)
            continue;
        units += task_is_range(task) ? (double)order->last_rowid - (double)order->first_rowid + 1
                                     : order->end_row - order->first_row;
    }
    return units;
}

double row_goal_units(const RowGoal *goal, const TaskList *tasks)
{
    if (!goal->wanted)
        return -1;
    /* As long as nothing is known each unit is taken to give a row. */
    double rows_per_unit = !goal->units ? 1 : goal->rows > 0 ? goal->rows / goal->units : 0.5 / goal->units;
    double needed = ((double)goal->wanted - goal->rows) / rows_per_unit - units_ahead(tasks);
    return needed > 0 ? needed : 0;
}
