#include "ext/run/map_run.h"

#include <stdlib.h>

#include "ext/base/clock.h"
#include "ext/base/interrupt.h"
#include "ext/run/language_kind.h"
#include "ext/run/map_run_internal.h"
#include "ext/run/task_error.h"

/* ---- errors ---- */

/* Ends the run with an error, whose text is copied into *message and into the log. Returns `rc`. */
static int fail(MapRun *run, int rc, const char *text, char **message)
{
    RunRecord *record = run_log_find(&run->state->log, run->figures.number);
    run->failed = true;
    if (rc != SQLITE_NOMEM && text && *text) {
        *message = sqlite3_mprintf("%s", text);
        if (!*message)
            rc = SQLITE_NOMEM;
    }
    if (record)
        run_log_set(&record->error, rc != SQLITE_NOMEM && text && *text ? text : sqlite3_errstr(rc));
    return rc;
}

/* As fail, with a text of sqlite3_malloc, which is freed; NULL: there was no memory for it. */
static int fail_made(MapRun *run, int rc, char *text, char **message)
{
    rc = text ? fail(run, rc, text, message) : SQLITE_NOMEM;
    sqlite3_free(text);
    return rc;
}

/* As fail, with the text that *message has already, if any. */
static int fail_with(MapRun *run, int rc, char **message)
{
    char *text = *message;
    *message = NULL;
    rc = fail(run, rc, rc == SQLITE_INTERRUPT ? "interrupted" : text, message);
    sqlite3_free(text);
    return rc;
}

/* Ends the run with the error of the current task. A worker that reads a range does not know a row's position
   in the source; in source order the run does, because it has counted all rows before. */
static int fail_task(MapRun *run, char **message)
{
    const RunTask *entry = task_list_current(&run->tasks);
    const TaskReport *report = &entry->task->report;
    const TaskSource *source = &run->source;
    bool ranged = task_is_range(entry->task);
    if (report->refused)
        return fail_made(run, SQLITE_ERROR,
                         task_error_refused(report, source->snapshot ? "other databases, temporary tables or "
                                                                       "modules are there as well"
                                                                     : source->why_feed),
                         message);
    if (task_error_is_lacking(report, entry->executor->kind))
        return fail_made(run, SQLITE_ERROR, task_error_lacking(report), message);
    bool interrupted = run->interrupted && report->rc == SQLITE_INTERRUPT;
    int code = interrupted ? SQLITE_INTERRUPT : task_host_code(report->rc, ranged);
    if (!ranged || !report->rows_in)
        return fail(run, code, report->message, message);
    int64_t position = run->plan->arguments.ordered ? run->figures.rows_in + 1 : 0;
    return fail_made(run, code, task_error_in_range(entry->task, position), message);
}

/* ---- executors ---- */

/* Switches to the executor that the controller chose. If its workers cannot be started, has the controller
 * choose again: the serial executor can always be had. */
static void use_executor(MapRun *run, const ExecutorKind *kind)
{
    while (kind != run->executors.executor->kind) {
        char *message = NULL;
        int rc = executor_set_use(&run->executors, kind, run->controller.workers, &message);
        run->interrupted = run->interrupted || rc == SQLITE_INTERRUPT;
        if (rc != SQLITE_OK)
            kind = controller_unavailable(&run->controller, kind, message);
        sqlite3_free(message);
    }
}

/* Whether workers that `auto` chose cannot prepare the map for what they lack and the host has: a function of
   an extension that does not load in them, or that the host's program has registered for every connection. */
static bool is_lacking(const MapRun *run)
{
    const RunTask *entry = task_list_current(&run->tasks);
    const TaskReport *report = &entry->task->report;
    return !run->executors.requested && !entry->executor->kind->in_place && report->unprepared &&
           (report->rc & 0xff) == SQLITE_ERROR;
}

/* Goes on without such workers; the current task is handed out again. */
static void do_without(MapRun *run)
{
    RunTask *entry = task_list_current(&run->tasks);
    use_executor(run,
                 controller_lacking(&run->controller, entry->executor->kind, entry->task->report.message));
    executor_release(entry->executor, entry->task);
    entry->executor = NULL;
    run->tasks.current = -1;
}

