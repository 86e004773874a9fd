#include "ext/run/map_run_internal.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/clock.h"

/* A chunk should take about this long: long against the few microseconds that handing it out costs, short
   against the wait for the last one, and its rows still in the processor's cache when the host reads them.
   Where it gives next to no rows, and much is known to be left, it is longer: each waking of the host takes a
   processor from a worker. */
static const double chunk_target_ns = 1e6;
static const double partial_chunk_ns = 8e6;
/* And never less than this, as far as is known: handing it to a parked worker costs as much. */
static const double chunk_least_ns = 50e3;

enum {
    CHUNK_ROWS = 1 << 16,   /* rows that the planner puts into a chunk, at the most */
    OUTPUT_BYTES = 8 << 20, /* that the columns of a partition task's output may take, text not counted */
    CHUNK_BYTES = 96 << 10, /* of output that a chunk should have, where longer ones gain nothing */
    FIRST_ROWIDS = 16,      /* of a partition's first task */
    CHUNKS_LEFT = 32,       /* per worker, into which what is left is cut at the least */
    TOO_LONG_PARTS = 16,    /* into which a range is cut that took far too long */
};

int map_run_workers(const MapRun *run)
{
    return !run->requested ? run->control.wanted : run->workers;
}

/* What the next task should take, in nanoseconds, where what is left takes `left_ns` (0: not known). */
static double target_time(const MapRun *run, double left_ns)
{
    if (!run->plan->arguments.partial || runs_in_place(run))
        return chunk_target_ns;
    double longer = left_ns / (CHUNKS_LEFT * map_run_workers(run));
    longer = longer < partial_chunk_ns ? longer : partial_chunk_ns;
    return longer > chunk_target_ns ? longer : chunk_target_ns;
}

/* Units that the next task should have. */
static int64_t next_units(const MapRun *run)
{
    bool fed = !run->source.snapshot;
    double units = fed ? 1 : FIRST_ROWIDS;
    if (run->chunk && fed)
        return run->chunk;
    if (run->chunk) {
        /* Rows were asked for, and rowids are given out: as many as held that many rows the last time. */
        double rowids = (double)run->chunk * run->rowids_per_row;
        return rowids < 1e15 ? (int64_t)rowids : (int64_t)1e15;
    }
    double unit_ns = run->unit_ns > 0 ? run->unit_ns
                     : fed            ? run->experience->row_ns
                                      : run->experience->rowid_ns;
    double left = (double)task_source_left(&run->source);
    double target_ns = target_time(run, left * unit_ns);
    if (unit_ns > 0)
        units = target_ns / unit_ns;
    /* Grow step by step: the first rows need not be like the others. */
    if (run->unit_ns > 0 && units > (double)run->last_units * CHUNK_GROWTH)
        units = (double)run->last_units * CHUNK_GROWTH;
    /* Towards the end, where that is known, chunks shrink, so that no worker is left with a long one. */
    if (!runs_in_place(run) && left > 0) {
        double share = left / (2.0 * map_run_workers(run));
        if (unit_ns > 0 && share < chunk_least_ns / unit_ns)
            share = chunk_least_ns / unit_ns;
        if (units > share)
            units = share;
    }
    double most = fed ? CHUNK_ROWS : 1e15;
    if (units * run->unit_bytes > CHUNK_BYTES)
        units = CHUNK_BYTES / run->unit_bytes;
    return units < 1 ? 1 : units > most ? (int64_t)most : (int64_t)units;
}

/* Offers a task to the executor; without room there it stays with the run and is done in place when it is
 * due. */
static int submit(MapRun *run, RunTask *entry)
{
    entry->executor = NULL;
    atomic_store(&entry->task->done, false);
    int rc = executor_submit(run->executor, entry->task);
    if (rc == SQLITE_OK) {
        entry->executor = run->executor;
    }
    return rc == SQLITE_BUSY ? SQLITE_OK : rc;
}

static int task_limit(const MapRun *run)
{
    return runs_in_place(run) ? 1 : EXECUTOR_DEPTH * map_run_workers(run);
}

/* Puts a task at a place of the order; it is the run's from then on, also on failure. */
static int insert_task(MapRun *run, int place, Task *task)
{
    if (run->count == run->room) {
        int room = run->room ? 2 * run->room : 8;
        RunTask *grown = realloc(run->tasks, (size_t)room * sizeof *grown);
        if (!grown) {
            task_free(task);
            return SQLITE_NOMEM;
        }
        run->tasks = grown;
        run->room = room;
    }
    memmove(run->tasks + place + 1, run->tasks + place, (size_t)(run->count - place) * sizeof *run->tasks);
    run->tasks[place] = (RunTask){.task = task};
    run->count++;
    return submit(run, &run->tasks[place]);
}

static Task *new_task(MapRun *run)
{
    Task *task = run->spare ? run->spare : task_source_create_task(&run->source);
    run->spare = NULL;
    if (task) {
        task->retries = 0;
        task->timeout = run->timeout;
        task->worker_limit = map_run_workers(run);
    }
    return task;
}

/* Rows that a range of rowids may give in one turn: no more than were asked for, and than a buffer should
 * hold. */
