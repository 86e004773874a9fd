/*
 * The executor whose workers are processes.
 *
 * A task's life. submit copies recipe and input into a free slot of the worker that has least to do (the task
 * keeps its own, for a second try), marks the slot QUEUED and rings the worker's bell. The worker takes its
 * slots in order (RUNNING), evaluates from the input window into the output window, marks the slot DONE and
 * rings the host's bell. wait finds it DONE, copies and checks the report, maps the output where it lies, and
 * sets `done`; the host reads the output in place until release frees the slot. No byte is sent through a
 * socket, no lock is shared.
 *
 * Why it is bounded. A worker has CHANNEL_SLOTS slots; a task is accepted only into a free one, and keeps it
 * until its result was released. Windows grow with the largest task that went through them and shrink when a
 * slot gets free.
 *
 * Why nothing is lost. A worker's end is seen by the zygote, which reaps it and says so; only then is its
 * channel given up. What was DONE stays readable: the memory outlives the process. What was QUEUED goes to
 * other workers as if nothing had happened. What was RUNNING is tried again, and its death is held against
 * the row that the worker was at: next, the rows before that row are evaluated (their result is handed out as
 * a partial one, the run comes back for the rest), then that row alone. When limits.retries tries again have
 * failed, the task ends in an error that names the row and what the worker died of. Partial aggregates are
 * not taken apart; they are tried again whole.
 *
 * Why nothing hangs. The host never waits for a lock or for a message, only on its bell, at most 10 ms at a
 * time; after each nap it looks at the slots, at what the zygote says, and at the clock. A task that runs out
 * of time has its worker killed. A zygote that does not carry out a kill is killed itself; its workers die
 * with it, and a new one is started. Failures in a row, of zygotes, of workers that end before they are
 * ready, of one task, are counted, and end in errors for all that waits, not in another try.
 *
 * What abandon leaves behind. A task that runs is cancelled and forgotten at once, its slot is not: it gets
 * free when the worker has confirmed. The zygote kills a worker that has not within 20 ms; the host need not
 * come back for that.
 */
#include "ext/executors/processes/processes.h"

#include <errno.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/executors/processes/pool.h"
#include "ext/base/clock.h"
#include "ext/base/processors.h"
#include "ext/data/rowset.h"
#include "ext/executors/kinds.h"
#include "ext/executors/processes/retries.h"
#include "ext/executors/processes/launch.h"
#include "ext/executors/processes/watch.h"

enum {
    NAP_MILLISECONDS = 10,
    ABANDON_MILLISECONDS = 20,
};

typedef struct ProcessExecutor {
    Executor base;
    ProcessPool pool;
    Task *waiting; /* tasks that lost their slot and wait for another one, first to go first */
    Suspects suspects;
    uint64_t completed, seen; /* tasks done so far, and when wait last returned */
    int processors;
} ProcessExecutor;

static ProcessExecutor *self_of(Executor *executor)
{
    return (ProcessExecutor *)executor;
}

/* ---- tasks that are done ---- */

static void complete(ProcessExecutor *self, Task *task)
{
    self->completed++;
    atomic_store(&task->done, true);
}

__attribute__((format(printf, 5, 6))) static void fail(ProcessExecutor *self, Task *task, int rc,
                                                       uint32_t row, const char *format, ...)
{
    va_list arguments;
    task->report = (TaskReport){.rc = rc, .next_row = row, .worker = -1};
    task->report.start_ns = task->report.end_ns = clock_ns();
    va_start(arguments, format);
    vsnprintf(task->report.message, sizeof task->report.message, format, arguments);
    va_end(arguments);
    task->output = NULL;
    task->output_size = 0;
    suspects_acquit(&self->suspects, task);
    complete(self, task);
}

static void fail_suspect(ProcessExecutor *self, Task *task, const Suspect *suspect)
{
    char text[TASK_MESSAGE_SIZE];
    suspect_message(suspect, task, text, sizeof text);
    fail(self, task, SQLITE_ERROR, suspect->row, "%s", text);
}

/* Whether a report that came from a worker makes sense as the answer to what it was asked. */
static bool report_fits(const Task *task, const TaskReport *report, uint32_t end_row)
{
    const TaskOrder *order = &task->order;
    if (task->recipe->scan && report->rc == SQLITE_OK && report->next_row == order->first_row)
        return report->next_rowid <= order->last_rowid &&
               (report->next_rowid > order->first_rowid || report->too_long);
    if (report->next_row < task->order.first_row || report->next_row > end_row)
        return false;
    if (report->rc == SQLITE_OK)
        return report->next_row > task->order.first_row || task->order.first_row >= end_row;
    return (report->rc & 0xff) <= SQLITE_WARNING && report->rc > 0;
}

