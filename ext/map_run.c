#include "map_run.h"

#include <stdlib.h>
#include <string.h>

#include "auto_executor.h"
#include "monotonic.h"
#include "progress_line.h"
#include "task_source.h"

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
    FIRST_ROWIDS = 16,      /* of a partition's first task */
    GROWTH = 8,             /* of a chunk that took next to no time, against the one before */
    CHUNKS_LEFT = 32,       /* per worker, into which what is left is cut at the least */
    TOO_LONG_PARTS = 16,    /* into which a range is cut that took far too long */
    WAIT_MS = 10,           /* between two looks for an interrupt */
    PULSES = 64,            /* steps of `pulse` per look: a progress handler counts steps */
};

/* A task of the run and who has it; executor NULL: nobody has taken it yet. */
typedef struct RunTask {
    Task *task;
    Executor *executor;
    ExecutorKind kind; /* of the executor */
} RunTask;

struct MapRun {
    ConnectionState *state;
    Plan *plan;
    sqlite3_stmt *pulse;
    TaskSource source;
    bool held[EXECUTOR_KINDS]; /* executors that the run may submit to */
    Executor *serial;          /* for what has to be done in place */
    Executor *executor;        /* that tasks go to now */
    ExecutorKind kind;
    ExecutorKind requested;
    AutoExecutor control;
    int workers;
    int64_t chunk; /* rows per task that were asked for; 0: by time */
    double timeout;

    RunTask *tasks; /* in source order; there are few */
    int count, room;
    int current; /* the one whose rows are being read, -1: none */
    Task *spare; /* one to use again, with its buffers */

    bool failed;
    double unit_ns;     /* what the last task took per unit; 0: not known */
    double feed_ns;     /* what reading a row cost the host, while auto decides */
    double reader_ns;   /* what the reader did with the rows of a unit, the last time */
    int64_t given_ns;   /* when rows were given to the reader; 0: they were not */
    double given_units; /* of the task that they came from */
    int64_t last_units; /* of the last task that was filled */

    int64_t number, start_ns, startup_ns, busy_ns, task_count, rows_in, rows_out, retries, most_rows;
    double rowids_per_row; /* of a partition, as far as is known */
    int64_t looked_ns;     /* when the host was last asked about an interrupt */
    bool partitioned;      /* at least at first */
    ProgressLine progress;
};

int host_interrupted(void *pulse)
{
    sqlite3_reset(pulse);
    int rc = sqlite3_step(pulse);
    sqlite3_reset(pulse);
    return rc == SQLITE_INTERRUPT;
}

static bool look_for_interrupt(MapRun *run)
{
    for (int i = 0; i < PULSES; i++)
        if (host_interrupted(run->pulse))
            return true;
    return false;
}

static int use_executor(MapRun *run, ExecutorKind kind, char **message)
{
    Executor *executor;
    int rc = connection_state_executor(run->state, kind, run->workers, &executor, message);
    if (rc != SQLITE_OK)
        return rc;
    if (run->held[kind])
        executor_let_go(executor);
    run->held[kind] = true;
    run->startup_ns += executor->startup_ns;
    run->executor = executor;
    run->kind = kind;
    return SQLITE_OK;
}

/* `auto` may do with fewer than it could have. */
static int workers_wanted(const MapRun *run)
{
    return run->requested == EXECUTOR_AUTO ? run->control.wanted : run->workers;
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
    double unit_ns = run->unit_ns > 0 ? run->unit_ns : fed ? run->plan->row_ns : run->plan->rowid_ns;
    double left = (double)task_source_left(&run->source);
    double target_ns = chunk_target_ns;
    if (run->plan->spec.partial && run->kind != EXECUTOR_SERIAL) {
        target_ns = left * unit_ns / (CHUNKS_LEFT * workers_wanted(run));
        target_ns = target_ns < chunk_target_ns    ? chunk_target_ns
                    : target_ns < partial_chunk_ns ? target_ns
                                                   : partial_chunk_ns;
    }
    if (unit_ns > 0)
        units = target_ns / unit_ns;
    /* Grow step by step: the first rows need not be like the others. */
    if (run->unit_ns > 0 && units > (double)run->last_units * GROWTH)
        units = (double)run->last_units * GROWTH;
    /* Towards the end, where that is known, chunks shrink, so that no worker is left with a long one. */
    if (run->kind != EXECUTOR_SERIAL && left > 0) {
        double share = left / (2.0 * workers_wanted(run));
        if (unit_ns > 0 && share < chunk_least_ns / unit_ns)
            share = chunk_least_ns / unit_ns;
        if (units > share)
            units = share;
    }
    double most = fed ? CHUNK_ROWS : 1e15;
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
        entry->kind = run->kind;
    }
    return rc == SQLITE_BUSY ? SQLITE_OK : rc;
}