/* ---- tasks out ---- */

static int task_limit(const MapRun *run)
{
    return executor_set_is_in_place(&run->executors) ? 1 : EXECUTOR_DEPTH * run->controller.workers_used;
}

static Task *new_task(MapRun *run)
{
    Task *task = task_list_take_spare(&run->tasks);
    if (!task)
        task = task_source_create_task(&run->source);
    if (task) {
        task->retries = 0;
        task->timeout = run->timeout;
        task->worker_limit = run->controller.workers_used;
    }
    return task;
}

/* The part of the source that no task has yet and that is needed, as far as is known. */
static SourceRest needed_rest(const MapRun *run)
{
    SourceRest rest = task_source_rest(&run->source);
    const double units = row_goal_units(&run->goal, &run->tasks);
    if (units < 0)
        return rest;
    rest.units = rest.units > 0 && rest.units < units ? rest.units : units;
    rest.more = rest.more && units > 0;
    return rest;
}

/* Whether there is something to make a task of, and room for a task. */
static bool wants_task(const MapRun *run)
{
    return !run->source.ended && run->tasks.count < task_limit(run) &&
           row_goal_units(&run->goal, &run->tasks) != 0;
}

/* Rows that a task over a range of so many units may give in one turn: no more than a LIMIT needs still, as
   the reader may not come back. */
static uint32_t most_rows(const MapRun *run, int64_t units)
{
    const RowGoal *goal = &run->goal;
    const uint32_t most = chunk_size_output_rows(&run->chunk_size, units);
    const double needed = (double)goal->wanted - goal->rows;
    if (!goal->wanted || run->plan->arguments.partial || needed >= most)
        return most;
    return needed > 1 ? (uint32_t)needed : 1;
}

/* Fills a task with a chunk of the source. False: nothing was left of it. */
static bool fill_task(MapRun *run, Task *task)
{
    ChunkSetting setting = {.rest = needed_rest(run),
                            .in_place = executor_set_is_in_place(&run->executors),
                            .remote = run->executors.executor->kind->remote,
                            .workers = run->controller.workers_used};
    int64_t units = chunk_size_next(&run->chunk_size, &setting);
    const double needed = row_goal_units(&run->goal, &run->tasks);
    if (needed >= 0 && (double)units > needed)
        units = (int64_t)needed + ((double)(int64_t)needed < needed);
    controller_feed_begins(&run->controller);
    if (!task_source_fill(&run->source, task, units, most_rows(run, units),
                          !run->chunk_size.rules.requested_rows))
        return false;
    TaskOrder *order = &task->order;
    if (!order->end_row)
        return true;
    controller_measure(&run->controller, order,
                       chunk_size_time(&run->chunk_size, setting.rest.ranged, task_units(task)));
    if (!setting.rest.ranged)
        controller_feed_ends(&run->controller, order->end_row);
    chunk_size_filled(&run->chunk_size, setting.rest.ranged ? order->last_rowid - order->first_rowid + 1
                                                            : (int64_t)order->end_row);
    return true;
}

/* Makes the next task, if the source has one. SQLITE_OK or SQLITE_NOMEM. */
static int make_task(MapRun *run)
{
    TaskList *tasks = &run->tasks;
    Task *task = new_task(run);
    if (!task)
        return SQLITE_NOMEM;
    if (fill_task(run, task))
        return task_list_insert(tasks, tasks->count, task);
    tasks->spare = task;
    return SQLITE_OK;
}

/* Has as many workers started as there are tasks for. SQLITE_OK, or an error with *message set; `auto` does
   with the workers that there are, or with others. */
static int have_workers(MapRun *run, char **message)
{
    ExecutorSet *executors = &run->executors;
    Controller *controller = &run->controller;
    const int workers = run->tasks.count;
    int rc = executor_set_need(
        executors, workers < controller->workers_used ? workers : controller->workers_used, message);
    if (rc == SQLITE_OK || executors->requested)
        return rc;
    run->interrupted = run->interrupted || rc == SQLITE_INTERRUPT;
    use_executor(run, controller_short_of(controller, executors->executor->workers, *message));
    sqlite3_free(*message);
    *message = NULL;
    return SQLITE_OK;
}

