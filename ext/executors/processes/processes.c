/*
 * The executor whose workers are processes.
 *
 * A task's life. submit copies recipe and input into a free slot of the worker that has least to do (the task
 * keeps its own, for a second try), marks the slot QUEUED and rings the worker's bell. The worker takes its
 * slots in order (RUNNING), evaluates from the input window into the output window, marks the slot DONE, sets
 * its bit among the workers that are done with something, and rings the host's bell if the host waits for
 * that slot. wait finds it DONE, copies and checks the report, maps the output where it lies, and sets
 * `done`; the host reads the output in place until release frees the slot. No byte of a rowset is sent
 * through a socket, no lock is shared.
 *
 * Why it is bounded. A worker has CHANNEL_SLOTS slots; a task is accepted only into a free one, and keeps it
 * until its result was released. Windows grow with the largest task that went through them and shrink when a
 * slot gets free.
 *
 * Why nothing is lost. The zygote reaps a worker and reports its end; only then does the pool give up the
 * worker's channel and hand the worker to this file as lost. A task that was DONE stays readable: the memory
 * outlives the process. A task that was QUEUED goes to another worker as if nothing had happened. A task that
 * was RUNNING is tried again, and retries.h notes the row that the worker was at: next, the rows before that
 * row are evaluated (their result is handed out as a partial one, the run comes back for the rest), then that
 * row alone. When limits.retries further tries have failed, the task ends in an error that names the row and
 * how the worker ended. Partial aggregates are not taken apart; they are tried again whole.
 *
 * Why nothing hangs. The host never waits for a lock or for a message, only on its bell, at most 10 ms at a
 * time; after each nap it checks the slots, the zygote's messages and the clock. A worker whose task exceeds
 * its timeout is killed. A zygote that does not carry out a kill is killed itself; its workers die with it,
 * and a new one is started. Failures in a row, of zygotes, of workers that end before they are ready, of one
 * task, are counted, and end in errors for all waiting tasks, not in another try.
 *
 * What abandon leaves. A task that runs is cancelled and freed at once, its slot is not: the slot gets free
 * when the worker has confirmed. The zygote kills a worker that has not done so within 20 ms; the host need
 * not come back for that.
 */
#include "ext/executors/processes/processes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/processors.h"
#include "ext/base/sqlite_api.h"
#include "ext/executors/kinds.h"
#include "ext/executors/processes/retries.h"
#include "ext/executors/processes/slots.h"
#include "ext/executors/processes/watch.h"

enum {
    NAP_MILLISECONDS = 10,
    /* Nanoseconds between two checks of the zygote and of all workers while there is no news. */
    CHECK_NANOSECONDS = 5000000,
    ABANDON_MILLISECONDS = 20,
};

typedef struct ProcessExecutor {
    Executor base;
    ProcessPool pool;
    /* Tasks that lost their slot and wait for another one, in the order in which they get one. */
    Task *waiting;
    Retries retries;
    /* Number of tasks done so far, and what it was when wait last returned. */
    uint64_t completed, seen;
    /* Time of the next check of the zygote and of all workers. */
    int64_t check_ns;
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
    retries_forget(&self->retries, task);
    complete(self, task);
}

static void fail_used_up(ProcessExecutor *self, Task *task, const Retry *retry)
{
    char text[TASK_MESSAGE_SIZE];
    retry_message(retry, task, text, sizeof text);
    const bool timed_out = retry->timed_out;
    fail(self, task, SQLITE_ERROR, retry->row, "%s", text);
    task->report.timed_out = timed_out;
}

/* Takes report and output of a task whose slot is DONE. */
static void collect(ProcessExecutor *self, PoolSlot *slot)
{
    Task *task = slot->task;
    slots_note_finished(&self->pool, slot);
    slots_read_report(slot, &task->report);
    process_pool_forget_failures(&self->pool);
    bool fits = task_report_fits(task, &task->report, slot->end_row);
    int rc = fits ? slots_map_output(&self->pool, slot, &task->output, &task->output_size) : SQLITE_CORRUPT;
    if (rc == SQLITE_CORRUPT) {
        fail(self, task, SQLITE_ERROR, task->order.first_row,
             "parallel_map: a worker process gave an answer that makes no sense");
        return;
    }
    if (rc != SQLITE_OK) {
        fail(self, task, rc, task->order.first_row,
             "parallel_map: no memory for the output of a worker process: %s", strerror(errno));
        return;
    }
    const Retry *retry = retries_find(self->retries, task);
    if (retry && task->report.next_row > retry->row)
        retries_forget(&self->retries, task);
    complete(self, task);
}

