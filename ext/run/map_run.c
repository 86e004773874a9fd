#include "ext/run/map_run_internal.h"

#include <stdlib.h>
#include <string.h>

#include "ext/evaluate/interrupter.h"
#include "ext/base/clock.h"

enum {
    WAIT_MS = 10, /* between two looks for an interrupt */
    PULSES = 64,  /* steps of `pulse` per look: a progress handler counts steps */
};

/* How long the end of a run waits for its workers to let go of the file: for those that only have to wake;
   for those that are still in a function of the map, which threads cannot be taken out of; and where the host
   was interrupted, whatever they do. Only a worker that hangs comes near the first two. */
static const int64_t leave_ns = 10000000000, busy_ns = 1000000000, interrupted_ns = 50000000;

static bool look_for_interrupt(MapRun *run)
{
    for (int i = 0; i < PULSES; i++)
        if (host_interrupted(run->pulse))
            return true;
    return false;
}

int map_run_use_executor(MapRun *run, const ExecutorKind *kind, char **message)
{
    Executor *executor;
    int rc = connection_state_executor(run->state, kind, run->workers, &executor, message);
    if (rc != SQLITE_OK)
        return rc;
    Executor **held = &run->held[executor_kind_index(kind)];
    if (*held)
        executor_let_go(executor);
    *held = executor;
    run->startup_ns += executor->startup_ns;
    run->executor = executor;
    return SQLITE_OK;
}

/* A task that is needed next, and that no worker has begun, need not wait for one to wake. Where there is a
   time limit a worker does it: the host goes on looking at the clock; so it does where an interrupt would not
   end a row in the host. */
static bool may_help(const MapRun *run)
{
    return run->plan->arguments.ordered && run->timeout <= 0 && interrupter_reaches_host();
}

/* Has the host itself run a task that the serial executor has, until the host is interrupted or the task has
   had its time. */
static void run_in_place(MapRun *run, Task *task)
{
    HostWatch watch;
    host_watch_begin(&watch, run->pulse, task->timeout);
    chunk_runner_watch(run->state->runner, run->state->db, host_watch_stop, &watch);
    executor_wait(run->serial, task, WAIT_MS);
    chunk_runner_watch(run->state->runner, NULL, NULL, NULL);
    run->interrupted = run->interrupted || watch.interrupted;
    if (watch.timed_out && task->report.rc == SQLITE_INTERRUPT)
        task_report_timeout(task);
}

/* Waits until a task is ready; SQLITE_INTERRUPT when the host was interrupted meanwhile. */
static int wait_ready(MapRun *run, int *place, char **message)
{
    for (;;) {
        *place = map_run_ready_place(run);
        if (*place >= 0)
            return SQLITE_OK;
        RunTask *head = &run->tasks[0];
        int rc = SQLITE_OK;
        if (!executor_is_ours(head->executor ? head->executor : run->executor)) {
            *message = sqlite3_mprintf(
                "parallel_map: this process was forked while the map ran; only the original goes on");
            return SQLITE_MISUSE;
        }
        if (!head->executor)
            rc = map_run_place_head(run, message);
        else if (may_help(run) && executor_withdraw(head->executor, head->task))
            rc = map_run_do_in_place(run);
        if (rc != SQLITE_OK)
            return rc;
        if (head->executor == run->serial)
            run_in_place(run, head->task);
        else
            executor_wait(head->executor ? head->executor : run->executor,
                          head->executor && run->plan->arguments.ordered ? head->task : NULL, WAIT_MS);
        if (map_run_ready_place(run) < 0 && look_for_interrupt(run))
            return SQLITE_INTERRUPT;
    }
}

