#include "ext/run/query_stage.h"

#include <string.h>

#include "ext/base/error.h"
#include "ext/base/interrupt.h"
#include "ext/evaluate/worker_vfs.h"
#include "ext/plan/worker_settings.h"
#include "ext/run/controller.h"
#include "ext/run/executor_set.h"
#include "ext/run/host_watch.h"
#include "ext/run/parts_growth.h"
#include "ext/run/query_keys.h"
#include "ext/run/query_recipe.h"
#include "ext/run/task_list.h"
#include "ext/run/task_source.h"

enum {
    /* Milliseconds between two checks for an interrupt. */
    WAIT_MS = 10,
    /* Part of the table that the host reads first where nothing is known of the query yet. */
    FIRST_SHARE = 1024,
    FIRST_ROWIDS = 64,
    /* Part of a worker's share below which no range of a statement that is run range by range gets. */
    LEAST_SHARE = 8,
    /* Morsels of a worker's range: the last of them go to workers that are done earlier. */
    MORSELS = 32,
};

/* Nanoseconds that a further range in place should take at the least. */
static const double least_range_ns = 2e6;

/* Part of what is left that the next ranges of all workers together get: what remains is for those that are
   done first. */
static const double next_share = 0.6;

typedef struct StageRun {
    const Query *query;
    const SplitStage *stage;
    Parts *parts;
    StageOutcome *outcome;
    TaskSource source;
    TaskList tasks;
    Controller controller;
    ExecutorSet executors;
    /* Rowids of the table; where a key of it is cut, its ranges, which count as rowids do. */
    double rowids;
    /* Ranges of the key, as query_keys_read has them; empty: rowids are cut. */
    Buffer keys;
    /* Nanoseconds of the tasks of each kind of executor; the most workers that had some of them at once. */
    int64_t busy_ns[EXECUTOR_KINDS];
    int workers;
    /* Parts of the ranges that ran in place. */
    PartsGrowth growth;
    /* Whether the host was interrupted while it ran a task itself. */
    bool interrupted;
    /* Why the query has to be run whole; sqlite3_malloc'd. */
    char *why;
} StageRun;

/* Has the query run whole, for a reason that sqlite3_mprintf has just made. */
static int run_whole(StageRun *run, char *why)
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
        if (executor_set_use(&run->executors, kind, run->controller.workers, &message) != SQLITE_OK)
            kind = controller_unavailable(&run->controller, kind, message);
        sqlite3_free(message);
    }
}

/* ---- tasks out ---- */

/* Whether workers have one range each, whose morsels they share. */
static bool takes_morsels(const StageRun *run)
{
    return run->stage->form == SPLIT_MORSELS && !executor_set_is_in_place(&run->executors);
}

static int task_limit(const StageRun *run)
{
    if (executor_set_is_in_place(&run->executors))
        return 1;
    return (takes_morsels(run) ? 1 : EXECUTOR_DEPTH) * run->controller.workers_used;
}

/* As many of the rowids as take a part of the time that a task may take, as far as that is known. */
static double within_timeout(const StageRun *run, double rowids)
{
    static const double share = 0.25;
    double ns = run->controller.in_place_ns;
    double most = ns > 0 ? share * run->query->state->settings.timeout_seconds * 1e9 / ns : 0;
    return most <= 0 || rowids <= most ? rowids : most < 1 ? 1 : most;
}

/* Rowids of the next range, whatever its time. */
static double wanted_rowids(const StageRun *run)
{
    const Controller *controller = &run->controller;
    double left = task_source_rest(&run->source).units;
    if (takes_morsels(run))
        return left / (task_limit(run) - run->tasks.count) + 1;
    if (!executor_set_is_in_place(&run->executors)) {
        double workers = controller->workers_used;
        double least = run->rowids / (LEAST_SHARE * workers);
        double next = left * next_share / workers;
        return next > least ? next : least;
    }
    if (!controller->decides || controller->stays_in_place)
        return left;
    if (!controller->in_place_ns) {
        double least = run->keys.size ? 0 : FIRST_ROWIDS, share = run->rowids / FIRST_SHARE;
        return share > least ? share : least;
    }
    /* As much again as was done, so that few ranges do where workers do not pay. */
    double ns = controller->spent_ns > least_range_ns ? controller->spent_ns : least_range_ns;
    double rowids = ns / controller->in_place_ns, showing = parts_growth_rowids(&run->growth);
    return parts_growth_is_known(&run->growth, controller->in_place_ns) || rowids > showing ? rowids
                                                                                            : showing;
}

static int copy_parameters(const StageRun *run, Task *task)
{
    const Buffer *parameters = run->query->parameters;
    if (!parameters->size)
        return SQLITE_OK;
    int rc = task->input.reserve(&task->input, parameters->size);
    if (rc == SQLITE_OK)
        memcpy(task->input.data, parameters->data, parameters->size);
    return rc;
}

static Task *new_task(StageRun *run)
{
    Task *task = task_list_take_spare(&run->tasks);
    if (!task) {
        task = task_source_create_task(&run->source);
        if (task && copy_parameters(run, task) != SQLITE_OK) {
            task_free(task);
            task = NULL;
        }
    }
    if (task) {
        task->retries = 0;
        task->timeout = run->query->state->settings.timeout_seconds;
        task->worker_limit = run->controller.workers_used;
    }
    return task;
}

