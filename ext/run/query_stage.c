#include "ext/run/query_stage.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/error.h"
#include "ext/base/interrupt.h"
#include "ext/evaluate/worker_vfs.h"
#include "ext/plan/worker_settings.h"
#include "ext/run/host_watch.h"
#include "ext/run/query_bounds.h"
#include "ext/run/query_keys.h"
#include "ext/run/query_recipe.h"
#include "ext/run/query_stage_internal.h"

/* Milliseconds between two checks for an interrupt. */
enum { WAIT_MS = 10 };

/* Has the query run whole, for a reason that sqlite3_mprintf has just made (NULL: SQLITE_NOMEM).
 * SQLITE_ABORT. */
static int stage_run_whole(StageRun *run, char *why)
{
    sqlite3_free(run->why);
    run->why = why;
    return why ? SQLITE_ABORT : SQLITE_NOMEM;
}

/* ---- executors ---- */

static void use_executor(StageRun *run, const ExecutorKind *kind)
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

/* ---- parts back ---- */

static void run_in_place(StageRun *run, Task *task)
{
    HostWatch watch;
    ConnectionState *state = run->query->state;
    host_watch_begin(&watch, run->query->interrupt_probe, task->timeout);
    chunk_runner_watch(state->runner, state->db, host_watch_stop, &watch);
    executor_wait(run->executors.serial, task, WAIT_MS);
    chunk_runner_watch(state->runner, NULL, NULL, NULL);
    run->interrupted = run->interrupted || watch.interrupted;
    if (watch.timed_out && task->report.rc == SQLITE_INTERRUPT)
        task_report_timeout(task);
}

/* Submits the first task once more, which found no room with the executor: in place, or to one worker more,
 * as the runs that fill the executor may wait for this one. */
static int submit_first(StageRun *run)
{
    RunTask *first = &run->tasks.tasks[0];
    Executor *executor = run->executors.executor;
    const ExecutorKind *requested = run->executors.requested;
    char *message = NULL;
    int rc = run_task_submit(first, executor);
    if (rc != SQLITE_OK || first->executor)
        return rc;
    if (!requested || !requested->isolates)
        return run_task_submit(first, run->executors.serial);
    first->task->worker_limit = 0;
    rc = executor_ensure_workers(executor, executor->workers + 1, &message);
    if (rc == SQLITE_OK)
        rc = run_task_submit(first, executor);
    else if (rc != SQLITE_INTERRUPT)
        rc = stage_run_whole(run, sqlite3_mprintf("no worker could be started: %s",
                                                  message ? error_reason(message) : "no memory"));
    sqlite3_free(message);
    return rc;
}

/* Waits until a task is done, which becomes the current one. */
static int wait_done(StageRun *run)
{
    for (;;) {
        run->tasks.current = task_list_find_done(&run->tasks, run->streams);
        if (run->tasks.current >= 0)
            return SQLITE_OK;
        RunTask *first = &run->tasks.tasks[0];
        if (!executor_is_ours(first->executor ? first->executor : run->executors.executor))
            return stage_run_whole(run, sqlite3_mprintf("this process was forked while the query ran"));
        int rc = first->executor ? SQLITE_OK : submit_first(run);
        if (rc != SQLITE_OK)
            return rc;
        if (first->executor == run->executors.serial)
            run_in_place(run, first->task);
        else
            executor_wait(first->executor ? first->executor : run->executors.executor, NULL, WAIT_MS);
        if (task_list_find_done(&run->tasks, run->streams) < 0 &&
            host_interrupted_or_handled(run->query->interrupt_probe))
            return SQLITE_INTERRUPT;
    }
}

