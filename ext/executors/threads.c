/*
 * The thread executor: workers are threads of the host, each with a private connection, that take tasks from
 * one queue. A worker that finds the queue empty polls it for some microseconds before it sleeps, as waking
 * it costs the next task more than that; but only where there is more than one processor.
 *
 * One mutex guards the queue, the count of completions and every worker's state; it is never held while a
 * task is evaluated. `work_ready` is signalled when a task is queued, a scan or the pool ends,
 * `task_done` when a task is done or a worker has closed a file. A task's report and output are written
 * before `done` is stored (release), and read after it was seen (acquire).
 *
 * A thread that runs a task cannot be stopped from outside: cancelling sets the task's flag, which the
 * statement and the price kernel check. An abandoned task is freed by the thread that runs it. Closing
 * waits for the threads: their code must stay mapped while they run it.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/evaluate/runner.h"
#include "ext/executors/kinds.h"
#include "ext/base/clock.h"
#include "ext/base/processors.h"
#include "ext/data/ended_scans.h"
#include "ext/base/sqlite_threads.h"

typedef struct ThreadPool ThreadPool;

typedef struct ThreadWorker {
    ThreadPool *pool;
    pthread_t thread;
    /* Index in the pool's workers. */
    int index;
    /* The rest is under the mutex. Task that the worker runs; NULL: none. */
    Task *task;
    /* Time when the task has exceeded its timeout; 0: it has none. */
    int64_t deadline_ns;
    bool timed_out;
    /* Whether the worker ends, or has ended, for want of work. */
    bool retired;
    /* Ended scans whose files the worker has closed, as ended_scans_next counts. */
    uint64_t closed_scans;
    /* Greatest number of a scan of which the worker has had tasks, and so may have the file open; 0: none. */
    uint64_t last_scan;
} ThreadWorker;

struct ThreadPool {
    Executor base;
    pthread_mutex_t mutex;
    pthread_cond_t work_ready;
    pthread_cond_t task_done;
    /* Queue of tasks, under the mutex. */
    Task *first, *last;
    /* Length of the queue: written under the mutex, read without it by workers that spin. */
    atomic_int queued;
    /* Whether there is more than one processor. Written before the first worker starts, and later only with
       the same value. */
    bool may_spin;
    /* Workers by index; NULL where there is none. The host's alone. */
    ThreadWorker **workers;
    int worker_count;
    /* Completions when the last wait for any task ended. The host's alone. */
    int64_t seen;
    /* Number of tasks done, under the mutex. */
    int64_t completions;
    /* Ended scans: added under the mutex. */
    EndedScans ended;
    /* Time, under the mutex, when workers may end that no run has used since. */
    int64_t retire_ns;
    bool ending;
};

/* The first task that a worker of this index may take, out of the queue; NULL when there is none. */
static Task *dequeue_locked(ThreadPool *pool, int index)
{
    Task *before = NULL, *task = pool->first;
    while (task && task->worker_limit && index >= task->worker_limit) {
        before = task;
        task = task->next;
    }
    if (!task)
        return NULL;
    if (before)
        before->next = task->next;
    else
        pool->first = task->next;
    if (pool->last == task)
        pool->last = before;
    atomic_fetch_sub_explicit(&pool->queued, 1, memory_order_relaxed);
    return task;
}

/* Takes a task out of the queue. False where the task is not in it. */
static bool remove_locked(ThreadPool *pool, Task *task)
{
    Task *before = NULL, *queued = pool->first;
    for (; queued && queued != task; queued = queued->next)
        before = queued;
    if (!queued)
        return false;
    *(before ? &before->next : &pool->first) = task->next;
    if (pool->last == task)
        pool->last = before;
    atomic_fetch_sub_explicit(&pool->queued, 1, memory_order_relaxed);
    return true;
}

/* Whether there is a task that a worker of this index may take. */
static bool has_task_locked(const ThreadPool *pool, int index)
{
    const Task *task = pool->first;
    while (task && task->worker_limit && index >= task->worker_limit)
        task = task->next;
    return task != NULL;
}

static void run(ThreadWorker *worker, ChunkRunner *runner, Task *task)
{
    if (runner) {
        chunk_runner_run(runner, task->recipe, &task->order, task->input.data, task->input.size,
                         &task->control, &task->heap_output, &task->report);
    } else {
        task->report = (TaskReport){.rc = SQLITE_NOMEM, .next_row = task->order.first_row};
        sqlite3_snprintf(TASK_MESSAGE_SIZE, task->report.message, "%s", sqlite3_errstr(SQLITE_NOMEM));
    }
    task->report.worker = worker->index;
    task->report.pid = getpid();
    task->output = task->heap_output.data;
    task->output_size = task->heap_output.size;
}

