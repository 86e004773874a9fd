#include "ext/run/task_sample.h"

bool task_has_rest(const Task *task)
{
    return task->report.rc == SQLITE_OK && task->report.next_row < task->order.end_row;
}

double task_units(const Task *task)
{
    const TaskOrder *order = &task->order;
    return task_is_range(task) ? (double)(order->last_rowid - order->first_rowid) + 1
                               : order->end_row - order->first_row;
}

static double units_done(const Task *task)
{
    const TaskReport *report = &task->report;
    if (!task_is_range(task))
        return report->next_row - task->order.first_row;
    if (task_has_rest(task))
        return (double)(report->next_rowid - task->order.first_rowid);
    return (double)(task->order.last_rowid - task->order.first_rowid) + 1;
}

TaskSample task_sample(const Task *task, const ExecutorKind *ran_on)
{
    const TaskReport *report = &task->report;
    const double wall_ns = (double)report->end_ns - (double)report->start_ns;
    /* Constants are no measure of what more rows will take. */
    const double ns = wall_ns - (double)report->constants_ns;
    return (TaskSample){
        .ran_on = ran_on,
        .ranged = task_is_range(task),
        .failed = report->rc != SQLITE_OK,
        .units = units_done(task),
        .ns = ns,
        .processor_ns = wall_ns > 0 ? (double)report->processor_ns * ns / wall_ns : 0,
        .queued_ns = wall_ns > 0 ? (double)report->queued_ns * ns / wall_ns : 0,
        .blocked = report->blocked,
        .preempted = report->preempted,
        .rows = report->rows_in,
        .output_bytes = report->output_bytes,
    };
}