/* Takes what the current task gave. Whatever is wrong with it has the query run whole. */
static int take_parts(StageRun *run)
{
    const RunTask *entry = task_list_current(&run->tasks);
    const Task *task = entry->task;
    const TaskReport *report = &task->report;
    /* Also where the task ended by itself just then: a progress handler may say so only once. */
    if (run->interrupted)
        return SQLITE_INTERRUPT;
    /* The statement as it stands would take longer still. */
    if (report->rc != SQLITE_OK && report->timed_out) {
        int rc = stage_run_whole(
            run,
            sqlite3_mprintf("parallel_query: a part took longer than timeout_seconds = %g", task->timeout));
        return rc == SQLITE_ABORT ? SQLITE_ERROR : rc;
    }
    if (report->rc != SQLITE_OK && task->retries > entry->executor->limits.retries) {
        int rc = stage_run_whole(run, sqlite3_mprintf("parallel_query: %s", report->message));
        return rc == SQLITE_ABORT ? SQLITE_ERROR : rc;
    }
    if (!task_source_confirm(&run->source, report))
        return stage_run_whole(run, sqlite3_mprintf("%s", task_source_changed));
    if (report->rc != SQLITE_OK)
        return stage_run_whole(run, sqlite3_mprintf("a part failed: %s", error_reason(report->message)));
    int rc = query_parts_add(run->parts, task);
    if (rc == SQLITE_TOOBIG)
        return stage_run_whole(run,
                               sqlite3_mprintf("the partial rows take more than %d MB", PARTS_BYTES >> 20));
    return rc == SQLITE_CORRUPT ? stage_run_whole(run, sqlite3_mprintf("a worker's result is damaged")) : rc;
}

/* Whether the parts of an aggregating stage are many is checked before workers are used under `auto`. */
static bool may_have_many_parts(const StageRun *run, const RunTask *entry)
{
    return run->stage->kind == SPLIT_GROUPS && run->controller.decides &&
           entry->executor == run->executors.serial;
}

/* Goes on with the kind of executor that the controller chose, once it is known that the parts are not too
   many for workers to gain anything. Returns as take_parts. */
static int go_on_with(StageRun *run, const ExecutorKind *kind, const RunTask *entry)
{
    const Controller *controller = &run->controller;
    double estimate;
    if (!may_have_many_parts(run, entry) || kind->in_place || run->source.ended) {
        use_executor(run, kind);
        return SQLITE_OK;
    }
    /* The next range is one that shows it. */
    if (!parts_growth_is_known(&run->growth, controller->in_place_ns))
        return SQLITE_OK;
    if (!parts_are_too_many(&run->growth, run->rowids, controller->in_place_ns, controller->workers,
                            &estimate)) {
        use_executor(run, kind);
        return SQLITE_OK;
    }
    run->query->experience->many_parts = true;
    return stage_run_whole(run, sqlite3_mprintf("about %.0f groups of %.0f rows would have to be combined",
                                                estimate, run->rowids));
}

/* About how many rows so many ranges of the key have. */
static uint32_t rows_of_keys(const StageRun *run, uint32_t ranges)
{
    double rows = (double)run->stage->key.rows / run->rowids * ranges;
    return rows < UINT32_MAX ? (uint32_t)rows : UINT32_MAX;
}

static void count_busy(StageRun *run, const RunTask *entry)
{
    const TaskReport *report = &entry->task->report;
    run->busy_ns[executor_kind_index(entry->executor->kind)] += report->end_ns - report->start_ns;
    if (!entry->executor->kind->in_place && run->controller.workers_used > run->workers)
        run->workers = run->controller.workers_used;
}

/* Remembers how much the rows of a range take, so that the next ones take about as much as is wanted. */
static void measure_range(StageRun *run, const Task *task)
{
    double rowids = stage_rowids_done(task), bytes = (double)task->report.output_bytes / rowids;
    run->rowid_bytes = bytes > run->rowid_bytes / 2 ? bytes : run->rowid_bytes / 2;
    if (rowids > run->most_rowids)
        run->most_rowids = rowids;
}