static int fail(MapRun *run, int rc, const char *text, char **message)
{
    RunRecord *record = run_log_find(&run->state->log, run->number);
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

/* An error that may have its text already. */
static int fail_with(MapRun *run, int rc, char **message)
{
    char *text = *message;
    *message = NULL;
    rc = fail(run, rc, rc == SQLITE_INTERRUPT ? "interrupted" : text, message);
    sqlite3_free(text);
    return rc;
}

/* The error of a task in which a function was refused a statement of its own. */
static int fail_asked(MapRun *run, const TaskReport *report, char **message)
{
    const char *why =
        run->source.snapshot ? "other databases or temporary tables are there as well" : run->source.why_feed;
    char *text =
        report->asked == TASK_ASKED_FOR_TABLES
            ? sqlite3_mprintf(
                  "parallel_map: map: a function in it (%s) reads tables on its connection, and workers have "
                  "none but those of a file that they read themselves (here: %s): give a table of the "
                  "main database as the source, without changes pending, or call the function in the "
                  "query around the map",
                  report->message, why ? why : "the rows were handed out")
            : sqlite3_mprintf(
                  "parallel_map: map: a function in it (%s) would change something on its connection, "
                  "and a map only computes: call the function in the query around the map",
                  report->message);
    int rc = text ? fail(run, SQLITE_ERROR, text, message) : SQLITE_NOMEM;
    sqlite3_free(text);
    return rc;
}

/* Workers that cannot prepare a map which the host has prepared lack something: what that is, and what to do.
 */
static int fail_unprepared(MapRun *run, char **message)
{
    const RunTask *entry = &run->tasks[run->current];
    const TaskReport *report = &entry->task->report;
    char *text = sqlite3_mprintf("parallel_map: worker processes: %s: they have SQLite's own functions and "
                                 "collations, pricemap's, and those of "
                                 "extensions named by parallel_map_load(path); what this program registers "
                                 "itself (sqlite3_auto_extension) it "
                                 "alone has: use executor threads",
                                 report->message);
    int rc = text ? fail(run, SQLITE_ERROR, text, message) : SQLITE_NOMEM;
    sqlite3_free(text);
    return rc;
}

/* The error of the current task. A worker that reads the table itself does not know the row's position; the
   rows before it were all counted, so in source order the run does. */
static int fail_task(MapRun *run, char **message)
{
    const Task *task = run->tasks[run->current].task;
    const TaskReport *report = &task->report;
    if (report->asked)
        return fail_asked(run, report, message);
    bool interrupted = run->interrupted && report->rc == SQLITE_INTERRUPT;
    int code = interrupted ? SQLITE_INTERRUPT : task_host_code(report->rc, is_range(task));
    if (report->unprepared && run->tasks[run->current].executor->kind->isolates &&
        !strncmp(report->message, "no such ", 8))
        return fail_unprepared(run, message);
    if (!is_range(task) || !report->rows_in)
        return fail(run, code, report->message, message);
    char *text = run->plan->arguments.ordered
                     ? sqlite3_mprintf("%s (row %lld)", report->message, (long long)run->rows_in + 1)
                     : sqlite3_mprintf("%s (rowid %lld)", report->message, (long long)report->next_rowid);
    int rc = text ? fail(run, code, text, message) : SQLITE_NOMEM;
    sqlite3_free(text);
    return rc;
}

static void end_scan(MapRun *run, uint64_t scan)
{
    for (int kind = 0; kind < EXECUTOR_KINDS; kind++)
        if (run->held[kind])
            executor_end_scan(run->held[kind], scan);
}

/* Waits until no worker has the file open or locked: after the host's statement nothing of the map is in the
   way of whatever the host, or another connection, does with it. */
static void await_end_of_scan(MapRun *run)
{
    const int64_t start_ns = clock_ns();
    bool interrupted = false;
    for (int kind = 0; kind < EXECUTOR_KINDS; kind++) {
        ScanEnd end = SCAN_LEFT;
        int64_t limit_ns = leave_ns;
        while (run->held[kind] && clock_ns() - start_ns < limit_ns) {
            end = executor_await_end(run->held[kind], WAIT_MS);
            if (end == SCAN_LEFT)
                break;
            interrupted = interrupted || look_for_interrupt(run);
            limit_ns = interrupted ? interrupted_ns : end == SCAN_BUSY ? busy_ns : leave_ns;
        }
    }
}

/* The host reads from now on: every task whose rows were not given out is made anew. */
static int fall_back(MapRun *run)
{
    RowidRange *ranges = malloc((size_t)(run->count + 1) * sizeof *ranges);
    if (!ranges)
        return SQLITE_NOMEM;
    int count = 0;
    for (int i = 0; i < run->count; i++)
        ranges[count++] =
            (RowidRange){run->tasks[i].task->order.first_rowid, run->tasks[i].task->order.last_rowid};
    uint64_t scan = run->source.recipe->scan;
    for (int i = 0; i < run->count; i++)
        map_run_give_up_task(run, &run->tasks[i]);
    run->count = 0;
    run->current = -1;
    task_free(run->spare);
    run->spare = NULL;
    end_scan(run, scan);
    run->unit_ns = run->unit_bytes = 0;
    run->source.units = run->rows_in;
    return task_source_fall_back(&run->source, ranges, count);
}

/*
 * A function of the map asked for tables, which a worker that is handed rows has not. Where the workers could
 * read the source themselves they would have them: the run begins anew so, as long as nothing of it was given
 * out. *begun: it did. SQLITE_OK, or an error with *message set.
 */
static int begin_with_tables(MapRun *run, bool *begun, char **message)
{
    Plan *plan = run->plan;
    const TaskReport *report = &run->tasks[run->current].task->report;
    *begun = false;
    if (report->asked != TASK_ASKED_FOR_TABLES || run->source.snapshot || run->source.range_feed ||
        plan->asks)
        return SQLITE_OK;
    /* For the next run in any case. */
    plan->asks = true;
    if (run->rows_out)
        return SQLITE_OK;
    for (int i = 0; i < run->count; i++)
        map_run_give_up_task(run, &run->tasks[i]);
    run->count = 0;
    run->current = -1;
    task_free(run->spare);
    run->spare = NULL;
    run->unit_ns = run->unit_bytes = 0;
    run->rows_in = 0;
    task_source_close(&run->source);
    int rc = task_source_open(&run->source, run->state, plan, run->experience, message);
    run->partitioned = run->source.snapshot != NULL;
    *begun = rc == SQLITE_OK;
    return rc;
}

/* Whether the current task's result is to be thrown away: it was read from a file that has changed, or could
   not be read from it at all. */
static bool is_doubtful(MapRun *run)
{
    const Task *task = run->tasks[run->current].task;
    if (!is_range(task) || !run->source.snapshot)
        return false;
    const TaskReport *report = &task->report;
    if (report->rc != SQLITE_OK && !report->asked && report->rc != SQLITE_INTERRUPT &&
        report->rc != SQLITE_NOMEM && !report->rows_in)
        return true;
    return !task_source_confirm(&run->source, report);
}

/* Whether workers that `auto` chose cannot prepare the map for what they lack and the host has: a function of
   an extension that does not load in them, or that the host's program has registered for every connection. */
static bool is_lacking(const MapRun *run)
{
    const RunTask *entry = &run->tasks[run->current];
    const TaskReport *report = &entry->task->report;
    return !run->requested && !entry->executor->kind->in_place && report->unprepared &&
           (report->rc & 0xff) == SQLITE_ERROR;
}

/* Goes on without such workers; the current task is handed out again. */
static void do_without(MapRun *run)
{
    RunTask *entry = &run->tasks[run->current];
    map_run_follow_controller(
        run, auto_executor_lacking(&run->control, entry->executor->kind, entry->task->report.message));
    executor_release(entry->executor, entry->task);
    entry->executor = NULL;
    run->current = -1;
}

int map_run_next(MapRun *run, RowsetView *rows, char **message)
{
    map_run_time_reader(run);
    for (;;) {
        /* A failed task is only left behind when its rows have been read: now comes its error. */
        if (run->current >= 0 && run->tasks[run->current].task->report.rc != SQLITE_OK)
            return fail_task(run, message);
        int rc = map_run_finish_current(run);
        if (rc == SQLITE_OK)
            rc = map_run_top_up(run);
        if (rc == SQLITE_OK && !run->count) {
            const TaskSource *source = &run->source;
            return source->rc == SQLITE_OK ? SQLITE_DONE : fail(run, source->rc, source->message, message);
        }
        int place = -1;
        if (rc == SQLITE_OK)
            rc = wait_ready(run, &place, message);
        if (rc != SQLITE_OK)
            return fail_with(run, rc, message);
        run->current = place;
        if (is_lacking(run)) {
            do_without(run);
            continue;
        }
        if (is_doubtful(run)) {
            rc = fall_back(run);
            if (rc != SQLITE_OK)
                return fail(run, rc, run->source.message, message);
            continue;
        }
        if (run->tasks[place].task->report.asked) {
            bool begun;
            rc = begin_with_tables(run, &begun, message);
            if (rc != SQLITE_OK)
                return fail_with(run, rc, message);
            if (begun)
                continue;
        }
        map_run_account(run, &run->tasks[place]);
        /* Tasks may give no rows for long; the host should not wait for them unheard. */
        if (clock_ns() - run->looked_ns > WAIT_MS * 1000000L) {
            if (look_for_interrupt(run))
                return fail(run, SQLITE_INTERRUPT, "interrupted", message);
            run->looked_ns = clock_ns();
        }
        progress_line_draw(&run->progress, run->rows_in, map_run_share_done(run));
        const Task *task = run->tasks[place].task;
        if (!task->report.rows_out)
            continue;
        if (rowset_open(rows, task->output, task->output_size) && rows->rows == task->report.rows_out) {
            map_run_give(run, task);
            return SQLITE_ROW;
        }
        return fail(run, SQLITE_ERROR, "parallel_map: a worker's result is damaged", message);
    }
}

/* Whether the feed of a plan that is not new fails before its first row: then the plan may be what is wrong.
 */
static bool begins_with_an_error(const MapRun *run)
{
    const TaskSource *source = &run->source;
    return run->plan->tried && !source->units && source->rc != SQLITE_OK && source->rc != SQLITE_NOMEM &&
           source->rc != SQLITE_INTERRUPT;
}

static int start(MapRun *run, char **message)
{
    ConnectionState *state = run->state;
    const MapArguments *arguments = &run->plan->arguments;
    const Settings *settings = &state->settings;
    run->requested = arguments->has_executor ? arguments->executor : settings->executor;
    run->chunk = arguments->has_chunk ? arguments->chunk : settings->chunk;
    run->workers = arguments->has_workers ? arguments->workers : settings->workers;
    if (!run->workers)
        run->workers = run->requested && run->requested->in_place ? 1 : connection_state_processors(state);
    run->timeout = settings->timeout_seconds;
    progress_line_begin(&run->progress, settings->progress, run->start_ns);
    int rc = map_run_use_executor(run, &executor_serial, message);
    run->serial = run->executor;
    if (rc == SQLITE_OK && run->requested && run->requested != &executor_serial)
        rc = map_run_use_executor(run, run->requested, message);
    if (rc == SQLITE_OK)
        rc = task_source_open(&run->source, state, run->plan, run->experience, message);
    if (rc != SQLITE_OK)
        return rc;
    run->partitioned = run->source.snapshot != NULL;
    if (!run->requested)
        map_run_follow_controller(run, auto_executor_begin(&run->control, run->experience, state->executors,
                                                           run->workers, !run->partitioned,
                                                           (double)task_source_left(&run->source)));
    /* The first task is made now, so that a stale plan shows before anything was given out. */
    rc = map_run_top_up(run);
    if (rc == SQLITE_OK && (feed_schema_changed(&run->plan->feed) || begins_with_an_error(run)))
        rc = SQLITE_SCHEMA;
    run->plan->tried = true;
    return rc;
}

int map_run_open(ConnectionState *state, Plan *plan, MapExperience *experience, sqlite3_stmt *pulse,
                 MapRun **out, char **message)
{
    *out = NULL;
    MapRun *run = calloc(1, sizeof *run);
    if (!run)
        return SQLITE_NOMEM;
    run->state = state;
    run->plan = plan;
    run->experience = experience;
    run->pulse = pulse;
    run->current = -1;
    run->start_ns = run->looked_ns = clock_ns();
    run->rowids_per_row = 1;
    int rc = start(run, message);
    if (rc == SQLITE_OK) {
        RunRecord *record = run_log_add(&state->log, plan->arguments.source, plan->arguments.map,
                                        executor_kind_name(run->requested));
        if (record)
            run->number = record->run;
        *out = run;
        return SQLITE_OK;
    }
    if (rc != SQLITE_SCHEMA) {
        RunRecord *record = run_log_add(&state->log, plan->arguments.source, plan->arguments.map,
                                        executor_kind_name(run->requested));
        if (record) {
            run->number = record->run;
            run_log_set(&record->error, *message ? *message : sqlite3_errstr(rc));
        }
    }
    map_run_close(run);
    return rc;
}

void map_run_close(MapRun *run)
{
    if (!run)
        return;
    if (run->source.ended && !run->failed && !run->count && run->source.rc == SQLITE_OK && !run->partitioned)
        run->experience->rows = run->source.units;
    for (int i = 0; i < run->count; i++)
        map_run_give_up_task(run, &run->tasks[i]);
    progress_line_end(&run->progress);
    map_run_write_log(run);
    if (run->partitioned)
        end_scan(run, run->source.recipe->scan);
    task_free(run->spare);
    free(run->tasks);
    task_source_close(&run->source);
    if (run->partitioned)
        await_end_of_scan(run);
    for (int kind = 0; kind < EXECUTOR_KINDS; kind++)
        if (run->held[kind])
            executor_let_go(run->held[kind]);
    free(run);
}
