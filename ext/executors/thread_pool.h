/*
 * The pool of the thread executor, as the host and its worker threads share it: threads.c has the host's
 * side and says how the two work together, thread_worker.c the workers'.
 */
#ifndef PRICEMAP_THREAD_POOL_H
#define PRICEMAP_THREAD_POOL_H

#include <pthread.h>

#include "ext/base/environment.h"
#include "ext/data/ended_scans.h"
#include "ext/executors/executor.h"
#include "ext/executors/task_queue.h"
#include "ext/executors/worker_set.h"

typedef struct ThreadPool ThreadPool;

typedef struct ThreadWorker {
    ThreadPool *pool;
    pthread_t thread;
    /* Index in the pool's workers. */
    int index;
    /* Environment of the thread: the worker's own. */
    AdoptedEnvironment environment;
    /* Condition on which the worker sleeps. */
    pthread_cond_t wake;
    /* The rest is under the mutex. Runner of the thread, for a host that would stop it; NULL: it has none. */
    struct ChunkRunner *runner;
    /* Task that the worker runs; NULL: none. */
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
    pthread_cond_t task_done;
    /* Under the mutex. */
    TaskQueue queue;
    /* Length of the queue: written under the mutex, read without it by workers that spin. */
    atomic_int queued;
    /* Number of processors. The host's alone. */
    int processors;
    /* Whether the workers that may take the newest task have a processor each. Under the mutex. */
    bool may_spin;
    /* Workers by index, NULL where there is none: changed by the host alone, under the mutex. */
    ThreadWorker **workers;
    int worker_count;
    /* Workers that sleep and were not woken, the number of those that have retired, and the one that waits
       for the end of the idle time on behalf of all (NULL: none). Under the mutex. */
    WorkerSet idle;
    int retired;
    ThreadWorker *keeper;
    /* Whether the host waits, and the task that it waits for (NULL: any). Under the mutex. */
    bool host_waits;
    const Task *awaited;
    /* No task is overdue before this time; 0: none has a timeout. Under the mutex. */
    int64_t next_deadline_ns;
    /* Completions when the last wait for any task ended. The host's alone. */
    int64_t seen;
    /* Number of tasks done, under the mutex. */
    int64_t completions;
    /* Ended scans: added under the mutex. */
    EndedScans ended;
    /* Time, under the mutex, when workers may end that no run has used since; INT64_MAX while one does. */
    int64_t retire_ns;
    bool ending;
};

/* The life of a worker thread, whose argument is its ThreadWorker: runs tasks until the pool ends, or the
   worker retires. */
void *thread_worker_run(void *worker);

/* Wakes a sleeping worker; the first one before the number `limit` (0: any), if there is one; all. The mutex
   is held. */
void thread_pool_wake_locked(ThreadWorker *worker);
void thread_pool_wake_one_locked(ThreadPool *pool, int limit);
void thread_pool_wake_all_locked(ThreadPool *pool);

#endif