/* Gives a task the next range of `rowids`, cut into `morsels`, or as many as it has rowids. */
static void fill_task(StageRun *run, Task *task, double rowids, uint32_t morsels)
{
    TaskSource *source = &run->source;
    uint64_t more = (uint64_t)source->last_rowid - (uint64_t)source->next_rowid;
    int64_t first = source->next_rowid, last = source->last_rowid;
    if (rowids < 0x1p62 && more > (uint64_t)rowids)
        last = (int64_t)((uint64_t)first + (uint64_t)rowids);
    more = (uint64_t)last - (uint64_t)first;
    uint32_t count = more < morsels ? (uint32_t)more + 1 : morsels;
    task->order = (TaskOrder){.now = source->now,
                              .run = source->run,
                              .end_row = 1,
                              .first_rowid = first,
                              .last_rowid = last,
                              .morsel_count = count,
                              .morsels = morsels_pack(0, count),
                              .begins_table = first == source->first_rowid,
                              .ends_table = last == source->last_rowid};
    source->ended = last == source->last_rowid;
    source->next_rowid = source->ended ? last : last + 1;
}

/* The task that has the most morsels that were not begun; NULL: none has enough. */
static RunTask *find_busiest(StageRun *run, TaskControl **control)
{
    RunTask *busiest = NULL;
    uint32_t most = 2;
    for (int i = 0; i < run->tasks.count; i++) {
        RunTask *entry = &run->tasks.tasks[i];
        TaskControl *of = entry->executor ? executor_control(entry->executor, entry->task) : NULL;
        uint64_t morsels = of ? atomic_load(&of->morsels) : 0;
        uint32_t left = morsels_end(morsels) - morsels_first(morsels);
        if (morsels_first(morsels) < morsels_end(morsels) && left > most) {
            busiest = entry;
            most = left;
            *control = of;
        }
    }
    return busiest;
}

/* Has a worker that is done do the later half of what the busiest one has left. *shared: there was some. */
static int share_out(StageRun *run, bool *shared)
{
    TaskControl *control = NULL;
    uint64_t taken = 0;
    RunTask *busiest = find_busiest(run, &control);
    *shared = busiest && morsels_steal(&busiest->task->order, control, &taken);
    if (!*shared)
        return SQLITE_OK;
    const TaskOrder order = busiest->task->order;
    Task *task = new_task(run);
    if (!task)
        return SQLITE_NOMEM;
    task->order = order;
    task->order.morsels = taken;
    int rc = task_list_insert(&run->tasks, run->tasks.count, task);
    return rc == SQLITE_OK ? run_task_submit(&run->tasks.tasks[run->tasks.count - 1], run->executors.executor)
                           : rc;
}

static int hand_out(StageRun *run)
{
    TaskList *tasks = &run->tasks;
    int rc = task_list_submit_waiting(tasks, run->executors.executor);
    while (rc == SQLITE_OK && !run->source.ended && tasks->count < task_limit(run)) {
        double rowids = wanted_rowids(run);
        Task *task = new_task(run);
        if (!task)
            return SQLITE_NOMEM;
        fill_task(run, task, takes_morsels(run) ? rowids : within_timeout(run, rowids),
                  takes_morsels(run) ? MORSELS : 1);
        rc = task_list_insert(tasks, tasks->count, task);
        if (rc == SQLITE_OK)
            rc = run_task_submit(&tasks->tasks[tasks->count - 1], run->executors.executor);
    }
    bool shared = takes_morsels(run) && tasks->count;
    while (rc == SQLITE_OK && shared && tasks->count < task_limit(run))
        rc = share_out(run, &shared);
    return rc;
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
    else
        rc = run_whole(run, sqlite3_mprintf("no worker could be started: %s",
                                            message ? error_reason(message) : "no memory"));
    sqlite3_free(message);
    return rc;
}