static uint32_t output_rows(const MapRun *run, int64_t units)
{
    if (run->plan->arguments.partial && !run->plan->arguments.group_by)
        return 1;
    int64_t rows = (int64_t)OUTPUT_BYTES / (9 * ((int64_t)run->plan->map_columns + 1));
    if (rows > units)
        rows = units;
    if (rows > CHUNK_ROWS)
        rows = CHUNK_ROWS;
    if (run->chunk && rows > run->chunk)
        rows = run->chunk;
    return rows < 1 ? 1 : (uint32_t)rows;
}

int map_run_top_up(MapRun *run)
{
    /* What the executor had no room for before may find it now. */
    for (int i = 0; i < run->count; i++) {
        int rc = run->tasks[i].executor ? SQLITE_OK : submit(run, &run->tasks[i]);
        if (rc != SQLITE_OK)
            return rc;
    }
    while (!run->source.ended && !run->failed && run->count < task_limit(run)) {
        Task *task = new_task(run);
        if (!task)
            return SQLITE_NOMEM;
        bool timed = !run->requested && runs_in_place(run);
        int64_t start = timed ? clock_ns() : 0;
        int64_t units = next_units(run);
        if (!task_source_fill(&run->source, task, units, output_rows(run, units), !run->chunk)) {
            run->spare = task;
            continue;
        }
        if (timed && !run->source.snapshot)
            run->feed_ns = (double)(clock_ns() - start) / task->order.end_row;
        run->last_units = run->source.snapshot ? task->order.last_rowid - task->order.first_rowid + 1
                                               : (int64_t)task->order.end_row;
        int rc = insert_task(run, run->count, task);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

static void retire_place(MapRun *run, int place)
{
    Task *task = run->tasks[place].task;
    memmove(run->tasks + place, run->tasks + place + 1, (size_t)(--run->count - place) * sizeof *run->tasks);
    run->retries += task->retries;
    if (run->spare || is_range(task) != (run->source.snapshot != NULL))
        task_free(task);
    else
        run->spare = task;
}

/* Makes a task for a part of another one's range, at a place of the order. */
static int insert_part(MapRun *run, int place, const Task *whole, int64_t first, int64_t last)
{
    Task *part = task_create(whole->recipe);
    if (!part)
        return SQLITE_NOMEM;
    part->order = whole->order;
    part->order.first_rowid = first;
    part->order.last_rowid = last;
    part->timeout = whole->timeout;
    part->worker_limit = whole->worker_limit;
    return insert_task(run, place, part);
}

/* Sends the rest of a task's order on its way; of a range that took far too long, in equal parts, so that all
   workers have some of it. For that moment there are more tasks than the bound says. */
static int submit_rest(MapRun *run, int place)
{
    Task *task = run->tasks[place].task;
    TaskOrder *order = &task->order;
    if (!is_range(task)) {
        order->first_row = task->report.next_row;
        return submit(run, &run->tasks[place]);
    }
    order->first_rowid = task->report.next_rowid;
    int64_t last = order->last_rowid;
    uint64_t width = ((uint64_t)last - (uint64_t)order->first_rowid) / TOO_LONG_PARTS;
    /* Few rowids that take long are rows that take long: there is nothing to share out. */
    order->may_give_up = order->may_give_up && width > 0;
    if (task->report.too_long && !width && order->row_limit < TOO_LONG_PARTS)
        order->row_limit = TOO_LONG_PARTS; /* there are no more rowids, and so no more groups */
    if (!task->report.too_long || !width)
        return submit(run, &run->tasks[place]);
    order->last_rowid = (int64_t)((uint64_t)order->first_rowid + width - 1);
    int64_t first = order->last_rowid + 1;
    int rc = submit(run, &run->tasks[place]);
    for (int part = 1; rc == SQLITE_OK && part < TOO_LONG_PARTS; part++) {
        int64_t end = part + 1 < TOO_LONG_PARTS ? (int64_t)((uint64_t)first + width - 1) : last;
        rc = insert_part(run, place + part, task, first, end);
        first = end < last ? end + 1 : last;
    }
    return rc;
}

int map_run_finish_current(MapRun *run)
{
    int place = run->current;
    if (place < 0)
        return SQLITE_OK;
    RunTask *entry = &run->tasks[place];
    executor_release(entry->executor, entry->task);
    run->current = -1;
    if (map_run_has_rest(entry->task))
        return submit_rest(run, place);
    retire_place(run, place);
    return SQLITE_OK;
}

int map_run_ready_place(const MapRun *run)
{
    int last = run->plan->arguments.ordered && run->count ? 1 : run->count;
    for (int i = 0; i < last; i++)
        if (run->tasks[i].executor && atomic_load_explicit(&run->tasks[i].task->done, memory_order_acquire))
            return i;
    return -1;
}

int map_run_do_in_place(MapRun *run)
{
    RunTask *head = &run->tasks[0];
    head->executor = run->serial;
    return executor_submit(run->serial, head->task);
}

int map_run_place_head(MapRun *run, char **message)
{
    RunTask *head = &run->tasks[0];
    int rc = submit(run, head);
    if (rc != SQLITE_OK || head->executor)
        return rc;
    if (!run->requested || !run->requested->isolates)
        return map_run_do_in_place(run);
    head->task->worker_limit = 0;
    rc = executor_ensure_workers(run->executor, run->executor->workers + 1, message);
    return rc == SQLITE_OK ? submit(run, head) : rc;
}

void map_run_give_up_task(MapRun *run, RunTask *entry)
{
    run->retries += entry->task->retries;
    if (entry->executor)
        executor_abandon(entry->executor, entry->task);
    else
        task_free(entry->task);
}
