#include "ext/run/map_run_internal.h"

#include "ext/base/clock.h"

bool map_run_has_rest(const Task *task)
{
    return task->report.rc == SQLITE_OK && task->report.next_row < task->order.end_row;
}

/* Units that the task's last turn got through. */
static double units_done(const Task *task)
{
    const TaskReport *report = &task->report;
    if (!is_range(task))
        return report->next_row - task->order.first_row;
    int64_t behind = map_run_has_rest(task) ? report->next_rowid : task->order.last_rowid;
    return (double)(behind - task->order.first_rowid) + (map_run_has_rest(task) ? 0 : 1);
}

void map_run_follow_controller(MapRun *run, const ExecutorKind *kind)
{
    while (kind != run->executor->kind) {
        char *message = NULL;
        if (map_run_use_executor(run, kind, &message) != SQLITE_OK)
            kind = auto_executor_unavailable(&run->control, kind, message);
        sqlite3_free(message);
    }
}

void map_run_account(MapRun *run, const RunTask *entry)
{
    const Task *task = entry->task;
    const TaskReport *report = &task->report;
    RunRecord *record = run_log_find(&run->state->log, run->number);
    /* Constants are no measure of what more rows will take. */
    double ns = (double)report->end_ns - (double)report->start_ns - (double)report->constants_ns;
    double units = units_done(task);
    if (record)
        run_log_task(&run->state->log, record, report, report->rows_in, run->start_ns);
    run->task_count++;
    run->busy_ns += report->end_ns - report->start_ns;
    run->rows_in += report->rows_in - (report->rc != SQLITE_OK && report->rows_in ? 1 : 0);
    run->rows_out += report->rows_out;
    if (report->rows_in > run->most_rows)
        run->most_rows = report->rows_in;
    if (is_range(task) && report->rows_in)
        run->rowids_per_row = units / report->rows_in < 1 ? 1 : units / report->rows_in;
    else if (is_range(task) && run->rowids_per_row < 1e15)
        run->rowids_per_row *= CHUNK_GROWTH;
    if (units > 0)
        run->unit_bytes = (double)report->output_bytes / units;
    if (units > 0 && ns > 0) {
        run->unit_ns = ns / units;
        if (is_range(task))
            run->experience->rowid_ns = run->unit_ns;
        else
            run->experience->row_ns = run->unit_ns;
    }
    if (!run->requested && report->rc == SQLITE_OK && is_range(task) == (run->source.snapshot != NULL))
        map_run_follow_controller(
            run,
            auto_executor_observe(&run->control, &(AutoSample){.ran_on = entry->executor->kind,
                                                               .units = units,
                                                               .ns = ns,
                                                               .feed_ns = run->feed_ns,
                                                               .reader_ns = run->reader_ns,
                                                               .left = (double)task_source_left(&run->source),
                                                               .fed = !is_range(task),
                                                               .more = !run->source.ended}));
}

void map_run_time_reader(MapRun *run)
{
    if (run->given_ns && run->given_units > 0)
        run->reader_ns = (double)(clock_ns() - run->given_ns) / run->given_units;
    run->given_ns = 0;
}

void map_run_give(MapRun *run, const Task *task)
{
    run->given_ns = !run->requested ? clock_ns() : 0;
    run->given_units = units_done(task);
}

double map_run_share_done(const MapRun *run)
{
    double left = (double)task_source_left(&run->source);
    double rows = (double)run->rows_in;
    if (run->source.snapshot) {
        int64_t least, greatest;
        snapshot_bounds(run->source.snapshot, &least, &greatest);
        double all = (double)greatest - (double)least + 1;
        return (all - left) / all;
    }
    return left > 0 ? rows / (rows + left) : -1;
}

/* feed, partition, or both; with the reason where a table was fed. */
static void write_access(const MapRun *run, RunRecord *record)
{
    if (run->partitioned)
        run_log_set(&record->access, run->source.range_feed ? "partition, then feed" : "partition");
    else
        run_log_set(&record->access, "feed");
    char reason[400];
    const char *why = !run->requested ? run->control.reason : "asked for";
    if (run->source.why_feed) {
        sqlite3_snprintf(sizeof reason, reason, "%s; fed: %s", why, run->source.why_feed);
        why = reason;
    }
    run_log_set(&record->reason, why);
}

void map_run_write_log(MapRun *run)
{
    RunRecord *record = run_log_find(&run->state->log, run->number);
    if (!record)
        return;
    /* A run that could not begin may have none. */
    if (run->executor)
        run_log_set(&record->executor, run->executor->kind->name);
    write_access(run, record);
    record->workers = runs_in_place(run) ? 1 : map_run_workers(run);
    record->chunk = run->chunk ? run->chunk : run->most_rows;
    record->tasks = run->task_count;
    record->rows_in = run->rows_in;
    record->rows_out = run->rows_out;
    record->retries = run->retries;
    record->wall_seconds = (double)(clock_ns() - run->start_ns) / 1e9;
    record->startup_seconds = (double)run->startup_ns / 1e9;
    record->busy_seconds = (double)run->busy_ns / 1e9;
}
