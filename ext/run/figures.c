#include "ext/run/figures.h"

#include "ext/base/clock.h"

TaskSample figures_add(RunFigures *figures, RunLog *log, const Task *task, const ExecutorKind *ran_on)
{
    const TaskReport *report = &task->report;
    RunRecord *record = run_log_find(log, figures->number);
    if (record)
        run_log_task(log, record, report, task->machine, report->rows_in,
                     record->start_ns ? record->start_ns : figures->start_ns);
    figures->tasks++;
    figures->busy_ns += report->end_ns - report->start_ns;
    /* A row that failed was counted by its worker. */
    figures->rows_in += report->rows_in - (report->rc != SQLITE_OK && report->rows_in ? 1 : 0);
    figures->rows_out += report->rows_out;
    if (report->rows_in > figures->most_rows)
        figures->most_rows = report->rows_in;
    return task_sample(task, ran_on);
}

void figures_write(const RunFigures *figures, RunRecord *record)
{
    record->tasks += figures->tasks;
    record->rows_in += figures->rows_in;
    record->rows_out += figures->rows_out;
    record->wall_seconds += (double)(clock_ns() - figures->start_ns) / 1e9;
    record->busy_seconds += (double)figures->busy_ns / 1e9;
}