/* Takes over what the worker left in a slot that is DONE, and what became of the task. */
static void collect(ProcessExecutor *self, Slot *slot)
{
    Task *task = slot->task;
    ChannelSlot *shared = slot->shared;
    uint64_t size = shared->output_size;
    memcpy(&task->report, &shared->report, sizeof task->report);
    task->report.message[TASK_MESSAGE_SIZE - 1] = 0;
    if (task->report.rc != SQLITE_OK && !task->report.message[0])
        snprintf(task->report.message, sizeof task->report.message, "%s", sqlite3_errstr(task->report.rc));
    /* A byte from elsewhere need not be a bool's. */
    unsigned char too_long;
    memcpy(&too_long, &shared->report.too_long, sizeof too_long);
    task->report.too_long = too_long != 0;
    task->report.worker = slot->channel->place;
    task->report.pid = process_pool_pid(slot->channel);
    self->pool.failed_starts = self->pool.failed_zygotes = 0;

    if (!report_fits(task, &task->report, slot->end_row) || size > CHANNEL_WINDOW_BYTES) {
        fail(self, task, SQLITE_ERROR, task->order.first_row,
             "parallel_map: a worker process gave an answer that makes no sense");
        return;
    }
    /* Memory for all of it, whatever the worker did: reading it must not fail. */
    int rc = window_reserve(&slot->output, self->pool.memory, size);
    if (rc != SQLITE_OK) {
        fail(self, task, rc, task->order.first_row,
             "parallel_map: no memory for the output of a worker process: %s", strerror(errno));
        return;
    }
    task->output = size ? slot->output.data : NULL;
    task->output_size = size;
    const Suspect *suspect = suspects_find(self->suspects, task);
    if (suspect && task->report.next_row > suspect->row)
        suspects_acquit(&self->suspects, task);
    complete(self, task);
}

/* ---- handing tasks to workers ---- */

static void publish(Slot *slot, uint64_t recipe_size, uint64_t input_size)
{
    const Task *task = slot->task;
    ChannelSlot *shared = slot->shared;
    memcpy(slot->input.data, task->recipe, recipe_size);
    if (input_size)
        memcpy(slot->input.data + channel_input_start(recipe_size), task->input.data, input_size);
    shared->sequence = ++slot->channel->sequence;
    shared->recipe_size = recipe_size;
    shared->input_size = input_size;
    shared->order = task->order;
    shared->order.end_row = slot->end_row;
    atomic_store(&shared->control.cancel, 0);
    atomic_store(&shared->control.current_row, task->order.first_row);
    atomic_store(&shared->started_ns, 0);
    atomic_store(&shared->state, SLOT_QUEUED);
    bell_ring(&slot->channel->control->bell);
}

/* SQLITE_OK, SQLITE_BUSY, SQLITE_NOMEM or SQLITE_FULL; with an error the task has no slot, and with the last
   two errno says why. */
static int hand_over(ProcessExecutor *self, Task *task)
{
    Slot *slot = process_pool_find_slot(&self->pool, task->worker_limit);
    if (!slot)
        return SQLITE_BUSY;
    /* A buffer may be larger than the rowset in it. */
    RowsetView view;
    uint64_t input_size = task->input.size;
    if (rowset_open(&view, task->input.data, task->input.size))
        input_size = view.heap + view.heap_bytes;
    uint64_t recipe_size = task->recipe->size;
    int rc = window_reserve(&slot->input, self->pool.memory, channel_input_start(recipe_size) + input_size);
    if (rc != SQLITE_OK)
        return rc;
    slot->used = true;
    slot->task = task;
    slot->end_row = suspects_end_of_try(self->suspects, task);
    slot->channel->used++;
    slot->channel->reads_files = slot->channel->reads_files || task->recipe->scan;
    task->slot = slot;
    publish(slot, recipe_size, input_size);
    return SQLITE_OK;
}

static void free_slot(ProcessExecutor *self, Task *task)
{
    Slot *slot = task->slot;
    task->slot = NULL;
    task->output = NULL;
    task->output_size = 0;
    if (slot)
        process_pool_free_slot(&self->pool, slot);
}

static void wait_for_slot(ProcessExecutor *self, Task *task, bool first)
{
    Task **link = &self->waiting;
    while (!first && *link)
        link = &(*link)->next;
    task->next = *link;
    *link = task;
}

static void fail_to_hand_over(ProcessExecutor *self, Task *task, int rc, int failure)
{
    fail(self, task, rc, task->order.first_row,
         "parallel_map: no shared memory to hand rows to a worker process: %s", strerror(failure));
}