static void collect_or_free(ProcessExecutor *self, PoolSlot *slot)
{
    if (slot->task)
        collect(self, slot);
    else
        slots_free(&self->pool, slot);
}

/* Collects what is done, and frees the slots of abandoned tasks whose end is confirmed. */
static void collect_done(ProcessExecutor *self)
{
    for (PoolSlot *slot = NULL; (slot = slots_next_done(&self->pool, slot));)
        collect_or_free(self, slot);
}

/* The same for the workers that have said that something is done: in a large pool most have not. */
static void collect_said(ProcessExecutor *self)
{
    WorkerSet done;
    process_pool_take_done(&self->pool, &done);
    for (int i = 0; (i = worker_set_next(&done, i)) >= 0 && i < self->pool.worker_count; i++) {
        PoolWorker *worker = self->pool.workers[i];
        for (PoolSlot *slot = NULL; worker && (slot = slots_next_done_of(worker, slot));)
            collect_or_free(self, slot);
    }
}

/* ---- handing tasks to workers ---- */

/* SQLITE_OK, SQLITE_BUSY, SQLITE_NOMEM or SQLITE_FULL; with an error the task has no slot, and with the last
   two errno says why. */
static int hand_over(ProcessExecutor *self, Task *task)
{
    int workers = task->worker_limit ? task->worker_limit : self->pool.worker_count;
    process_pool_set_spin(&self->pool, self->processors > 1 && workers <= self->processors);
    collect_said(self);
    PoolSlot *slot = slots_find_free(&self->pool, task->worker_limit);
    if (!slot)
        return SQLITE_BUSY;
    int rc = slots_queue(&self->pool, slot, task, retries_end_of_try(self->retries, task));
    if (rc == SQLITE_OK)
        task->slot = slot;
    return rc;
}