static int finish_current(StageRun *run)
{
    const RunTask *entry = task_list_current(&run->tasks);
    const SourceRest rest = task_source_rest(&run->source);
    int rc = take_parts(run);
    if (rc != SQLITE_OK)
        return rc;
    if (run->keys.size)
        entry->task->report.rows_in = rows_of_keys(run, entry->task->report.rows_in);
    TaskSample sample =
        figures_add(&run->outcome->figures, &run->query->state->log, entry->task, entry->executor->kind);
    count_busy(run, entry);
    measure_range(run, entry->task);
    sample.units = stage_rowids_done(entry->task);
    if (may_have_many_parts(run, entry))
        parts_growth_add(&run->growth, sample.units, entry->task->report.rows_out);
    rc = go_on_with(run, controller_next(&run->controller, &sample, &rest), entry);
    if (rc != SQLITE_OK)
        return rc;
    executor_release(entry->executor, entry->task);
    task_list_retire_current(&run->tasks, true);
    return host_interrupted(run->query->interrupt_probe) ? SQLITE_INTERRUPT : SQLITE_OK;
}

static int run_tasks(StageRun *run)
{
    int rc = SQLITE_OK;
    while (rc == SQLITE_OK) {
        rc = stage_hand_out(run);
        if (rc == SQLITE_OK && !run->tasks.count)
            break;
        if (rc == SQLITE_OK)
            rc = wait_done(run);
        if (rc == SQLITE_OK)
            rc = finish_current(run);
    }
    return rc;
}

/* ---- begin and end ---- */

/* Tries in place what every worker does first, and sees that it is in the host's view. */
static int try_file(StageRun *run, Evaluator **evaluator)
{
    char message[TASK_MESSAGE_SIZE];
    int rc = chunk_runner_evaluator(run->query->state->runner, run->source.recipe, evaluator, message);
    if (rc == SQLITE_NOMEM)
        return rc;
    if (rc != SQLITE_OK)
        return stage_run_whole(
            run, sqlite3_mprintf("a worker cannot prepare its part: %s", error_reason(message)));
    if (!snapshot_holds(run->source.snapshot))
        return stage_run_whole(run, sqlite3_mprintf("%s", task_source_changed));
    return SQLITE_OK;
}

/* Finds the ranges of the key that is cut. */
static int read_keys(StageRun *run)
{
    const Query *query = run->query;
    TaskSource *source = &run->source;
    RowsetView view;
    WorkerSettings settings;
    int rc = worker_settings_read(query->state, NULL, 0, &settings);
    if (rc == SQLITE_OK)
        rc = query_keys_read(query, run->stage, settings.encoding == SQLITE_UTF8 ? SQLITE_UTF8 : SQLITE_UTF16,
                             &run->keys, &run->why);
    if (rc == SQLITE_OK && !rowset_open(&view, run->keys.data, run->keys.size))
        rc = SQLITE_CORRUPT;
    if (rc != SQLITE_OK)
        return rc;
    source->first_rowid = source->next_rowid = 1;
    source->last_rowid = view.rows;
    run->rowids = view.rows;
    return SQLITE_OK;
}

/* Reads the bounds of the cut table, as a worker sees it, which is as the host sees it. */
static int read_bounds(StageRun *run, const Evaluator *evaluator)
{
    const SplitStage *stage = run->stage;
    TaskSource *source = &run->source;
    /* A statement that reads no range runs once. */
    if (run->keys.size)
        return SQLITE_OK;
    source->first_rowid = source->last_rowid = 1;
    if (stage->form != SPLIT_WHOLE) {
        int rc = query_bounds_read(run->query, stage, evaluator_connection(evaluator), &source->first_rowid,
                                   &source->last_rowid);
        if (rc == SQLITE_NOMEM)
            return rc;
        if (rc != SQLITE_ROW)
            return stage_run_whole(run, sqlite3_mprintf(stage->key.narrowed
                                                            ? "no row has the rowids that would be cut"
                                                            : "the table that would be cut is empty"));
        run->rowids = (double)source->last_rowid - (double)source->first_rowid + 1;
    }
    source->next_rowid = source->first_rowid;
    return SQLITE_OK;
}