/*
 * Hands out tasks until the bound is reached or the source ends. SQLITE_OK; SQLITE_NOMEM or the executor's
 * error, for which *message may be set. While workers are still to be started, tasks are made and handed out
 * in growing batches: the first workers begin while others start, and none is started without a task.
 */
static int hand_out(MapRun *run, char **message)
{
    TaskList *tasks = &run->tasks;
    /* Tasks for which the executor had no room may find room now. */
    int rc = task_list_submit_waiting(tasks, run->executors.executor);
    while (rc == SQLITE_OK && !run->failed && wants_task(run)) {
        const int first = tasks->count;
        const int started = run->executors.started;
        int batch = started >= run->controller.workers_used ? 1 : first > started ? first : started;
        while (rc == SQLITE_OK && batch-- > 0 && wants_task(run))
            rc = make_task(run);
        if (rc == SQLITE_OK)
            rc = have_workers(run, message);
        for (int i = first; rc == SQLITE_OK && i < tasks->count; i++)
            rc = run_task_submit(&tasks->tasks[i], run->executors.executor);
    }
    return rc;
}

/* Ends the current task, whose rows the reader has had, or hands out its rest. Returns as hand_out. */
static int finish_current(MapRun *run)
{
    const RunTask *entry = task_list_current(&run->tasks);
    if (!entry)
        return SQLITE_OK;
    executor_release(entry->executor, entry->task);
    if (task_has_rest(entry->task)) {
        TaskOrder *order = &entry->task->order;
        if (run->goal.wanted && task_is_range(entry->task) && !run->plan->arguments.partial)
            order->row_limit = most_rows(run, order->last_rowid - entry->task->report.next_rowid + 1);
        return task_list_submit_rest(&run->tasks, run->executors.executor);
    }
    task_list_retire_current(&run->tasks, task_is_range(entry->task) == (run->source.snapshot != NULL));
    return SQLITE_OK;
}

/* ---- rows back ---- */

/* The reason for which the current task's result is to be thrown away, a constant: it was read from a file
   that has changed, or could not be read from it at all. NULL: it is not. */
static const char *doubt(MapRun *run)
{
    const Task *task = task_list_current(&run->tasks)->task;
    if (!task_is_range(task) || !run->source.snapshot)
        return NULL;
    const TaskReport *report = &task->report;
    /* The rows of a damaged file's ranges do not fit together, and would not if the host read the ranges. */
    if (report->rc != SQLITE_OK && !report->refused && report->rc != SQLITE_INTERRUPT &&
        report->rc != SQLITE_NOMEM && (report->rc & 0xff) != SQLITE_CORRUPT && !report->rows_in)
        return task_source_failure(&run->source, task);
    return task_source_confirm(&run->source, report) ? NULL : task_source_changed;
}

/* Has the host read from now on: every task whose rows were not given out is made anew. */
static int fall_back(MapRun *run, const char *why)
{
    const TaskList *tasks = &run->tasks;
    RowidRange *ranges = malloc((size_t)(tasks->count + 1) * sizeof *ranges);
    int count = tasks->count;
    if (!ranges)
        return SQLITE_NOMEM;
    for (int i = 0; i < count; i++) {
        const TaskOrder *order = &tasks->tasks[i].task->order;
        ranges[i] = (RowidRange){order->begins_table ? INT64_MIN : order->first_rowid, order->last_rowid};
    }
    task_list_clear(&run->tasks);
    executor_set_end_scan(&run->executors, run->source.recipe->scan);
    chunk_size_forget(&run->chunk_size);
    run->source.units = run->figures.rows_in;
    return task_source_fall_back(&run->source, ranges, count, why);
}

/*
 * Begins the run anew with workers that read the source themselves, where a function of the map was refused
 * reading tables: workers that are handed rows have none. That is possible as long as no row was given out.
 * *begun: it did. SQLITE_OK, or an error with *message set.
 */