static void finish_locked(ThreadWorker *worker, Task *task)
{
    ThreadPool *pool = worker->pool;
    worker->task = NULL;
    if (worker->timed_out && task->report.rc == SQLITE_INTERRUPT)
        task_report_timeout(task);
    worker->timed_out = false;
    if (task->abandoned) {
        task_free(task);
        return;
    }
    pool->completions++;
    atomic_store_explicit(&task->done, true, memory_order_release);
    pthread_cond_signal(&pool->task_done);
}

/* Whether a scan has ended whose file the worker has not closed. */
static bool has_ended_scan_locked(const ThreadWorker *worker)
{
    return worker->closed_scans != atomic_load(&worker->pool->ended.count);
}

/* Closes the files of ended scans, and signals that to the host; the mutex is released meanwhile. */
static void end_scans_locked(ThreadWorker *worker, ChunkRunner *runner)
{
    ThreadPool *pool = worker->pool;
    uint64_t closed = worker->closed_scans, scan;
    while (ended_scans_next(&pool->ended, &closed, &scan)) {
        pthread_mutex_unlock(&pool->mutex);
        bool reads = runner && chunk_runner_end_scan(runner, scan);
        pthread_mutex_lock(&pool->mutex);
        worker->last_scan = reads ? worker->last_scan : 0;
        worker->closed_scans = closed;
        pthread_cond_signal(&pool->task_done);
    }
}

/* Polls the queue for a moment without the mutex, which the caller holds again afterwards. */
static void spin_locked(ThreadPool *pool)
{
    if (!pool->may_spin || pool->first || pool->ending)
        return;
    pthread_mutex_unlock(&pool->mutex);
    for (int64_t end = clock_ns() + SPIN_NANOSECONDS;
         !atomic_load_explicit(&pool->queued, memory_order_relaxed) && clock_ns() < end;)
        processor_pause();
    pthread_mutex_lock(&pool->mutex);
}

/* Sleeps until there is work; or retires the worker, when no run has used the pool for so long. */
static void wait_for_work_locked(ThreadWorker *worker)
{
    ThreadPool *pool = worker->pool;
    while (!has_task_locked(pool, worker->index) && !pool->ending && !has_ended_scan_locked(worker)) {
        if (atomic_load(&pool->base.users)) {
            pthread_cond_wait(&pool->work_ready, &pool->mutex);
            continue;
        }
        int64_t end = pool->retire_ns;
        struct timespec until = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
        int error = pthread_cond_timedwait(&pool->work_ready, &pool->mutex, &until);
        worker->retired =
            error == ETIMEDOUT && !pool->first && !pool->ending && !atomic_load(&pool->base.users);
        if (worker->retired)
            return;
    }
}