static int task_limit(const MapRun *run)
{
    return run->kind == EXECUTOR_SERIAL ? 1 : EXECUTOR_DEPTH * workers_wanted(run);
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
        task->worker_limit = workers_wanted(run);
    }
    return task;
}

/* Rows that a range of rowids may give in one turn: no more than were asked for, and than a buffer should
 * hold. */
static uint32_t output_rows(const MapRun *run, int64_t units)
{
    if (run->plan->spec.partial && !run->plan->spec.group_by)
        return 1;
    int64_t rows = (int64_t)OUTPUT_BYTES / (9 * (run->plan->map_columns + 1));
    if (rows > units)
        rows = units;
    if (rows > CHUNK_ROWS)
        rows = CHUNK_ROWS;
    if (run->chunk && rows > run->chunk)
        rows = run->chunk;
    return rows < 1 ? 1 : (uint32_t)rows;
}

/* Hands out tasks until the bound is reached or the source ends. */
static int top_up(MapRun *run)
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
        bool timed = run->requested == EXECUTOR_AUTO && run->kind == EXECUTOR_SERIAL;
        int64_t start = timed ? monotonic_ns() : 0;
        int64_t units = next_units(run);
        if (!task_source_fill(&run->source, task, units, output_rows(run, units), !run->chunk)) {
            run->spare = task;
            continue;
        }
        if (timed && !run->source.snapshot)
            run->feed_ns = (double)(monotonic_ns() - start) / task->order.end_row;
        run->last_units = run->source.snapshot ? task->order.last_rowid - task->order.first_rowid + 1
                                               : (int64_t)task->order.end_row;
        int rc = insert_task(run, run->count, task);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

static bool is_range(const Task *task)
{
    return task->recipe->scan != 0;
}

/* Whether a part of the task's order is still to be done. */
static bool has_rest(const Task *task)
{
    return task->report.rc == SQLITE_OK && task->report.next_row < task->order.end_row;
}

/* Units that the task's last turn got through. */
static double units_done(const Task *task)
{
    const TaskReport *report = &task->report;
    if (!is_range(task))
        return report->next_row - task->order.first_row;
    int64_t behind = has_rest(task) ? report->next_rowid : task->order.last_rowid;
    return (double)(behind - task->order.first_rowid) + (has_rest(task) ? 0 : 1);
}

static void follow_controller(MapRun *run, ExecutorKind kind)
{
    while (kind != run->kind) {
        char *message = NULL;
        if (use_executor(run, kind, &message) != SQLITE_OK)
            kind = auto_executor_unavailable(&run->control, kind, message);
        sqlite3_free(message);
    }
}

