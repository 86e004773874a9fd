#include "ext/executors/processes/watch.h"

#include "ext/executors/processes/slots.h"

enum {
    /* Seconds that a worker has to begin a task in its queue, and before that to get ready. They do not
       depend on the task's timeout, which limits the map's work and not a start. */
    BEGIN_SECONDS = 5,
    /* Milliseconds that a worker without a task has to close the file of a scan that has ended. */
    CLOSE_MILLISECONDS = 1000,
};

/* Sets the time since which a worker has had a task that it could have begun. Tasks may be queued for a
   worker whose process is not ready, or not even forked: the time until the process is ready does not count.
 */
static void note_idle_since(const ProcessPool *pool, PoolWorker *worker, bool owes, int64_t now)
{
    bool got_ready = !worker->ready && atomic_load(&worker->channel.control->ready);
    worker->ready = worker->ready || got_ready;
    if (!owes || pool->zygote.state != ZYGOTE_READY)
        worker->idle_since = 0;
    else if (!worker->idle_since || got_ready)
        worker->idle_since = now;
}

static void check_worker(ProcessPool *pool, PoolWorker *worker, int64_t now)
{
    const PoolSlot *running = NULL;
    bool queued = false, invalid = false;
    for (int i = 0; i < CHANNEL_SLOTS; i++) {
        const PoolSlot *slot = &worker->slots[i];
        if (!slot->used || (slot->task && slot->task->done))
            continue;
        unsigned state = slots_state(slot);
        if (state == SLOT_RUNNING)
            running = slot;
        else if (state == SLOT_QUEUED && slot->task)
            queued = true;
        else
            invalid |= state != SLOT_DONE;
    }
    note_idle_since(pool, worker, queued && !running, now);
    if (worker_kill_is_due(worker))
        return;
    if (running && running->task && running->task->timeout > 0) {
        int64_t started = atomic_load(&running->shared->started_ns);
        if (started > 0 && (double)(now - started) > running->task->timeout * 1e9) {
            process_pool_kill(pool, worker, NULL, KILL_TIMED_OUT, 0);
            return;
        }
    }
    if (invalid || (worker->idle_since && now - worker->idle_since > (int64_t)BEGIN_SECONDS * 1000000000))
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

/* How far one worker is with the files of ended scans. A worker that is not ready has not begun anything. */
static ScanEnd closing_of(const ProcessPool *pool, const PoolWorker *worker)
{
    const ChannelControl *control = worker->channel.control;
    if (!atomic_load(&control->ready) ||
        !ended_scans_any(&pool->control->ended, atomic_load(&control->closed_scans), worker->last_scan))
        return SCAN_CLOSED;
    for (int i = 0; worker->used && i < CHANNEL_SLOTS; i++) {
        const PoolSlot *slot = &worker->slots[i];
        if (slot->used && slots_state(slot) == SLOT_RUNNING)
            return slot->task ? SCAN_ELSEWHERE : SCAN_BUSY;
    }
    return SCAN_CLOSING;
}

ScanEnd watch_closing(ProcessPool *pool, bool alone, int64_t now)
{
    bool late = now - pool->ended_ns > (int64_t)CLOSE_MILLISECONDS * 1000000;
    ScanEnd all = SCAN_CLOSED;
    for (int i = 0; pool->control && i < pool->worker_count; i++) {
        PoolWorker *worker = pool->workers[i];
        if (!worker)
            continue;
        ScanEnd end = closing_of(pool, worker);
        if (end > all)
            all = end;
        if (end == SCAN_CLOSED && alone)
            worker->last_scan = 0;
        if (end == SCAN_CLOSING && late && worker->kill_reason == KILL_NONE)
            process_pool_kill(pool, worker, NULL, KILL_STUCK, 0);
    }
    return all;
}