static void *work(void *arg)
{
    ThreadWorker *worker = arg;
    ThreadPool *pool = worker->pool;
    ChunkRunner *runner = chunk_runner_create();
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        end_scans_locked(worker, runner);
        wait_for_work_locked(worker);
        if (pool->ending || worker->retired)
            break;
        Task *task = dequeue_locked(pool, worker->index);
        if (!task)
            continue;
        worker->task = task;
        worker->last_scan = task->recipe->scan > worker->last_scan ? task->recipe->scan : worker->last_scan;
        worker->deadline_ns = task->timeout > 0 ? clock_ns() + (int64_t)(task->timeout * 1e9) : 0;
        pthread_mutex_unlock(&pool->mutex);
        /* There may be memory for a runner now. */
        if (!runner)
            runner = chunk_runner_create();
        run(worker, runner, task);
        pthread_mutex_lock(&pool->mutex);
        finish_locked(worker, task);
        spin_locked(pool);
    }
    pthread_mutex_unlock(&pool->mutex);
    chunk_runner_free(runner);
    return NULL;
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
    error = pthread_create(&worker->thread, &attributes, work, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

/* Joins the threads that have retired, so that others can take their indexes. As long as a run holds the pool
   no more of them retire. */
static void join_retired(ThreadPool *pool)
{
    for (int i = 0; i < pool->worker_count; i++) {
        ThreadWorker *worker = pool->workers[i];
        pthread_mutex_lock(&pool->mutex);
        bool retired = worker && worker->retired;
        pthread_mutex_unlock(&pool->mutex);
        if (!retired)
            continue;
        pthread_join(worker->thread, NULL);
        free(worker);
        pool->workers[i] = NULL;
        pool->base.workers--;
    }
}

/* Starts a worker in a index that has none. 0, or an errno. */
static int add_worker(ThreadPool *pool, int index)
{
    ThreadWorker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return ENOMEM;
    worker->pool = pool;
    worker->index = index;
    /* Scans are only ended by the thread that runs this. */
    worker->closed_scans = atomic_load(&pool->ended.count);
    int error = start_thread(worker);
    if (error) {
        free(worker);
        return error;
    }
    pool->workers[index] = worker;
    pool->base.workers++;
    return 0;
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
    pool->may_spin = processors_available() > 1;
    if (workers > pool->worker_count) {
        ThreadWorker **grown = realloc(pool->workers, (size_t)workers * sizeof(ThreadWorker *));
        if (!grown)
            return SQLITE_NOMEM;
        pool->workers = grown;
        while (pool->worker_count < workers)
            grown[pool->worker_count++] = NULL;
    }
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
    task->next = NULL;
    pthread_mutex_lock(&pool->mutex);
    if (pool->last)
        pool->last->next = task;
    else
        pool->first = task;
    pool->last = task;
    atomic_fetch_add_explicit(&pool->queued, 1, memory_order_relaxed);
    /* pthread_cond_signal could wake a worker that must not take the task (index >= worker_limit), so wake
     * all. */
    if (task->worker_limit && task->worker_limit < base->workers)
        pthread_cond_broadcast(&pool->work_ready);
    else
        pthread_cond_signal(&pool->work_ready);
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

static void cancel_overdue_locked(ThreadPool *pool)
{
    int64_t now = 0;
    for (int i = 0; i < pool->worker_count; i++) {
        ThreadWorker *worker = pool->workers[i];
        if (!worker || !worker->task || !worker->deadline_ns || worker->timed_out)
            continue;
        if (!now)
            now = clock_ns();
        if (now > worker->deadline_ns) {
            worker->timed_out = true;
            atomic_store(&worker->task->control.cancel, 1);
        }
    }
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
    int error = 0;
    while (!error && (task ? !atomic_load_explicit(&task->done, memory_order_acquire)
                           : pool->completions == pool->seen))
        error = pthread_cond_timedwait(&pool->task_done, &pool->mutex, &until);
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
    bool running = false;
    pthread_mutex_lock(&pool->mutex);
    for (int i = 0; i < pool->worker_count; i++)
        running = running || (pool->workers[i] && pool->workers[i]->task == task);
    if (running) {
        task->abandoned = true;
        atomic_store(&task->control.cancel, 1);
    }
    remove_locked(pool, task);
    pthread_mutex_unlock(&pool->mutex);
    if (!running)
        task_free(task);
}

static void threads_end_scan(Executor *base, uint64_t scan)
{
    ThreadPool *pool = (ThreadPool *)base;
    pthread_mutex_lock(&pool->mutex);
    ended_scans_add(&pool->ended, scan);
    pthread_cond_broadcast(&pool->work_ready);
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

/* Wakes the workers, so that each begins to count the time without work. */
static void threads_let_go(Executor *base)
{
    ThreadPool *pool = (ThreadPool *)base;
    pthread_mutex_lock(&pool->mutex);
    pool->retire_ns = clock_ns() + (int64_t)(base->limits.idle_seconds * 1e9);
    pthread_cond_broadcast(&pool->work_ready);
    pthread_mutex_unlock(&pool->mutex);
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
            atomic_store(&pool->workers[i]->task->control.cancel, 1);
    pthread_cond_broadcast(&pool->work_ready);
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i < pool->worker_count; i++) {
        if (pool->workers[i])
            pthread_join(pool->workers[i]->thread, NULL);
        free(pool->workers[i]);
    }
    free(pool->workers);
    pthread_cond_destroy(&pool->task_done);
    pthread_cond_destroy(&pool->work_ready);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
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

static Executor *threads_create(const ExecutorParts *parts)
{
    (void)parts;
    ThreadPool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->base.kind = &executor_threads;
    pool->base.owner = getpid();
    if (pthread_mutex_init(&pool->mutex, NULL)) {
        free(pool);
        return NULL;
    }
    if (init_condition(&pool->work_ready)) {
        pthread_mutex_destroy(&pool->mutex);
        free(pool);
        return NULL;
    }
    if (init_condition(&pool->task_done)) {
        pthread_cond_destroy(&pool->work_ready);
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
