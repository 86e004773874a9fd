/*
 * The thread executor: workers are threads of the host, each with a private connection, that take tasks from
 * one queue. A worker that finds the queue empty polls it for some microseconds before it sleeps, as waking
 * it costs the next task more than that; but only where there is a processor for each worker.
 *
 * One mutex guards the queue, the count of completions and every worker's state; it is never held while a
 * task is evaluated. Each worker sleeps on a condition of its own: a task that is queued wakes one worker
 * that may take it, and no other, so that a task costs the same in a pool of any size. `task_done` is
 * signalled when the task that the host waits for is done or a worker has closed a file. A task's report and
 * output are written before `done` is stored (release), and read after it was seen (acquire).
 *
 * A thread that runs a task cannot be stopped from outside: cancelling sets the task's flag, which the
 * statement and the price kernel check, and raises an exception in a function of another language, by that
 * language's interpreter. An abandoned task is freed by the thread that runs it. Closing waits for the
 * threads: their code must stay mapped while they run it.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/own_library.h"
#include "ext/base/processors.h"
#include "ext/base/sqlite_threads.h"
#include "ext/evaluate/runner.h"
#include "ext/executors/kinds.h"
#include "ext/executors/thread_pool.h"

enum {
    /* Milliseconds after which a thread that the closing waits for is cancelled again. */
    CLOSE_MILLISECONDS = 100,
    /* Such times for a thread whose language has ended. */
    CLOSE_TRIES_OF_LOST = 5,
};

/* Takes a task out of the queue. False where the task is not in it. */
static bool remove_locked(ThreadPool *pool, Task *task)
{
    if (!task_queue_remove(&pool->queue, task))
        return false;
    atomic_fetch_sub_explicit(&pool->queued, 1, memory_order_relaxed);
    return true;
}

static int init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int error = pthread_condattr_init(&attributes);
    if (error)
        return error;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    error = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return error;
}

static void free_worker(ThreadWorker *worker)
{
    pthread_cond_destroy(&worker->wake);
    free(worker);
}

/* A worker takes no signals: they are the host's. Its stack is that of a main thread, as deep as serial has
 * it. */
static int start_thread(ThreadWorker *worker)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error)
        return error;
    pthread_attr_setstacksize(&attributes, 8 << 20);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&worker->thread, &attributes, thread_worker_run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

/* Joins the threads that have retired, so that others can take their indexes. As long as a run holds the pool
   no more of them retire. */