/* Gives waiting tasks to workers, as far as there is room. */
static void hand_over_waiting(ProcessExecutor *self)
{
    while (self->waiting) {
        Task *task = self->waiting;
        int rc = hand_over(self, task);
        if (rc == SQLITE_BUSY)
            return;
        int failure = errno;
        self->waiting = task->next;
        if (rc != SQLITE_OK)
            fail_to_hand_over(self, task, rc, failure);
    }
}

/* ---- workers that are gone ---- */

/* A worker died over this task. */
static void blame(ProcessExecutor *self, Task *task, uint32_t row, bool timed_out, int status)
{
    task->retries++;
    if (task->recipe->scan) {
        /* Which row it was nobody knows. The run will feed the rows of the range instead, one chunk after the
         * other. */
        fail(self, task, SQLITE_ERROR, task->order.first_row,
             "parallel_map: a worker process ended while it read rowids %lld to %lld",
             (long long)task->order.first_rowid, (long long)task->order.last_rowid);
        return;
    }
    const Suspect *suspect = suspects_blame(&self->suspects, task, row, timed_out, status);
    if (!suspect)
        fail(self, task, SQLITE_NOMEM, task->order.first_row, "parallel_map: out of memory");
    else if (suspect_is_convicted(suspect, task, self->base.limits.retries))
        fail_suspect(self, task, suspect);
    else
        wait_for_slot(self, task, true);
}

static void channel_lost(void *receiver, Channel *channel, const WorkerEnd *end)
{
    ProcessExecutor *self = receiver;
    bool timed_out = channel->verdict == VERDICT_TIMED_OUT;
    /* A worker that was killed because of an abandoned task may have begun another one just then. */
    bool guilty = channel_is_condemned(channel) ||
                  (end->certain && channel->verdict == VERDICT_NONE && clock_ns() > channel->pardon_until);
    int status = end->certain ? end->status : SIGKILL;
    for (int i = 0; i < CHANNEL_SLOTS; i++) {
        Slot *slot = &channel->slots[i];
        Task *task = slot->task;
        if (!slot->used)
            continue;
        unsigned state = atomic_load(&slot->shared->state);
        if (!task) {
            process_pool_free_slot(&self->pool, slot);
        } else if (task->done) {
            /* Its output is being read. */
        } else if (state == SLOT_DONE) {
            collect(self, slot);
        } else {
            uint32_t row = atomic_load(&slot->shared->control.current_row);
            free_slot(self, task);
            if (guilty && state != SLOT_QUEUED)
                blame(self, task, row, timed_out, status);
            else
                wait_for_slot(self, task, false);
        }
    }
}

/* ---- looking after everything ---- */

static void fail_waiting(ProcessExecutor *self)
{
    while (self->waiting) {
        Task *task = self->waiting;
        self->waiting = task->next;
        fail(self, task, SQLITE_ERROR, task->order.first_row, "%s", self->pool.error);
    }
}

/* Collects what is done in a channel, and frees what was given up and is confirmed. */
static void look_at(ProcessExecutor *self, Channel *channel)
{
    for (int i = 0; channel->used && i < CHANNEL_SLOTS; i++) {
        Slot *slot = &channel->slots[i];
        if (!slot->used || (slot->task && slot->task->done) || atomic_load(&slot->shared->state) != SLOT_DONE)
            continue;
        if (slot->task)
            collect(self, slot);
        else
            process_pool_free_slot(&self->pool, slot);
    }
}

static void look_at_all(ProcessExecutor *self)
{
    for (int i = 0; i < self->pool.place_count; i++)
        if (self->pool.places[i])
            look_at(self, self->pool.places[i]);
}

/* All there is to do while a task is not done: news, clock, replacements, tasks without a slot. */
static void look_after(ProcessExecutor *self, int64_t now)
{
    process_pool_hear(&self->pool);
    look_at_all(self);
    watch_check(&self->pool, now);
    if (self->pool.live < self->pool.place_count || self->waiting) {
        bool workers = process_pool_fill(&self->pool);
        self->base.workers = self->pool.live;
        if (!workers)
            fail_waiting(self);
        hand_over_waiting(self);
    }
}

static bool is_over(ProcessExecutor *self, const Task *task)
{
    if (!task) {
        if (self->completed == self->seen)
            look_at_all(self);
        return self->completed != self->seen;
    }
    Slot *slot = task->slot;
    if (!task->done && slot && atomic_load(&slot->shared->state) == SLOT_DONE)
        collect(self, slot);
    return task->done;
}