static int begin_with_tables(MapRun *run, bool *begun, char **message)
{
    Plan *plan = run->plan;
    const TaskReport *report = &task_list_current(&run->tasks)->task->report;
    *begun = false;
    if (report->refused != TASK_REFUSED_TABLES || run->source.snapshot || run->source.range_feed ||
        plan->reads_tables)
        return SQLITE_OK;
    /* For the next run in any case. */
    plan->reads_tables = true;
    if (run->figures.rows_out)
        return SQLITE_OK;
    task_list_clear(&run->tasks);
    chunk_size_forget(&run->chunk_size);
    run->figures.rows_in = 0;
    task_source_close(&run->source);
    const bool remote = run->executors.executor->kind->remote;
    int rc = task_source_open(&run->source, run->state, plan, run->values, run->experience, remote, message);
    run->began_with_ranges = run->source.snapshot != NULL;
    *begun = rc == SQLITE_OK;
    return rc;
}

/* Makes the next done task the current one. SQLITE_ROW: there is one; SQLITE_DONE: the run is over; else an
   error with *message set. */
static int next_task(MapRun *run, char **message)
{
    const TaskSource *source = &run->source;
    row_goal_extend(&run->goal);
    int rc = finish_current(run);
    if (rc == SQLITE_OK)
        rc = hand_out(run, message);
    if (rc == SQLITE_OK && !run->tasks.count)
        return source->rc == SQLITE_OK ? SQLITE_DONE : fail(run, source->rc, source->message, message);
    int index;
    if (rc == SQLITE_OK)
        rc = map_run_wait_done(run, &index, message);
    if (rc != SQLITE_OK)
        return fail_with(run, rc, message);
    run->tasks.current = index;
    return SQLITE_ROW;
}

/* Sees whether the current task's result can be used; where not, it has been dropped and the run goes on
   another way. SQLITE_OK, or an error with *message set. */
static int check_current(MapRun *run, bool *usable, char **message)
{
    *usable = false;
    if (is_lacking(run)) {
        do_without(run);
        return SQLITE_OK;
    }
    const char *why = doubt(run);
    if (why) {
        int rc = fall_back(run, why);
        return rc == SQLITE_OK ? rc : fail(run, rc, run->source.message, message);
    }
    bool begun = false;
    int rc = SQLITE_OK;
    if (task_list_current(&run->tasks)->task->report.refused)
        rc = begin_with_tables(run, &begun, message);
    *usable = !begun;
    return rc == SQLITE_OK ? rc : fail_with(run, rc, message);
}

/* Whether the host was interrupted, checked from time to time because tasks may give no rows for long. A
 * progress handler may say so only once, while workers start or a task ends by itself: that is kept. */
static bool is_interrupted_between_tasks(MapRun *run)
{
    if (run->interrupted)
        return true;
    if (clock_ns() - run->checked_ns <= WAIT_MS * 1000000L)
        return false;
    if (host_interrupted_or_handled(run->interrupt_probe))
        return true;
    run->checked_ns = clock_ns();
    return false;
}

int map_run_next(MapRun *run, RowsetView *rows, char **message)
{
    controller_reader_ends(&run->controller);
    for (;;) {
        const RunTask *entry = task_list_current(&run->tasks);
        /* The rows before a failed row have all been given to the reader; now comes the error. */
        if (entry && entry->task->report.rc != SQLITE_OK)
            return fail_task(run, message);
        bool usable = false;
        int rc = next_task(run, message);
        if (rc == SQLITE_ROW)
            rc = check_current(run, &usable, message);
        if (rc != SQLITE_OK)
            return rc;
        if (!usable)
            continue;
        entry = task_list_current(&run->tasks);
        const Task *task = entry->task;
        /* A task without rows says whether constants fail, and nothing else. */
        if (!task->order.end_row)
            continue;
        TaskSample sample = figures_add(&run->figures, &run->state->log, task, entry->executor->kind);
        row_goal_learn(&run->goal, &sample, task->report.rows_out);
        const SourceRest rest = needed_rest(run);
        chunk_size_learn(&run->chunk_size, &sample);
        use_executor(run, controller_next(&run->controller, &sample, &rest));
        if (is_interrupted_between_tasks(run))
            return fail(run, SQLITE_INTERRUPT, "interrupted", message);
        progress_line_draw(&run->progress, run->figures.rows_in,
                           task_source_share_done(&run->source, run->figures.rows_in));
        if (!task->report.rows_out)
            continue;
        if (!rowset_open(rows, task->output, task->output_size) || rows->rows != task->report.rows_out)
            return fail(run, SQLITE_ERROR, "parallel_map: a worker's result is damaged", message);
        controller_reader_begins(&run->controller, sample.units);
        return SQLITE_ROW;
    }
}