static void join_retired(ThreadPool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->retire_ns = INT64_MAX;
    for (int i = 0; pool->retired && i < pool->worker_count; i++) {
        ThreadWorker *worker = pool->workers[i];
        if (!worker || !worker->retired)
            continue;
        pool->workers[i] = NULL;
        pool->retired--;
        pthread_mutex_unlock(&pool->mutex);
        pthread_join(worker->thread, NULL);
        free_worker(worker);
        pool->base.workers--;
        pthread_mutex_lock(&pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
}

static void set_worker(ThreadPool *pool, int index, ThreadWorker *worker)
{
    pthread_mutex_lock(&pool->mutex);
    pool->workers[index] = worker;
    pthread_mutex_unlock(&pool->mutex);
}

/* Starts a worker in a index that has none. 0, or an errno. */
static int add_worker(ThreadPool *pool, int index)
{
    ThreadWorker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return ENOMEM;
    int error = init_condition(&worker->wake);
    if (error) {
        free(worker);
        return error;
    }
    worker->pool = pool;
    worker->index = index;
    /* Scans are only ended by the thread that runs this. */
    worker->closed_scans = atomic_load(&pool->ended.count);
    /* The worker is in the pool's list before it runs: it may sleep, and be woken, at once. */
    set_worker(pool, index, worker);
    error = start_thread(worker);
    if (error) {
        set_worker(pool, index, NULL);
        free_worker(worker);
        return error;
    }
    pool->base.workers++;
    return 0;
}

/* Makes room for so many workers. False when out of memory. */
static bool make_room(ThreadPool *pool, int workers)
{
    if (workers <= pool->worker_count)
        return true;
    pthread_mutex_lock(&pool->mutex);
    ThreadWorker **grown = realloc(pool->workers, (size_t)workers * sizeof(ThreadWorker *));
    if (grown) {
        pool->workers = grown;
        while (pool->worker_count < workers)
            grown[pool->worker_count++] = NULL;
    }
    pthread_mutex_unlock(&pool->mutex);
    return grown != NULL;
}

static int threads_ensure_workers(Executor *base, int workers, char **message)
{
    ThreadPool *pool = (ThreadPool *)base;
    base->startup_ns = 0;
    join_retired(pool);
    if (base->workers >= workers)
        return SQLITE_OK;
    int possible = sqlite_allows_threads();
    if (possible == SQLITE_NOMEM)
        return possible;
    if (possible != SQLITE_OK) {
        *message =
            sqlite3_mprintf("parallel_map: this SQLite was built without threads: use executor = processes");
        return SQLITE_ERROR;
    }
    int64_t start = clock_ns();
    if (!pool->processors)
        pool->processors = processors_available();
    if (!make_room(pool, workers))
        return SQLITE_NOMEM;
    for (int index = 0; base->workers < workers; index++) {
        int error = pool->workers[index] ? 0 : add_worker(pool, index);
        if (error) {
            *message = sqlite3_mprintf(
                "parallel_map: worker thread %d of %d could not be started: %s; ask for fewer "
                "workers, or raise the limit on processes and threads",
                base->workers + 1, workers, strerror(error));
            return SQLITE_ERROR;
        }
    }
    base->startup_ns = clock_ns() - start;
    return SQLITE_OK;
}

static int threads_submit(Executor *base, Task *task)
{
    ThreadPool *pool = (ThreadPool *)base;
    atomic_store_explicit(&task->done, false, memory_order_relaxed);
    atomic_store_explicit(&task->control.cancel, 0, memory_order_relaxed);
    atomic_store_explicit(&task->control.morsels, task->order.morsels, memory_order_relaxed);
    task->slot = NULL;
    pthread_mutex_lock(&pool->mutex);
    task_queue_add(&pool->queue, task);
    atomic_fetch_add_explicit(&pool->queued, 1, memory_order_relaxed);
    pool->may_spin = (task->worker_limit ? task->worker_limit : base->workers) <= pool->processors;
    thread_pool_wake_one_locked(pool, task->worker_limit);
    pthread_mutex_unlock(&pool->mutex);
    return SQLITE_OK;
}

static bool threads_withdraw(Executor *base, Task *task)
{
    ThreadPool *pool = (ThreadPool *)base;
    pthread_mutex_lock(&pool->mutex);
    bool removed = remove_locked(pool, task);
    pthread_mutex_unlock(&pool->mutex);
    return removed;
}

static void cancel_locked(const ThreadWorker *worker)
{
    atomic_store(&worker->task->control.cancel, 1);
    if (worker->runner)
        chunk_runner_stop(worker->runner);
}

static void cancel_overdue_locked(ThreadPool *pool)
{
    int64_t now = pool->next_deadline_ns ? clock_ns() : 0, next = 0;
    if (now <= pool->next_deadline_ns)
        return;
    for (int i = 0; i < pool->worker_count; i++) {
        ThreadWorker *worker = pool->workers[i];
        if (!worker || !worker->task || !worker->deadline_ns || worker->timed_out)
            continue;
        if (now > worker->deadline_ns) {
            worker->timed_out = true;
            cancel_locked(worker);
        } else if (!next || worker->deadline_ns < next) {
            next = worker->deadline_ns;
        }
    }
    pool->next_deadline_ns = next;
}

static struct timespec time_from_now(int milliseconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_nsec += (long)milliseconds * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

static void threads_wait(Executor *base, const Task *task, int milliseconds)
{
    ThreadPool *pool = (ThreadPool *)base;
    if (task && atomic_load_explicit(&task->done, memory_order_acquire))
        return;
    struct timespec until = time_from_now(milliseconds);
    pthread_mutex_lock(&pool->mutex);
    cancel_overdue_locked(pool);
    pool->host_waits = true;
    pool->awaited = task;
    int error = 0;
    while (!error && (task ? !atomic_load_explicit(&task->done, memory_order_acquire)
                           : pool->completions == pool->seen))
        error = pthread_cond_timedwait(&pool->task_done, &pool->mutex, &until);
    pool->host_waits = false;
    pool->seen = pool->completions;
    pthread_mutex_unlock(&pool->mutex);
}

static void threads_release(Executor *base, Task *task)
{
    (void)base;
    task->output = NULL;
}

static void threads_abandon(Executor *base, Task *task)
{
    ThreadPool *pool = (ThreadPool *)base;
    pthread_mutex_lock(&pool->mutex);
    bool running = task->slot != NULL;
    if (running) {
        task->abandoned = true;
        cancel_locked(task->slot);
    } else if (!atomic_load(&task->done)) {
        remove_locked(pool, task);
    }
    pthread_mutex_unlock(&pool->mutex);
    if (!running)
        task_free(task);
}

static void threads_end_scan(Executor *base, uint64_t scan)
{
    ThreadPool *pool = (ThreadPool *)base;
    pthread_mutex_lock(&pool->mutex);
    ended_scans_add(&pool->ended, scan);
    for (int index = 0; (index = worker_set_next(&pool->idle, index)) >= 0; index++)
        if (pool->workers[index]->last_scan)
            thread_pool_wake_locked(pool->workers[index]);
    pthread_mutex_unlock(&pool->mutex);
}

static ScanEnd closing_locked(ThreadPool *pool)
{
    ScanEnd all = SCAN_CLOSED;
    for (int i = 0; i < pool->worker_count; i++) {
        const ThreadWorker *worker = pool->workers[i];
        if (!worker || !ended_scans_any(&pool->ended, worker->closed_scans, worker->last_scan))
            continue;
        ScanEnd end = !worker->task ? SCAN_CLOSING : worker->task->abandoned ? SCAN_BUSY : SCAN_ELSEWHERE;
        if (end > all)
            all = end;
    }
    return all;
}

static ScanEnd threads_await_end(Executor *base, int milliseconds)
{
    ThreadPool *pool = (ThreadPool *)base;
    struct timespec until = time_from_now(milliseconds);
    ScanEnd end;
    int error = 0;
    pthread_mutex_lock(&pool->mutex);
    cancel_overdue_locked(pool);
    while ((end = closing_locked(pool)) != SCAN_CLOSED && !error)
        error = pthread_cond_timedwait(&pool->task_done, &pool->mutex, &until);
    pthread_mutex_unlock(&pool->mutex);
    return end;
}

/* Wakes the keeper, the worker that ends the pool after a time without work, so that the time counts from now
 * on. */
static void threads_let_go(Executor *base)
{
    ThreadPool *pool = (ThreadPool *)base;
    pthread_mutex_lock(&pool->mutex);
    if (!atomic_load(&base->users)) {
        pool->retire_ns = clock_ns() + (int64_t)(base->limits.idle_seconds * 1e9);
        if (pool->keeper)
            thread_pool_wake_locked(pool->keeper);
        else
            thread_pool_wake_one_locked(pool, 0);
    }
    pthread_mutex_unlock(&pool->mutex);
}

static void cancel(const ThreadWorker *worker)
{
    pthread_mutex_lock(&worker->pool->mutex);
    if (worker->task)
        cancel_locked(worker);
    pthread_mutex_unlock(&worker->pool->mutex);
}

/* Whether the worker is in a function of a language whose interpreter has ended: it may never come back. */
static bool is_lost(const ThreadWorker *worker)
{
    pthread_mutex_lock(&worker->pool->mutex);
    bool lost = worker->runner && chunk_runner_is_lost(worker->runner);
    pthread_mutex_unlock(&worker->pool->mutex);
    return lost;
}

/*
 * Waits for the thread's end. A function in another language is cancelled again and again, as the function
 * may handle the exception that is to end it. False where the language has ended meanwhile, with the host's
 * program, and the thread does not: then it goes on for as long as the process does, and so do its pool and
 * its code.
 */
static bool join_worker(const ThreadWorker *worker)
{
    for (int lost = 0;;) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += CLOSE_MILLISECONDS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (pthread_timedjoin_np(worker->thread, NULL, &until) != ETIMEDOUT)
            return true;
        lost += is_lost(worker);
        if (lost > CLOSE_TRIES_OF_LOST) {
            void *library;
            own_library_hold(&library);
            return false;
        }
        cancel(worker);
    }
}

static void threads_close(Executor *base)
{
    ThreadPool *pool = (ThreadPool *)base;
    /* A process that was forked from the owner has no such threads, and perhaps a mutex that is never
       released. */
    if (!executor_is_ours(base))
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->ending = true;
    for (int i = 0; i < pool->worker_count; i++)
        if (pool->workers[i] && pool->workers[i]->task)
            cancel_locked(pool->workers[i]);
    thread_pool_wake_all_locked(pool);
    pthread_mutex_unlock(&pool->mutex);
    bool joined = true;
    for (int i = 0; i < pool->worker_count; i++)
        joined = joined && (!pool->workers[i] || join_worker(pool->workers[i]));
    if (!joined)
        return;
    for (int i = 0; i < pool->worker_count; i++)
        if (pool->workers[i])
            free_worker(pool->workers[i]);
    free(pool->workers);
    pthread_cond_destroy(&pool->task_done);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

static Executor *threads_create(const ExecutorParts *parts)
{
    (void)parts;
    ThreadPool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->base.kind = &executor_threads;
    pool->base.owner = getpid();
    pool->retire_ns = INT64_MAX;
    if (pthread_mutex_init(&pool->mutex, NULL)) {
        free(pool);
        return NULL;
    }
    if (init_condition(&pool->task_done)) {
        pthread_mutex_destroy(&pool->mutex);
        free(pool);
        return NULL;
    }
    return &pool->base;
}

const ExecutorKind executor_threads = {
    .name = "threads",
    .workers = "threads",
    .automatic = true,
    .start_ns = 400e3,
    .window_ns = 1e6,
    .windows = 2,
    .create = threads_create,
    .possible = sqlite_allows_threads,
    .ensure_workers = threads_ensure_workers,
    .submit = threads_submit,
    .withdraw = threads_withdraw,
    .wait = threads_wait,
    .release = threads_release,
    .abandon = threads_abandon,
    .end_scan = threads_end_scan,
    .await_end = threads_await_end,
    .let_go = threads_let_go,
    .close = threads_close,
};