static int begin_source(StageRun *run, Snapshot *snapshot)
{
    const Query *query = run->query;
    TaskSource *source = &run->source;
    Evaluator *evaluator = NULL;
    *source = (TaskSource){.state = query->state,
                           .experience = query->experience,
                           .now = worker_vfs_host_time(),
                           .run = ++query->state->last_scan,
                           .snapshot = snapshot,
                           .whole_table = !run->stage->key.narrowed || run->stage->key.column};
    run->outcome->now = source->now;
    int rc = run->stage->key.column ? read_keys(run) : SQLITE_OK;
    if (rc == SQLITE_OK)
        rc = query_recipe_build(query, run->stage, run->keys.size ? &run->keys : NULL, snapshot_uri(snapshot),
                                source->run, &source->recipe);
    if (rc == SQLITE_OK)
        rc = try_file(run, &evaluator);
    return rc == SQLITE_OK ? read_bounds(run, evaluator) : rc;
}

static int begin_executors(StageRun *run)
{
    const Query *query = run->query;
    ConnectionState *state = query->state;
    const ExecutorKind *requested = query->has_executor ? query->executor : state->settings.executor;
    if (!requested && query->experience->many_parts)
        return stage_run_whole(run, sqlite3_mprintf("it has many groups, as it had before"));
    if (requested && requested->remote)
        return stage_run_whole(
            run, sqlite3_mprintf("the workers are on other machines, and a query reads the file"));
    int workers = query->workers ? query->workers : state->settings.workers;
    char *message = NULL;
    if (!workers)
        workers = requested && requested->in_place ? 1 : connection_state_processors(state);
    if (requested)
        controller_begin_requested(&run->controller, requested, workers);
    int rc = executor_set_begin(&run->executors, &(ExecutorSetStart){.state = state, .requested = requested},
                                workers, &message);
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM)
        rc = stage_run_whole(run, sqlite3_mprintf("no worker could be started: %s", error_reason(message)));
    sqlite3_free(message);
    if (rc == SQLITE_OK && !requested)
        use_executor(run, controller_begin(&run->controller,
                                           &(ControllerStart){.experience = query->experience,
                                                              .executors = state->executors[false],
                                                              .workers = workers,
                                                              .rest = task_source_rest(&run->source)}));
    return rc;
}

/* Says what the stage was run by, where no other took longer. */
static void write_outcome(StageRun *run)
{
    StageOutcome *outcome = run->outcome;
    int most = 0;
    int64_t all = 0;
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        all += run->busy_ns[i];
        if (run->busy_ns[i] > run->busy_ns[most])
            most = i;
    }
    if (outcome->executor && all <= outcome->most_ns)
        return;
    outcome->most_ns = all;
    outcome->executor = all                       ? executor_kinds[most]
                        : run->executors.executor ? run->executors.executor->kind
                                                  : NULL;
    outcome->workers = outcome->executor && outcome->executor->in_place ? 1 : run->workers;
    memcpy(outcome->reason, run->controller.reason, sizeof outcome->reason);
}

static void end(StageRun *run)
{
    StageOutcome *outcome = run->outcome;
    task_list_clear(&run->tasks);
    write_outcome(run);
    outcome->retries += run->tasks.retries;
    outcome->startup_ns += run->executors.startup_ns;
    if (run->source.recipe)
        executor_set_end_scan(&run->executors, run->source.recipe->scan);
    task_list_end(&run->tasks);
    /* The snapshot is the query's. */
    run->source.snapshot = NULL;
    task_source_close(&run->source);
    executor_set_await_end(&run->executors, run->query->interrupt_probe);
    executor_set_let_go(&run->executors);
    buffer_heap_free(&run->keys);
}