/* ---- begin and end ---- */

/* Whether the feed of a plan that is not new fails before its first row: then the plan may be what is wrong.
 */
static bool begins_with_an_error(const MapRun *run)
{
    const TaskSource *source = &run->source;
    return run->plan->tried && !source->units && source->rc != SQLITE_OK && source->rc != SQLITE_NOMEM &&
           source->rc != SQLITE_INTERRUPT;
}

static const ExecutorKind *requested_kind(const MapRun *run)
{
    const MapArguments *arguments = &run->plan->arguments;
    return arguments->has_executor ? arguments->executor : run->state->settings.executor;
}

static int start(MapRun *run, char **message)
{
    const MapArguments *arguments = &run->plan->arguments;
    const Settings *settings = &run->state->settings;
    const ExecutorKind *requested = requested_kind(run);
    const bool language = plan_has_language(run->plan);
    int workers = arguments->has_workers ? arguments->workers : settings->workers;
    const int waiting_workers = workers ? 0 : settings->waiting_workers;
    const bool remote = requested && requested->remote;
    if (!workers && !remote)
        workers = requested && requested->in_place ? 1 : connection_state_processors(run->state);
    ChunkRules rules = {.requested_rows = arguments->has_chunk ? arguments->chunk : settings->chunk,
                        .columns = run->plan->map_columns,
                        .partial = arguments->partial,
                        .one_row = arguments->partial && !arguments->group_by};
    chunk_size_begin(&run->chunk_size, &rules, run->experience);
    run->timeout = settings->timeout_seconds;
    progress_line_begin(&run->progress, settings->progress, run->figures.start_ns);
    if (requested)
        controller_begin_requested(&run->controller, requested, workers);
    int rc = language
                 ? language_kind_choose(run->state, run->plan, &requested, workers, &run->controller, message)
                 : SQLITE_OK;
    if (rc != SQLITE_OK)
        return rc;
    rc = executor_set_begin(
        &run->executors,
        &(ExecutorSetStart){
            .state = run->state, .requested = requested, .language = language, .probe = run->interrupt_probe},
        workers, message);
    if (rc == SQLITE_OK && remote && !workers)
        controller_begin_requested(&run->controller, requested, run->executors.started);
    if (rc == SQLITE_OK)
        rc = task_source_open(&run->source, run->state, run->plan, run->values, run->experience, remote,
                              message);
    if (rc != SQLITE_OK)
        return rc;
    run->began_with_ranges = run->source.snapshot != NULL;
    if (!requested)
        use_executor(
            run, controller_begin(&run->controller,
                                  &(ControllerStart){.experience = run->experience,
                                                     .executors = run->state->executors[language],
                                                     .workers = workers,
                                                     .waiting_workers = waiting_workers,
                                                     .rest = needed_rest(run),
                                                     .language = language,
                                                     .language_start_ns = run->state->language.start_ns}));
    /* The first task is made now, so that a stale plan shows before anything was given out. */
    rc = hand_out(run, message);
    if (rc == SQLITE_OK && (feed_schema_changed(&run->plan->feed) || begins_with_an_error(run)))
        rc = SQLITE_SCHEMA;
    run->plan->tried = true;
    return rc;
}