/* ---- the executor's functions ---- */

static int processes_ensure_workers(Executor *executor, int workers, char **message)
{
    ProcessExecutor *self = self_of(executor);
    ProcessPool *pool = &self->pool;
    int64_t start = clock_ns();
    executor->startup_ns = 0;
    if (pool->control)
        atomic_store(&pool->control->idle_end_ns, 0);
    process_pool_hear(pool);
    look_at_all(self);
    pool->failed_starts = pool->failed_zygotes = 0;
    if (process_pool_grow(pool, workers) != SQLITE_OK) {
        *message = sqlite3_mprintf("parallel_map: out of memory for %d worker processes", workers);
        return SQLITE_NOMEM;
    }
    self->processors = processors_affinity();
    executor->workers = pool->live;
    if (pool->state != ZYGOTE_NONE && pool->live == pool->place_count)
        return SQLITE_OK;
    /* Again for those, zygote included, whose end is noticed only now, and for workers of which none has
       outlived its start. A zygote that never answers is no better the next time; one that is killed may be.
     */
    bool started = false;
    for (int tries = 0; tries < POOL_ZYGOTES_MAX && !(started && pool->live == pool->place_count); tries++) {
        bool was_there = pool->state != ZYGOTE_NONE;
        started = process_pool_fill(pool) && process_pool_await(pool);
        bool all_died = pool->state == ZYGOTE_READY && !pool->live && !pool->fork_refused;
        if (!started && !was_there && !pool->zygote_killed && !all_died)
            break;
    }
    executor->workers = pool->live;
    executor->startup_ns = clock_ns() - start;
    if (started)
        return SQLITE_OK;
    *message = sqlite3_mprintf(
        "%s",
        pool->error[0] ? pool->error : "parallel_map: all worker processes were killed while they started");
    return SQLITE_ERROR;
}

/* Whether more slots will get free by themselves (their tasks were given up, their workers are to be
   replaced) than there are tasks that wait for one. */
static bool has_room_soon(const ProcessExecutor *self)
{
    int room = 0;
    for (int i = 0; i < self->pool.place_count; i++) {
        const Channel *channel = self->pool.places[i];
        for (int j = 0; channel && j < CHANNEL_SLOTS; j++)
            room += channel_is_condemned(channel) || (channel->slots[j].used && !channel->slots[j].task);
    }
    for (const Task *task = self->waiting; task; task = task->next)
        room--;
    return room > 0;
}

static int processes_submit(Executor *executor, Task *task)
{
    ProcessExecutor *self = self_of(executor);
    atomic_store(&task->done, false);
    task->slot = NULL;
    task->output = NULL;
    task->output_size = 0;
    /* A run that comes back for the rest of a chunk has some rows behind it: only then is this the same
     * chunk. */
    Suspect *suspect = suspects_find(self->suspects, task);
    if (suspect && (task->order.first_row == 0 || task->order.first_row > suspect->row)) {
        suspects_acquit(&self->suspects, task);
        suspect = NULL;
    }
    if (suspect && task->order.first_row == suspect->row &&
        suspect_is_convicted(suspect, task, self->base.limits.retries)) {
        fail_suspect(self, task, suspect);
        return SQLITE_OK;
    }
    int rc = self->waiting ? SQLITE_BUSY : hand_over(self, task);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY) {
        fail_to_hand_over(self, task, rc, errno);
        rc = SQLITE_OK;
    }
    if (rc == SQLITE_OK)
        return rc;
    /* The caller might run it in place: not a row that kills processes, and nothing that will have room soon.
     */
    if (suspect || (rc == SQLITE_BUSY && (!self->pool.live || has_room_soon(self)))) {
        wait_for_slot(self, task, false);
        return SQLITE_OK;
    }
    return rc;
}

static void processes_wait(Executor *executor, const Task *task, int milliseconds)
{
    ProcessExecutor *self = self_of(executor);
    if (is_over(self, task)) {
        self->seen = self->completed;
        return;
    }
    int64_t now = clock_ns();
    int64_t end = now + (int64_t)milliseconds * 1000000;
    for (bool spun = self->pool.live >= self->processors; !spun && !is_over(self, task);) {
        processor_pause();
        spun = clock_ns() - now > SPIN_NANOSECONDS;
    }
    Bell *bell = self->pool.control ? &self->pool.control->bell : NULL;
    for (;;) {
        unsigned rung = bell ? bell_listen(bell) : 0;
        now = clock_ns();
        look_after(self, now);
        if (is_over(self, task) || now >= end || !bell)
            break;
        int64_t nap = (int64_t)NAP_MILLISECONDS * 1000000;
        bell_sleep(bell, rung, end - now < nap ? end - now : nap);
    }
    if (bell)
        bell_wake(bell);
    self->seen = self->completed;
}