static int begin(StageRun *run, Snapshot *snapshot)
{
    task_list_begin(&run->tasks);
    buffer_heap_init(&run->keys);
    int rc = begin_source(run, snapshot);
    return rc == SQLITE_OK ? begin_executors(run) : rc;
}

/* Makes an error of the host's own connection, which says nothing of the plain query, a reason to run that.
 */
static int judge_error(StageRun *run, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_ABORT && !run->why && rc != SQLITE_NOMEM && rc != SQLITE_INTERRUPT)
        rc = stage_run_whole(run, sqlite3_mprintf("it cannot be run in parts: %s", sqlite3_errstr(rc)));
    return rc;
}

int query_stage_run(const Query *query, const SplitStage *stage, Snapshot *snapshot, Parts *parts,
                    StageOutcome *outcome, char **why)
{
    StageRun run = {.query = query, .stage = stage, .parts = parts, .outcome = outcome};
    int rc = begin(&run, snapshot);
    if (rc == SQLITE_OK)
        rc = run_tasks(&run);
    end(&run);
    if (rc == SQLITE_OK)
        query_parts_sort(parts);
    rc = judge_error(&run, rc);
    *why = run.why;
    return rc;
}

/* ---- parts as they come ---- */

int query_stream_open(const Query *query, const SplitStage *stage, Snapshot *snapshot, StageOutcome *outcome,
                      StageRun **out, char **why)
{
    StageRun *run = *out = calloc(1, sizeof *run);
    if (!run)
        return SQLITE_NOMEM;
    *run = (StageRun){.query = query, .stage = stage, .outcome = outcome, .streams = true};
    int rc = judge_error(run, begin(run, snapshot));
    *why = run->why;
    run->why = NULL;
    return rc;
}

int query_stream_next(StageRun *run, Parts *parts, char **why)
{
    int rc = SQLITE_OK;
    run->parts = parts;
    query_parts_free(parts);
    while (rc == SQLITE_OK && !parts->count) {
        rc = stage_hand_out(run);
        if (rc == SQLITE_OK && !run->tasks.count)
            return SQLITE_DONE;
        if (rc == SQLITE_OK)
            rc = wait_done(run);
        if (rc == SQLITE_OK)
            rc = finish_current(run);
    }
    rc = judge_error(run, rc);
    *why = run->why;
    run->why = NULL;
    return rc == SQLITE_OK ? SQLITE_ROW : rc;
}

int query_stream_give_up(StageRun *run, sqlite3_stmt *statement)
{
    const TaskSource *source = &run->source;
    const TaskOrder *first = run->tasks.count ? &run->tasks.tasks[0].task->order : NULL;
    int64_t next = first ? first->first_rowid : source->next_rowid;
    RowsetView view;
    RowsetValue ends[2];
    task_list_clear(&run->tasks);
    if (!run->keys.size) {
        sqlite3_bind_int64(statement, 1, next == source->first_rowid ? INT64_MIN : next);
        return sqlite3_bind_int64(statement, 2, INT64_MAX);
    }
    if (!rowset_open(&view, run->keys.data, run->keys.size) ||
        !rowset_get(&view, (uint32_t)(next - 1), 0, &ends[0]) ||
        !rowset_get(&view, view.rows - 1, 1, &ends[1]))
        return SQLITE_CORRUPT;
    const int encoding = run->source.recipe->encoding == SQLITE_UTF8 ? SQLITE_UTF8 : SQLITE_UTF16;
    int rc = rowset_bind(statement, 1, &ends[0], encoding, SQLITE_TRANSIENT);
    return rc == SQLITE_OK ? rowset_bind(statement, 2, &ends[1], encoding, SQLITE_TRANSIENT) : rc;
}

void query_stream_close(StageRun *run)
{
    if (!run)
        return;
    end(run);
    sqlite3_free(run->why);
    free(run);
}