/* Enters the run into the log, or into the record of the statement's runs before. */
static void enter_log(MapRun *run, const MapRunParts *parts, int rc, const char *message)
{
    RunLog *log = &run->state->log;
    RunRecord *record = *parts->record ? run_log_find(log, *parts->record) : NULL;
    if (!record)
        record = run_log_add(log, run->plan->arguments.source, run->plan->arguments.map,
                             executor_kind_name(requested_kind(run)));
    if (!record)
        return;
    if (!record->start_ns)
        record->start_ns = run->figures.start_ns;
    *parts->record = run->figures.number = record->run;
    if (rc != SQLITE_OK)
        run_log_set(&record->error, message ? message : sqlite3_errstr(rc));
}

int map_run_open(ConnectionState *state, const MapRunParts *parts, MapRun **out, char **message)
{
    *out = NULL;
    MapRun *run = calloc(1, sizeof *run);
    if (!run)
        return SQLITE_NOMEM;
    run->state = state;
    run->plan = parts->plan;
    run->experience = parts->experience;
    run->values = parts->values;
    run->goal.wanted = parts->values->wanted_rows;
    run->interrupt_probe = parts->interrupt_probe;
    run->figures.start_ns = run->checked_ns = clock_ns();
    task_list_begin(&run->tasks);
    int rc = start(run, message);
    if (rc != SQLITE_SCHEMA)
        enter_log(run, parts, rc, *message);
    if (rc == SQLITE_OK)
        *out = run;
    else
        map_run_close(run);
    return rc;
}

/* Writes the run's access, feed, partition or both, and its reason, with the one for which a table was fed
 * and the conditions of the query around the map. */
static void write_access(const MapRun *run, RunRecord *record)
{
    if (run->began_with_ranges)
        run_log_set(&record->access, run->source.range_feed ? "partition, then feed" : "partition");
    else
        run_log_set(&record->access, "feed");
    const Plan *plan = run->plan;
    sqlite3_str *reason = sqlite3_str_new(NULL);
    sqlite3_str_appendall(reason, run->controller.reason);
    if (run->source.why_feed)
        sqlite3_str_appendf(reason, "; fed: %s", run->source.why_feed);
    if (plan->source_words)
        sqlite3_str_appendf(reason, "; condition on the source: %s", plan->source_words);
    if (plan->map_words)
        sqlite3_str_appendf(reason, "; condition on the map: %s", plan->map_words);
    char *why = sqlite3_str_finish(reason);
    run_log_set(&record->reason, why);
    sqlite3_free(why);
}

/* Writes what became of the run into its record in the log, if that is still there. */
static void write_log(const MapRun *run)
{
    const ExecutorSet *executors = &run->executors;
    int64_t requested_rows = run->chunk_size.rules.requested_rows;
    RunRecord *record = run_log_find(&run->state->log, run->figures.number);
    if (!record)
        return;
    /* A requested executor is the run's, though its workers could not be started. A run that could not begin
       may have none. */
    if (executors->requested)
        run_log_set(&record->executor, executors->requested->name);
    else if (executors->executor)
        run_log_set(&record->executor, executors->executor->kind->name);
    write_access(run, record);
    figures_write(&run->figures, record);
    record->workers = executor_set_is_in_place(executors) ? 1 : run->controller.workers_used;
    int64_t most_rows = run->figures.most_rows > record->chunk ? run->figures.most_rows : record->chunk;
    record->chunk = requested_rows ? requested_rows : most_rows;
    record->retries += run->tasks.retries;
    record->startup_seconds += (double)executors->startup_ns / 1e9;
}

void map_run_close(MapRun *run)
{
    if (!run)
        return;
    if (run->source.ended && !run->failed && !run->tasks.count && run->source.rc == SQLITE_OK &&
        !run->began_with_ranges)
        run->experience->rows = run->source.units;
    task_list_clear(&run->tasks);
    progress_line_end(&run->progress);
    write_log(run);
    if (run->began_with_ranges)
        executor_set_end_scan(&run->executors, run->source.recipe->scan);
    task_list_end(&run->tasks);
    task_source_close(&run->source);
    if (run->began_with_ranges)
        executor_set_await_end(&run->executors, run->interrupt_probe);
    executor_set_let_go(&run->executors);
    free(run);
}
