/* A worker of the thread executor: takes tasks from the queue, runs them, sleeps, retires. */
#include <errno.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/processors.h"
#include "ext/evaluate/runner.h"
#include "ext/executors/thread_pool.h"

/* The first task that a worker of this index may take; NULL: there is none. */
static Task *find_task_locked(const ThreadPool *pool, int index)
{
    Task *task = pool->queue.first;
    while (task && task->worker_limit && index >= task->worker_limit)
        task = task->next;
    return task;
}

/* Takes that task out of the queue. */
static Task *dequeue_locked(ThreadPool *pool, int index)
{
    Task *task = find_task_locked(pool, index);
    if (task && task_queue_remove(&pool->queue, task))
        atomic_fetch_sub_explicit(&pool->queued, 1, memory_order_relaxed);
    return task;
}

static void run(ThreadWorker *worker, ChunkRunner *runner, Task *task)
{
    environment_adopt(&worker->environment, &task->recipe->environment);
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

static void begin_locked(ThreadWorker *worker, Task *task)
{
    ThreadPool *pool = worker->pool;
    worker->task = task;
    task->slot = worker;
    worker->last_scan = task->recipe->scan > worker->last_scan ? task->recipe->scan : worker->last_scan;
    worker->deadline_ns = task->timeout > 0 ? clock_ns() + (int64_t)(task->timeout * 1e9) : 0;
    if (worker->deadline_ns && (!pool->next_deadline_ns || worker->deadline_ns < pool->next_deadline_ns))
        pool->next_deadline_ns = worker->deadline_ns;
}

static void finish_locked(ThreadWorker *worker, Task *task)
{
    ThreadPool *pool = worker->pool;
    worker->task = NULL;
    task->slot = NULL;
    if (worker->timed_out && task->report.rc == SQLITE_INTERRUPT)
        task_report_timeout(task);
    worker->timed_out = false;
    if (task->abandoned) {
        task_free(task);
        return;
    }
    pool->completions++;
    atomic_store_explicit(&task->done, true, memory_order_release);
    if (pool->host_waits && (!pool->awaited || pool->awaited == task))
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
    if (!pool->may_spin || pool->queue.first || pool->ending)
        return;
    pthread_mutex_unlock(&pool->mutex);
    for (int64_t end = clock_ns() + SPIN_NANOSECONDS;
         !atomic_load_explicit(&pool->queued, memory_order_relaxed) && clock_ns() < end;)
        processor_pause();
    pthread_mutex_lock(&pool->mutex);
}

void thread_pool_wake_locked(ThreadWorker *worker)
{
    worker_set_remove(&worker->pool->idle, worker->index);
    pthread_cond_signal(&worker->wake);
}

void thread_pool_wake_one_locked(ThreadPool *pool, int limit)
{
    int index = worker_set_next(&pool->idle, 0);
    if (index >= 0 && (!limit || index < limit))
        thread_pool_wake_locked(pool->workers[index]);
}

void thread_pool_wake_all_locked(ThreadPool *pool)
{
    for (int index = 0; (index = worker_set_next(&pool->idle, index)) >= 0;)
        thread_pool_wake_locked(pool->workers[index]);
}

/*
 * Sleeps until the worker is woken. While no run uses the pool one worker, the keeper, wakes at the end of
 * the idle time, and then wakes the others: so the end of a run need not wake them all.
 */
static void sleep_locked(ThreadWorker *worker, bool unused)
{
    ThreadPool *pool = worker->pool;
    int64_t end = pool->retire_ns;
    bool keeps = unused && !pool->keeper && end < INT64_MAX;
    worker_set_add(&pool->idle, worker->index);
    if (keeps) {
        struct timespec until = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
        pool->keeper = worker;
        pthread_cond_timedwait(&worker->wake, &pool->mutex, &until);
        pool->keeper = NULL;
    } else {
        pthread_cond_wait(&worker->wake, &pool->mutex);
    }
    worker_set_remove(&pool->idle, worker->index);
}

/* Sleeps until there is work; or retires the worker, when no run has used the pool for so long. */
static void wait_for_work_locked(ThreadWorker *worker)
{
    ThreadPool *pool = worker->pool;
    while (!find_task_locked(pool, worker->index) && !pool->ending && !has_ended_scan_locked(worker)) {
        bool unused = !atomic_load(&pool->base.users);
        if (unused && !pool->queue.first && clock_ns() >= pool->retire_ns) {
            worker->retired = true;
            pool->retired++;
            thread_pool_wake_all_locked(pool);
            return;
        }
        sleep_locked(worker, unused);
    }
}

void *thread_worker_run(void *arg)
{
    ThreadWorker *worker = arg;
    ThreadPool *pool = worker->pool;
    ChunkRunner *runner = chunk_runner_create(true);
    adopted_environment_begin(&worker->environment, false);
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        worker->runner = runner;
        end_scans_locked(worker, runner);
        wait_for_work_locked(worker);
        if (pool->ending || worker->retired)
            break;
        Task *task = dequeue_locked(pool, worker->index);
        if (!task)
            continue;
        begin_locked(worker, task);
        pthread_mutex_unlock(&pool->mutex);
        /* Memory for a runner may be there by now. */
        if (!runner)
            runner = chunk_runner_create(true);
        run(worker, runner, task);
        pthread_mutex_lock(&pool->mutex);
        finish_locked(worker, task);
        spin_locked(pool);
    }
    worker->runner = NULL;
    pthread_mutex_unlock(&pool->mutex);
    chunk_runner_free(runner);
    adopted_environment_end(&worker->environment);
    return NULL;
}