static void free_slot(ProcessExecutor *self, Task *task)
{
    PoolSlot *slot = task->slot;
    task->slot = NULL;
    task->output = NULL;
    task->output_size = 0;
    if (slot)
        slots_free(&self->pool, slot);
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

/* Tries a task again whose worker died while it ran the task, at this row. */
static void try_again(ProcessExecutor *self, Task *task, uint32_t row, const WorkerEnd *end)
{
    task->retries++;
    if (task->recipe->flags & RECIPE_MORSELS) {
        /* A part of a query has no rows to feed instead: all of it is done again. */
        const Retry ends = {.deaths = task->retries, .timed_out = end->timed_out, .status = end->status};
        if (task->retries > self->base.limits.retries)
            fail_used_up(self, task, &ends);
        else
            wait_for_slot(self, task, true);
        return;
    }
    if (task->recipe->scan) {
        /* The row is not known. The run will feed the rows of the range instead, chunk after chunk. */
        fail(self, task, SQLITE_ERROR, task->order.first_row,
             "parallel_map: a worker process ended while it read rowids %lld to %lld",
             (long long)recipe_rowid(task->recipe, task->order.first_rowid),
             (long long)recipe_rowid(task->recipe, task->order.last_rowid));
        return;
    }
    const Retry *retry = retries_note_death(&self->retries, task, row, end->timed_out, end->status);
    if (!retry)
        fail(self, task, SQLITE_NOMEM, task->order.first_row, "parallel_map: out of memory");
    else if (retry_is_used_up(retry, task, self->base.limits.retries))
        fail_used_up(self, task, retry);
    else
        wait_for_slot(self, task, true);
}

/* Takes the tasks out of a lost worker, except those whose output is being read. */
static void empty_lost(ProcessExecutor *self, PoolWorker *worker)
{
    for (int i = 0; i < CHANNEL_SLOTS; i++) {
        PoolSlot *slot = &worker->slots[i];
        Task *task = slot->task;
        if (!slot->used || (task && task->done))
            continue;
        SlotState state = slots_state(slot);
        if (!task) {
            slots_free(&self->pool, slot);
        } else if (state == SLOT_DONE) {
            collect(self, slot);
        } else {
            uint32_t row = slots_current_row(slot);
            free_slot(self, task);
            if (worker->end.counts && state != SLOT_QUEUED)
                try_again(self, task, row, &worker->end);
            else
                wait_for_slot(self, task, false);
        }
    }
}

static void empty_all_lost(ProcessExecutor *self)
{
    for (PoolWorker *worker; (worker = process_pool_take_lost(&self->pool));)
        empty_lost(self, worker);
}

static void fail_waiting(ProcessExecutor *self)
{
    while (self->waiting) {
        Task *task = self->waiting;
        self->waiting = task->next;
        fail(self, task, SQLITE_ERROR, task->order.first_row, "%s", process_pool_error(&self->pool));
    }
}

/* ---- checks while a task is not done ---- */

/* Receives what has happened, collects what is done, and kills what does not go on. */
static void check(ProcessExecutor *self, int64_t now)
{
    process_pool_check(&self->pool);
    empty_all_lost(self);
    collect_done(self);
    watch_check(&self->pool, now);
    empty_all_lost(self);
}

/* Replaces lost workers, and gives slots to waiting tasks. */
static void restore(ProcessExecutor *self)
{
    if (process_pool_is_full(&self->pool) && !self->waiting)
        return;
    bool workers = process_pool_fill(&self->pool);
    empty_all_lost(self);
    self->base.workers = process_pool_live(&self->pool);
    if (!workers)
        fail_waiting(self);
    hand_over_waiting(self);
}

/* Collects the slots that workers have announced as done. Checks the zygote and all workers as well where
 * that is due, or there is news, or a task waits for a slot: in a large pool that takes longer than many a
 * task. */
static void look(ProcessExecutor *self, int64_t now)
{
    collect_said(self);
    bool due = now >= self->check_ns || self->waiting;
    if (!process_pool_has_news(&self->pool) && !due)
        return;
    check(self, now);
    restore(self);
    self->check_ns = now + CHECK_NANOSECONDS;
}

static bool is_over(ProcessExecutor *self, const Task *task)
{
    if (!task) {
        if (self->completed == self->seen)
            collect_said(self);
        return self->completed != self->seen;
    }
    PoolSlot *slot = task->slot;
    if (!task->done && slot && slots_state(slot) == SLOT_DONE)
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
    process_pool_set_idle_end(pool, 0);
    process_pool_check(pool);
    empty_all_lost(self);
    collect_done(self);
    if (process_pool_grow(pool, workers) != SQLITE_OK) {
        *message = sqlite3_mprintf("parallel_map: out of memory for %d worker processes", workers);
        return SQLITE_NOMEM;
    }
    self->processors = processors_affinity();
    executor->workers = process_pool_live(pool);
    if (process_pool_is_complete(pool))
        return SQLITE_OK;
    pool->give_up = executor->limits.give_up;
    pool->give_up_arg = executor->limits.give_up_arg;
    bool started = process_pool_start(pool);
    pool->give_up = NULL;
    empty_all_lost(self);
    executor->workers = process_pool_live(pool);
    executor->startup_ns = clock_ns() - start;
    if (started)
        return SQLITE_OK;
    *message = sqlite3_mprintf("%s", pool->given_up ? "interrupted" : process_pool_error(pool));
    return pool->given_up ? SQLITE_INTERRUPT : SQLITE_ERROR;
}

/* Whether more slots will get free by themselves than there are tasks that wait for one. */
static bool has_room_soon(const ProcessExecutor *self)
{
    int room = slots_free_soon(&self->pool);
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
    /* An entry is that of the same chunk only where the run comes back for the chunk's rest, that is after
       some of its rows. */
    Retry *retry = retries_find(self->retries, task);
    if (retry && (task->order.first_row == 0 || task->order.first_row > retry->row)) {
        retries_forget(&self->retries, task);
        retry = NULL;
    }
    if (retry && task->order.first_row == retry->row &&
        retry_is_used_up(retry, task, self->base.limits.retries)) {
        fail_used_up(self, task, retry);
        return SQLITE_OK;
    }
    int rc = self->waiting ? SQLITE_BUSY : hand_over(self, task);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY) {
        fail_to_hand_over(self, task, rc, errno);
        rc = SQLITE_OK;
    }
    if (rc == SQLITE_OK)
        return rc;
    /* The caller might run the task in place: not where a row of it kills processes, nor where there will be
       room soon. */
    if (retry || (rc == SQLITE_BUSY && (!process_pool_live(&self->pool) || has_room_soon(self)))) {
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
    /* A rank does not want to wait, and calls this again and again. */
    bool spun = !milliseconds || process_pool_live(&self->pool) >= self->processors;
    while (!spun && !is_over(self, task)) {
        processor_pause();
        spun = clock_ns() - now > SPIN_NANOSECONDS;
    }
    Bell *bell = process_pool_bell(&self->pool);
    for (;;) {
        unsigned rung = bell ? bell_listen(bell) : 0;
        now = clock_ns();
        look(self, now);
        /* While a task waits for a slot any worker may have one. */
        process_pool_await(&self->pool, task && !self->waiting ? task->slot : NULL);
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
    PoolSlot *slot = task->slot;
    retries_forget(&self->retries, task);
    for (Task **link = &self->waiting; *link; link = &(*link)->next)
        if (*link == task) {
            *link = task->next;
            break;
        }
    if (!slot || task->done || slots_withdraw(slot) || slots_state(slot) == SLOT_DONE)
        free_slot(self, task);
    else
        slots_abandon(&self->pool, slot, ABANDON_MILLISECONDS);
    task_free(task);
}

static void processes_close(Executor *executor)
{
    ProcessExecutor *self = self_of(executor);
    process_pool_close(&self->pool);
    retries_clear(&self->retries);
    free(self);
}

static void processes_end_scan(Executor *executor, uint64_t scan)
{
    process_pool_end_scan(&self_of(executor)->pool, scan);
}

static ScanEnd processes_await_end(Executor *executor, int milliseconds)
{
    ProcessExecutor *self = self_of(executor);
    Bell *bell = process_pool_bell(&self->pool);
    if (!bell)
        return SCAN_CLOSED;
    bool alone = atomic_load(&executor->users) <= 1;
    int64_t now = clock_ns(), end = now + (int64_t)milliseconds * 1000000;
    ScanEnd state = watch_closing(&self->pool, alone, now);
    while (state != SCAN_CLOSED && now < end) {
        unsigned rung = bell_listen(bell);
        check(self, now);
        state = watch_closing(&self->pool, alone, now);
        if (state != SCAN_CLOSED)
            bell_sleep(bell, rung, end - now);
        now = clock_ns();
    }
    bell_wake(bell);
    return state;
}

/* Lets the zygote end the pool when no run has used it for so long; the next ensure_workers starts another
 * one. */
static void processes_let_go(Executor *executor)
{
    int64_t idle_ns = (int64_t)(executor->limits.idle_seconds * 1e9);
    if (!atomic_load(&executor->users))
        process_pool_set_idle_end(&self_of(executor)->pool, clock_ns() + idle_ns);
}

Executor *executor_processes_create(const WorkerProgram *program, const char *sqlite_path)
{
    ProcessExecutor *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->base.kind = &executor_processes;
    self->base.owner = getpid();
    self->processors = 1;
    if (process_pool_init(&self->pool, program, sqlite_path) != SQLITE_OK) {
        free(self);
        return NULL;
    }
    return &self->base;
}

static Executor *processes_create(const ExecutorParts *parts)
{
    WorkerProgram program;
    if (parts->program ? !worker_program_copy(&program, parts->program)
                       : !launch_find_worker(&program, parts->folder))
        return NULL;
    char *library = launch_sqlite_path();
    Executor *executor = library ? executor_processes_create(&program, library) : NULL;
    free(library);
    worker_program_free(&program);
    return executor;
}

/* A task that was done waits in its slot no more. */
static TaskControl *processes_control(Executor *base, Task *task)
{
    (void)base;
    return task->slot && !atomic_load(&task->done) ? slots_control(task->slot) : NULL;
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
    .control = processes_control,
    .wait = processes_wait,
    .release = processes_release,
    .abandon = processes_abandon,
    .end_scan = processes_end_scan,
    .await_end = processes_await_end,
    .let_go = processes_let_go,
    .close = processes_close,
};
