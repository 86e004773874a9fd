#include "ext/run/query_stage_internal.h"

#include <string.h>

enum {
    /* Part of the table that the host reads first where nothing is known of the query yet. */
    FIRST_SHARE = 1024,
    FIRST_ROWIDS = 64,
    /* Part of a worker's share below which no range of a statement that is run range by range gets. */
    LEAST_SHARE = 8,
    /* Morsels of a worker's range: the last of them go to workers that are done earlier. */
    MORSELS = 32,
    /* Bytes of the rows of a range that are given out as they come, about; and how much larger than those
       before it a range may be. */
    STREAM_BYTES = 1 << 20,
    STREAM_STEP = 8,
};

/* Nanoseconds that a further range in place should take at the least. */
static const double least_range_ns = 2e6;

/* Part of what is left that the next ranges of all workers together get: what remains is for those that are
   done first. */
static const double next_share = 0.6;

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

/* No more rowids than give about STREAM_BYTES where rows are given out as they come: what they give grows
   step by step, as rows say little about those after them. */
static double within_stream(const StageRun *run, double rowids)
{
    double most = run->rowid_bytes > 0 ? STREAM_BYTES / run->rowid_bytes : rowids;
    double step = run->most_rowids > 0 ? STREAM_STEP * run->most_rowids : run->keys.size ? 1 : FIRST_ROWIDS;
    most = most < step ? most : step;
    return !run->streams || rowids <= most ? rowids : most < 1 ? 1 : most;
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
                              .begins_table = source->whole_table && first == source->first_rowid,
                              .ends_table = source->whole_table && last == source->last_rowid};
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

int stage_hand_out(StageRun *run)
{
    TaskList *tasks = &run->tasks;
    int rc = task_list_submit_waiting(tasks, run->executors.executor);
    while (rc == SQLITE_OK && !run->source.ended && tasks->count < task_limit(run)) {
        double rowids = within_stream(run, wanted_rowids(run));
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

double stage_rowids_done(const Task *task)
{
    const TaskOrder *order = &task->order;
    double rowids = (double)order->last_rowid - (double)order->first_rowid + 1;
    uint32_t morsels = morsels_end(order->morsels) - morsels_first(order->morsels);
    return rowids * morsels / order->morsel_count;
}