/* Takes in what a task that got done tells: for the log, and for what comes. */
static void account(MapRun *run, const RunTask *entry)
{
    const Task *task = entry->task;
    const TaskReport *report = &task->report;
    RunRecord *record = run_log_find(&run->state->log, run->number);
    double ns = (double)(report->end_ns - report->start_ns);
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
        run->rowids_per_row *= GROWTH;
    if (units > 0) {
        run->unit_ns = ns / units;
        if (is_range(task))
            run->plan->rowid_ns = run->unit_ns;
        else
            run->plan->row_ns = run->unit_ns;
    }
    if (run->requested == EXECUTOR_AUTO && report->rc == SQLITE_OK &&
        is_range(task) == (run->source.snapshot != NULL))
        follow_controller(
            run,
            auto_executor_observe(&run->control, &(AutoSample){.ran_on = entry->kind,
                                                               .units = units,
                                                               .ns = ns,
                                                               .feed_ns = run->feed_ns,
                                                               .reader_ns = run->reader_ns,
                                                               .left = (double)task_source_left(&run->source),
                                                               .fed = !is_range(task),
                                                               .more = !run->source.ended}));
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

/* The reader has had the rows of the current task: the rest of it goes on, or it is retired. */
static int finish_current(MapRun *run)
{
    int place = run->current;
    if (place < 0)
        return SQLITE_OK;
    RunTask *entry = &run->tasks[place];
    executor_release(entry->executor, entry->task);
    run->current = -1;
    if (has_rest(entry->task))
        return submit_rest(run, place);
    retire_place(run, place);
    return SQLITE_OK;
}

/* The task to read next: the oldest, or, where order does not matter, any that is done. -1: none is done yet.
 */
static int ready_place(const MapRun *run)
{
    int last = run->plan->spec.ordered && run->count ? 1 : run->count;
    for (int i = 0; i < last; i++)
        if (run->tasks[i].executor && atomic_load_explicit(&run->tasks[i].task->done, memory_order_acquire))
            return i;
    return -1;
}

/* Runs the first task in the host when it is waited for. */
static int do_in_place(MapRun *run)
{
    RunTask *head = &run->tasks[0];
    head->executor = run->serial;
    head->kind = EXECUTOR_SERIAL;
    return executor_submit(run->serial, head->task);
}

/*
 * The first task was not taken: other runs hold what the executor has, and perhaps nobody else can go on. It
 * is done in place, unless workers were asked for that isolate the host from the map: then there is one more.
 */
static int place_head(MapRun *run, char **message)
{
    RunTask *head = &run->tasks[0];
    int rc = submit(run, head);
    if (rc != SQLITE_OK || head->executor)
        return rc;
    if (run->requested != EXECUTOR_PROCESSES)
        return do_in_place(run);
    head->task->worker_limit = 0;
    rc = executor_ensure_workers(run->executor, run->executor->workers + 1, message);
    return rc == SQLITE_OK ? submit(run, head) : rc;
}

/* A task that is needed next, and that no worker has begun, need not wait for one to wake. A time limit only
   holds for workers. */
static bool may_help(const MapRun *run)
{
    return run->plan->spec.ordered && run->timeout <= 0;
}

/* Waits until a task is ready; SQLITE_INTERRUPT when the host was interrupted meanwhile. */
static int wait_ready(MapRun *run, int *place, char **message)
{
    for (;;) {
        *place = ready_place(run);
        if (*place >= 0)
            return SQLITE_OK;
        RunTask *head = &run->tasks[0];
        int rc = SQLITE_OK;
        if (!head->executor)
            rc = place_head(run, message);
        else if (may_help(run) && executor_withdraw(head->executor, head->task))
            rc = do_in_place(run);
        if (rc != SQLITE_OK)
            return rc;
        bool in_place = head->executor == run->serial;
        if (in_place)
            chunk_runner_watch(run->state->runner, host_interrupted, run->pulse);
        executor_wait(head->executor ? head->executor : run->executor,
                      head->executor && (run->plan->spec.ordered || in_place) ? head->task : NULL, WAIT_MS);
        if (in_place)
            chunk_runner_watch(run->state->runner, NULL, NULL);
        if (ready_place(run) < 0 && look_for_interrupt(run))
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

/* The error of the current task. A worker that reads the table itself does not know the row's position; the
   rows before it were all counted, so in source order the run does. */
static int fail_task(MapRun *run, char **message)
{
    const Task *task = run->tasks[run->current].task;
    const TaskReport *report = &task->report;
    if (!is_range(task) || !report->rows_in)
        return fail(run, report->rc, report->message, message);
    char *text = run->plan->spec.ordered
                     ? sqlite3_mprintf("%s (row %lld)", report->message, (long long)run->rows_in + 1)
                     : sqlite3_mprintf("%s (rowid %lld)", report->message, (long long)report->next_rowid);
    int rc = text ? fail(run, report->rc, text, message) : SQLITE_NOMEM;
    sqlite3_free(text);
    return rc;
}

static void give_up_task(MapRun *run, RunTask *entry)
{
    run->retries += entry->task->retries;
    if (entry->executor)
        executor_abandon(entry->executor, entry->task);
    else
        task_free(entry->task);
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
        give_up_task(run, &run->tasks[i]);
    run->count = 0;
    run->current = -1;
    task_free(run->spare);
    run->spare = NULL;
    for (int kind = 0; kind < EXECUTOR_KINDS; kind++)
        if (run->state->executors[kind])
            executor_end_scan(run->state->executors[kind], scan);
    run->unit_ns = 0;
    run->source.units = run->rows_in;
    return task_source_fall_back(&run->source, ranges, count);
}

/* Whether the current task's result is to be thrown away: it was read from a file that has changed, or could
   not be read from it at all. */
static bool is_doubtful(MapRun *run)
{
    const Task *task = run->tasks[run->current].task;
    if (!is_range(task) || !run->source.snapshot)
        return false;
    const TaskReport *report = &task->report;
    if (report->rc != SQLITE_OK && report->rc != SQLITE_INTERRUPT && report->rc != SQLITE_NOMEM &&
        !report->rows_in)
        return true;
    return !task_source_confirm(&run->source, report);
}

/* How much of the source is done, as far as that is known: 0 … 1, or -1. */
static double share_done(const MapRun *run)
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

/* The reader has come back for more rows. */
static void time_reader(MapRun *run)
{
    if (run->given_ns && run->given_units > 0)
        run->reader_ns = (double)(monotonic_ns() - run->given_ns) / run->given_units;
    run->given_ns = 0;
}

static void give(MapRun *run, const Task *task)
{
    run->given_ns = run->requested == EXECUTOR_AUTO ? monotonic_ns() : 0;
    run->given_units = units_done(task);
}

int map_run_next(MapRun *run, RowsetView *rows, char **message)
{
    time_reader(run);
    for (;;) {
        /* A failed task is only left behind when its rows have been read: now comes its error. */
        if (run->current >= 0 && run->tasks[run->current].task->report.rc != SQLITE_OK)
            return fail_task(run, message);
        int rc = finish_current(run);
        if (rc == SQLITE_OK)
            rc = top_up(run);
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
        if (is_doubtful(run)) {
            rc = fall_back(run);
            if (rc != SQLITE_OK)
                return fail(run, rc, run->source.message, message);
            continue;
        }
        account(run, &run->tasks[place]);
        /* Tasks may give no rows for long; the host should not wait for them unheard. */
        if (monotonic_ns() - run->looked_ns > WAIT_MS * 1000000) {
            if (look_for_interrupt(run))
                return fail(run, SQLITE_INTERRUPT, "interrupted", message);
            run->looked_ns = monotonic_ns();
        }
        progress_line_draw(&run->progress, run->rows_in, share_done(run));
        const Task *task = run->tasks[place].task;
        if (!task->report.rows_out)
            continue;
        if (rowset_open(rows, task->output, task->output_size) && rows->rows == task->report.rows_out) {
            give(run, task);
            return SQLITE_ROW;
        }
        return fail(run, SQLITE_CORRUPT, "parallel_map: a worker's result is damaged", message);
    }
}

static int start(MapRun *run, char **message)
{
    ConnectionState *state = run->state;
    const MapSpec *spec = &run->plan->spec;
    const Settings *settings = &state->settings;
    run->requested = spec->has_executor ? spec->executor : settings->executor;
    run->chunk = spec->has_chunk ? spec->chunk : settings->chunk;
    run->workers = spec->has_workers ? spec->workers : settings->workers;
    if (!run->workers)
        run->workers = run->requested == EXECUTOR_SERIAL ? 1 : connection_state_processors(state);
    run->timeout = settings->timeout_seconds;
    progress_line_begin(&run->progress, settings->progress, run->start_ns);
    int rc = use_executor(run, EXECUTOR_SERIAL, message);
    run->serial = run->executor;
    if (rc == SQLITE_OK && run->requested != EXECUTOR_AUTO && run->requested != EXECUTOR_SERIAL)
        rc = use_executor(run, run->requested, message);
    if (rc == SQLITE_OK)
        rc = task_source_open(&run->source, state, run->plan, message);
    if (rc != SQLITE_OK)
        return rc;
    run->partitioned = run->source.snapshot != NULL;
    if (run->requested == EXECUTOR_AUTO)
        follow_controller(run,
                          auto_executor_begin(&run->control, run->plan, state->executors, run->workers,
                                              !run->partitioned, (double)task_source_left(&run->source)));
    /* The first task is made now, so that a stale plan shows before anything was given out. */
    rc = top_up(run);
    if (rc == SQLITE_OK && plan_is_stale(run->plan))
        rc = SQLITE_SCHEMA;
    return rc;
}

int map_run_open(ConnectionState *state, Plan *plan, sqlite3_stmt *pulse, MapRun **out, char **message)
{
    *out = NULL;
    MapRun *run = calloc(1, sizeof *run);
    if (!run)
        return SQLITE_NOMEM;
    run->state = state;
    run->plan = plan;
    run->pulse = pulse;
    run->current = -1;
    run->start_ns = run->looked_ns = monotonic_ns();
    run->rowids_per_row = 1;
    int rc = start(run, message);
    if (rc == SQLITE_OK) {
        RunRecord *record =
            run_log_add(&state->log, plan->spec.source, plan->spec.map, executor_kind_name(run->requested));
        if (record)
            run->number = record->run;
        *out = run;
        return SQLITE_OK;
    }
    if (rc != SQLITE_SCHEMA) {
        RunRecord *record =
            run_log_add(&state->log, plan->spec.source, plan->spec.map, executor_kind_name(run->requested));
        if (record) {
            run->number = record->run;
            run_log_set(&record->error, *message ? *message : sqlite3_errstr(rc));
        }
    }
    map_run_close(run);
    return rc;
}

/* feed, partition, or both; with the reason where a table was fed. */
static void write_access(const MapRun *run, RunRecord *record)
{
    if (run->partitioned)
        run_log_set(&record->access, run->source.range_feed ? "partition, then feed" : "partition");
    else
        run_log_set(&record->access, "feed");
    char reason[400];
    const char *why = run->requested == EXECUTOR_AUTO ? run->control.reason : "asked for";
    if (run->source.why_feed) {
        sqlite3_snprintf(sizeof reason, reason, "%s; fed: %s", why, run->source.why_feed);
        why = reason;
    }
    run_log_set(&record->reason, why);
}

static void write_log(MapRun *run)
{
    RunRecord *record = run_log_find(&run->state->log, run->number);
    if (!record)
        return;
    run_log_set(&record->executor, executor_kind_name(run->kind));
    write_access(run, record);
    record->workers = run->kind == EXECUTOR_SERIAL ? 1 : workers_wanted(run);
    record->chunk = run->chunk ? run->chunk : run->most_rows;
    record->tasks = run->task_count;
    record->rows_in = run->rows_in;
    record->rows_out = run->rows_out;
    record->retries = run->retries;
    record->wall_seconds = (double)(monotonic_ns() - run->start_ns) / 1e9;
    record->startup_seconds = (double)run->startup_ns / 1e9;
    record->busy_seconds = (double)run->busy_ns / 1e9;
}

void map_run_close(MapRun *run)
{
    if (!run)
        return;
    if (run->source.ended && !run->failed && !run->count && run->source.rc == SQLITE_OK && !run->partitioned)
        run->plan->rows = run->source.units;
    for (int i = 0; i < run->count; i++)
        give_up_task(run, &run->tasks[i]);
    progress_line_end(&run->progress);
    write_log(run);
    if (run->partitioned)
        for (int kind = 0; kind < EXECUTOR_KINDS; kind++)
            if (run->state->executors[kind])
                executor_end_scan(run->state->executors[kind], run->source.recipe->scan);
    for (int kind = 0; kind < EXECUTOR_KINDS; kind++)
        if (run->held[kind])
            executor_let_go(run->state->executors[kind]);
    task_free(run->spare);
    free(run->tasks);
    task_source_close(&run->source);
    free(run);
}