/* Waits until a task is done, which becomes the current one. */
static int wait_done(StageRun *run)
{
    for (;;) {
        run->tasks.current = task_list_find_done(&run->tasks, false);
        if (run->tasks.current >= 0)
            return SQLITE_OK;
        RunTask *first = &run->tasks.tasks[0];
        if (!executor_is_ours(first->executor ? first->executor : run->executors.executor))
            return run_whole(run, sqlite3_mprintf("this process was forked while the query ran"));
        int rc = first->executor ? SQLITE_OK : submit_first(run);
        if (rc != SQLITE_OK)
            return rc;
        if (first->executor == run->executors.serial)
            run_in_place(run, first->task);
        else
            executor_wait(first->executor ? first->executor : run->executors.executor, NULL, WAIT_MS);
        if (task_list_find_done(&run->tasks, false) < 0 &&
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
    if (report->rc == SQLITE_INTERRUPT && run->interrupted)
        return SQLITE_INTERRUPT;
    /* The statement as it stands would take longer still. */
    if (report->rc != SQLITE_OK && report->timed_out) {
        int rc =
            run_whole(run, sqlite3_mprintf("parallel_query: a part took longer than timeout_seconds = %g",
                                           task->timeout));
        return rc == SQLITE_ABORT ? SQLITE_ERROR : rc;
    }
    if (report->rc != SQLITE_OK && task->retries > entry->executor->limits.retries) {
        int rc = run_whole(run, sqlite3_mprintf("parallel_query: %s", report->message));
        return rc == SQLITE_ABORT ? SQLITE_ERROR : rc;
    }
    if (!task_source_confirm(&run->source, report))
        return run_whole(run, sqlite3_mprintf("%s", task_source_changed));
    if (report->rc != SQLITE_OK)
        return run_whole(run, sqlite3_mprintf("a part failed: %s", error_reason(report->message)));
    int rc = query_parts_add(run->parts, task);
    if (rc == SQLITE_TOOBIG)
        return run_whole(run, sqlite3_mprintf("the partial rows take more than %d MB", PARTS_BYTES >> 20));
    return rc == SQLITE_CORRUPT ? run_whole(run, sqlite3_mprintf("a worker's result is damaged")) : rc;
}

/* Rowids that a done task got through: of its range the morsels that were not taken away from it. */
static double rowids_done(const Task *task)
{
    const TaskOrder *order = &task->order;
    double rowids = (double)order->last_rowid - (double)order->first_rowid + 1;
    uint32_t morsels = morsels_end(order->morsels) - morsels_first(order->morsels);
    return rowids * morsels / order->morsel_count;
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
    return run_whole(run, sqlite3_mprintf("about %.0f groups of %.0f rows would have to be combined",
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
    sample.units = rowids_done(entry->task);
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
        rc = hand_out(run);
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
        return run_whole(run, sqlite3_mprintf("a worker cannot prepare its part: %s", error_reason(message)));
    if (!snapshot_holds(run->source.snapshot))
        return run_whole(run, sqlite3_mprintf("%s", task_source_changed));
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
    sqlite3_stmt *bounds = NULL;
    /* A statement that reads no range runs once. */
    if (run->keys.size)
        return SQLITE_OK;
    source->first_rowid = source->next_rowid = source->last_rowid = 1;
    if (stage->form == SPLIT_WHOLE)
        return SQLITE_OK;
    char *sql = sqlite3_mprintf("SELECT min(r), max(r) FROM (SELECT min(%s) AS r FROM main.\"%w\" "
                                "UNION ALL SELECT max(%s) FROM main.\"%w\")",
                                stage->cut_rowid, stage->cut_table, stage->cut_rowid, stage->cut_table);
    int rc = sql ? sqlite3_prepare_v2(evaluator_connection(evaluator), sql, -1, &bounds, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    if (rc == SQLITE_OK && sqlite3_step(bounds) == SQLITE_ROW &&
        sqlite3_column_type(bounds, 0) == SQLITE_INTEGER) {
        source->first_rowid = source->next_rowid = sqlite3_column_int64(bounds, 0);
        source->last_rowid = sqlite3_column_int64(bounds, 1);
    } else if (rc != SQLITE_NOMEM) {
        rc = run_whole(run, sqlite3_mprintf("the table that would be cut is empty"));
    }
    sqlite3_finalize(bounds);
    run->rowids = (double)source->last_rowid - (double)source->first_rowid + 1;
    return rc;
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
                           .snapshot = snapshot};
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
        return run_whole(run, sqlite3_mprintf("it has many groups, as it had before"));
    if (requested && requested->remote)
        return run_whole(run,
                         sqlite3_mprintf("the workers are on other machines, and a query reads the file"));
    int workers = query->workers ? query->workers : state->settings.workers;
    char *message = NULL;
    if (!workers)
        workers = requested && requested->in_place ? 1 : connection_state_processors(state);
    if (requested)
        controller_begin_requested(&run->controller, requested, workers);
    int rc = executor_set_begin(&run->executors, &(ExecutorSetStart){.state = state, .requested = requested},
                                workers, &message);
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM)
        rc = run_whole(run, sqlite3_mprintf("no worker could be started: %s", error_reason(message)));
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

int query_stage_run(const Query *query, const SplitStage *stage, Snapshot *snapshot, Parts *parts,
                    StageOutcome *outcome, char **why)
{
    StageRun run = {.query = query, .stage = stage, .parts = parts, .outcome = outcome};
    task_list_begin(&run.tasks);
    buffer_heap_init(&run.keys);
    int rc = begin_source(&run, snapshot);
    if (rc == SQLITE_OK)
        rc = begin_executors(&run);
    if (rc == SQLITE_OK)
        rc = run_tasks(&run);
    end(&run);
    if (rc == SQLITE_OK)
        query_parts_sort(parts);
    /* An error of the host's own connection says nothing of the plain query. */
    if (rc != SQLITE_OK && rc != SQLITE_ABORT && !run.why && rc != SQLITE_NOMEM && rc != SQLITE_INTERRUPT)
        rc = run_whole(&run, sqlite3_mprintf("it cannot be run in parts: %s", sqlite3_errstr(rc)));
    *why = run.why;
    return rc;
}
