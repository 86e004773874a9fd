#include "ext/executors/processes/watch.h"

#include "ext/executors/processes/slots.h"

enum {
    /* Seconds that a worker has to begin a task in its queue. */
    BEGIN_SECONDS = 5,
    /* Milliseconds that a worker without a task has to close the file of a scan that has ended. */
    CLOSE_MILLISECONDS = 1000,
};

static void check_worker(ProcessPool *pool, PoolWorker *worker, int64_t now)
{
    const PoolSlot *running = NULL, *queued = NULL;
    bool invalid = false;
    for (int i = 0; i < CHANNEL_SLOTS; i++) {
        const PoolSlot *slot = &worker->slots[i];
        if (!slot->used || (slot->task && slot->task->done))
            continue;
        unsigned state = slots_state(slot);
        if (state == SLOT_RUNNING)
            running = slot;
        else if (state == SLOT_QUEUED && slot->task)
            queued = slot;
        else
            invalid |= state != SLOT_DONE;
    }
    worker->idle_since = running || !queued ? 0 : worker->idle_since ? worker->idle_since : now;
    if (worker_kill_is_due(worker))
        return;
    if (running && running->task && running->task->timeout > 0) {
        int64_t started = atomic_load(&running->shared->started_ns);
        if (started > 0 && (double)(now - started) > running->task->timeout * 1e9) {
            process_pool_kill(pool, worker, NULL, KILL_TIMED_OUT, 0);
            return;
        }
    }
    double limit = queued && queued->task->timeout > 0 && queued->task->timeout < BEGIN_SECONDS
                       ? queued->task->timeout
                       : BEGIN_SECONDS;
    if (invalid || (worker->idle_since && (double)(now - worker->idle_since) > limit * 1e9))
        process_pool_kill(pool, worker, NULL, KILL_STUCK, 0);
}

/* Whether a worker that was to be killed has lived on for so long that the zygote must be stuck. */
static bool zygote_is_stuck(const ProcessPool *pool, int64_t now)
{
    for (int i = 0; i < pool->worker_count; i++) {
        const PoolWorker *worker = pool->workers[i];
        if (worker && worker->kill_reason != KILL_NONE && now > worker->gone_by)
            return true;
    }
    return false;
}

void watch_check(ProcessPool *pool, int64_t now)
{
    for (int i = 0; i < pool->worker_count; i++)
        if (pool->workers[i] && pool->workers[i]->used)
            check_worker(pool, pool->workers[i], now);
    if (zygote_is_stuck(pool, now))
        process_pool_kill_zygote(pool);
}

/* How far one worker is with the files of ended scans. */
static ScanEnd leaving_of(const ProcessPool *pool, const PoolWorker *worker)
{
    if (!worker->reads_files ||
        atomic_load(&worker->channel.control->closed_scans) == atomic_load(&pool->control->ended.count))
        return SCAN_LEFT;
    for (int i = 0; worker->used && i < CHANNEL_SLOTS; i++) {
        const PoolSlot *slot = &worker->slots[i];
        if (slot->used && slots_state(slot) == SLOT_RUNNING)
            return slot->task ? SCAN_LEFT : SCAN_BUSY;
    }
    return SCAN_LEAVING;
}

ScanEnd watch_leaving(ProcessPool *pool, bool alone, int64_t now)
{
    bool late = now - pool->ended_ns > (int64_t)CLOSE_MILLISECONDS * 1000000;
    ScanEnd all = SCAN_LEFT;
    for (int i = 0; pool->control && i < pool->worker_count; i++) {
        PoolWorker *worker = pool->workers[i];
        if (!worker)
            continue;
        ScanEnd end = leaving_of(pool, worker);
        if (end > all)
            all = end;
        if (end == SCAN_LEFT && alone)
            worker->reads_files = false;
        if (end == SCAN_LEAVING && late && worker->kill_reason == KILL_NONE)
            process_pool_kill(pool, worker, NULL, KILL_STUCK, 0);
    }
    return all;
}
