#include "ext/executors/processes/watch.h"

enum {
    BEGIN_SECONDS = 5,          /* for a worker to begin with a task that it has */
    LET_GO_MILLISECONDS = 1000, /* for one without a task to close the file of a scan that has ended */
};

/* A worker that stands still: over time with a task, or, which costs nothing, with tasks that it does not
 * begin. */
static void look_at(ProcessPool *pool, Channel *channel, int64_t now)
{
    const Slot *running = NULL, *queued = NULL;
    bool astray = false;
    for (int i = 0; i < CHANNEL_SLOTS; i++) {
        const Slot *slot = &channel->slots[i];
        if (!slot->used || (slot->task && slot->task->done))
            continue;
        unsigned state = atomic_load(&slot->shared->state);
        if (state == SLOT_RUNNING)
            running = slot;
        else if (state == SLOT_QUEUED && slot->task)
            queued = slot;
        else
            astray |= state != SLOT_DONE;
    }
    channel->idle_since = running || !queued ? 0 : channel->idle_since ? channel->idle_since : now;
    if (channel_is_condemned(channel))
        return;
    if (running && running->task && running->task->timeout > 0) {
        int64_t started = atomic_load(&running->shared->started_ns);
        if (started > 0 && (double)(now - started) > running->task->timeout * 1e9) {
            process_pool_kill(pool, channel, NULL, VERDICT_TIMED_OUT, 0);
            return;
        }
    }
    double limit = queued && queued->task->timeout > 0 && queued->task->timeout < BEGIN_SECONDS
                       ? queued->task->timeout
                       : BEGIN_SECONDS;
    if (astray || (channel->idle_since && (double)(now - channel->idle_since) > limit * 1e9))
        process_pool_kill(pool, channel, NULL, VERDICT_ASTRAY, 0);
}

/* Whether a worker that was to be killed is not, for so long that the zygote must be the one that is stuck.
 */
static bool zygote_is_stuck(const ProcessPool *pool, int64_t now)
{
    for (int i = 0; i < pool->place_count; i++) {
        const Channel *channel = pool->places[i];
        if (channel && channel->verdict != VERDICT_NONE && now > channel->gone_by)
            return true;
    }
    return false;
}

void watch_check(ProcessPool *pool, int64_t now)
{
    for (int i = 0; i < pool->place_count; i++)
        if (pool->places[i] && pool->places[i]->used)
            look_at(pool, pool->places[i], now);
    if (zygote_is_stuck(pool, now))
        process_pool_kill_zygote(pool);
}

/* How far one worker is with the files of ended scans. */
static ScanEnd look_at_leaving(const ProcessPool *pool, const Channel *channel)
{
    if (!channel->reads_files ||
        atomic_load(&channel->control->heard) == atomic_load(&pool->control->ended_count))
        return SCAN_LEFT;
    for (int i = 0; channel->used && i < CHANNEL_SLOTS; i++) {
        const Slot *slot = &channel->slots[i];
        if (slot->used && atomic_load(&slot->shared->state) == SLOT_RUNNING)
            return slot->task ? SCAN_LEFT : SCAN_BUSY;
    }
    return SCAN_LEAVING;
}

ScanEnd watch_leaving(ProcessPool *pool, bool alone, int64_t now)
{
    bool late = now - pool->ended_ns > (int64_t)LET_GO_MILLISECONDS * 1000000;
    ScanEnd all = SCAN_LEFT;
    for (int i = 0; i < pool->place_count; i++) {
        Channel *channel = pool->places[i];
        if (!channel)
            continue;
        ScanEnd end = look_at_leaving(pool, channel);
        if (end > all)
            all = end;
        if (end == SCAN_LEFT && alone)
            channel->reads_files = false;
        if (end == SCAN_LEAVING && late && channel->verdict == VERDICT_NONE)
            process_pool_kill(pool, channel, NULL, VERDICT_ASTRAY, 0);
    }
    return all;
}