static void processes_release(Executor *executor, Task *task)
{
    free_slot(self_of(executor), task);
}

static void processes_abandon(Executor *executor, Task *task)
{
    ProcessExecutor *self = self_of(executor);
    Slot *slot = task->slot;
    suspects_acquit(&self->suspects, task);
    for (Task **link = &self->waiting; *link; link = &(*link)->next)
        if (*link == task) {
            *link = task->next;
            break;
        }
    unsigned queued = SLOT_QUEUED;
    if (!slot || task->done || atomic_compare_exchange_strong(&slot->shared->state, &queued, SLOT_FREE) ||
        queued == SLOT_DONE) {
        free_slot(self, task);
    } else {
        slot->task = NULL;
        atomic_store(&slot->shared->control.cancel, 1);
        if (slot->channel->verdict == VERDICT_NONE || slot->channel->verdict == VERDICT_UNWANTED)
            process_pool_kill(&self->pool, slot->channel, slot, VERDICT_UNWANTED, ABANDON_MILLISECONDS);
    }
    task_free(task);
}

static void processes_close(Executor *executor)
{
    ProcessExecutor *self = self_of(executor);
    process_pool_close(&self->pool);
    suspects_clear(&self->suspects);
    free(self);
}

static void processes_end_scan(Executor *executor, uint64_t scan)
{
    ProcessPool *pool = &self_of(executor)->pool;
    if (!pool->control)
        return;
    uint64_t count = atomic_load(&pool->control->ended_count);
    atomic_store(&pool->control->ended_scans[count % CHANNEL_ENDED_SCANS], scan);
    atomic_store(&pool->control->ended_count, count + 1);
    pool->ended_ns = clock_ns();
    for (int i = 0; i < pool->place_count; i++)
        if (pool->places[i] && pool->places[i]->reads_files)
            bell_ring(&pool->places[i]->control->bell);
}

static ScanEnd processes_await_end(Executor *executor, int milliseconds)
{
    ProcessExecutor *self = self_of(executor);
    ProcessPool *pool = &self->pool;
    if (!pool->control)
        return SCAN_LEFT;
    Bell *bell = &pool->control->bell;
    bool alone = atomic_load(&executor->users) <= 1;
    int64_t now = clock_ns(), end = now + (int64_t)milliseconds * 1000000;
    ScanEnd state = watch_leaving(pool, alone, now);
    while (state != SCAN_LEFT && now < end) {
        unsigned rung = bell_listen(bell);
        process_pool_hear(pool);
        look_at_all(self);
        watch_check(pool, now);
        state = watch_leaving(pool, alone, now);
        if (state != SCAN_LEFT)
            bell_sleep(bell, rung, end - now);
        now = clock_ns();
    }
    bell_wake(bell);
    return state;
}

/* The zygote ends the pool when nobody has held it for so long; the next ensure_workers finds it gone. */
static void processes_let_go(Executor *executor)
{
    PoolControl *control = self_of(executor)->pool.control;
    if (control && !atomic_load(&executor->users))
        atomic_store(&control->idle_end_ns, clock_ns() + (int64_t)(executor->limits.idle_seconds * 1e9));
}

Executor *executor_processes_create(const char *worker_path, const char *sqlite_path)
{
    ProcessExecutor *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->base.kind = &executor_processes;
    self->base.owner = getpid();
    self->processors = 1;
    if (process_pool_init(&self->pool, worker_path, sqlite_path, channel_lost, self) != SQLITE_OK) {
        free(self);
        return NULL;
    }
    return &self->base;
}

static Executor *processes_create(const ExecutorParts *parts)
{
    char *worker = launch_worker_path(parts->folder), *library = launch_sqlite_path();
    Executor *executor = worker && library ? executor_processes_create(worker, library) : NULL;
    free(worker);
    free(library);
    return executor;
}

const ExecutorKind executor_processes = {
    .name = "processes",
    .workers = "processes",
    .isolates = true,
    .automatic = true,
    .start_ns = 4e6,
    .window_ns = 5e6,
    .windows = 4,
    .create = processes_create,
    .ensure_workers = processes_ensure_workers,
    .submit = processes_submit,
    .wait = processes_wait,
    .release = processes_release,
    .abandon = processes_abandon,
    .end_scan = processes_end_scan,
    .await_end = processes_await_end,
    .let_go = processes_let_go,
    .close = processes_close,
};
