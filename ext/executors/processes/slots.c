#include "ext/executors/processes/slots.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ext/base/sqlite_api.h"
#include "ext/data/rowset.h"

/* Moves a worker among the workers of its pool that have as many unfinished slots. */
static void count_unfinished(ProcessPool *pool, PoolSlot *slot, bool unfinished)
{
    PoolWorker *worker = slot->worker;
    if (slot->unfinished == unfinished)
        return;
    slot->unfinished = unfinished;
    if (!worker->lost)
        worker_set_remove(&pool->busy[worker->unfinished], worker->index);
    worker->unfinished += unfinished ? 1 : -1;
    if (!worker->lost)
        worker_set_add(&pool->busy[worker->unfinished], worker->index);
}

void slots_note_finished(ProcessPool *pool, PoolSlot *slot)
{
    count_unfinished(pool, slot, false);
}

/* A worker of those with so many unfinished slots that has a free one; one that is awake, where workers poll
 * for a next task before they sleep. NULL: none. */
static PoolWorker *find_worker(const ProcessPool *pool, int unfinished, int limit)
{
    const bool may_spin = pool->control && atomic_load(&pool->control->may_spin);
    const WorkerSet *set = &pool->busy[unfinished];
    PoolWorker *asleep = NULL;
    for (int i = 0; (i = worker_set_next(set, i)) >= 0 && (!limit || i < limit); i++) {
        PoolWorker *worker = pool->workers[i];
        if (worker->used == CHANNEL_SLOTS || worker_kill_is_due(worker))
            continue;
        if (!may_spin || !atomic_load(&worker->channel.control->bell.sleeping))
            return worker;
        asleep = asleep ? asleep : worker;
    }
    return asleep;
}

PoolSlot *slots_find_free(const ProcessPool *pool, int worker_limit)
{
    PoolWorker *worker = NULL;
    for (int unfinished = 0; !worker && unfinished < CHANNEL_SLOTS; unfinished++)
        worker = find_worker(pool, unfinished, worker_limit);
    for (int i = 0; worker && i < CHANNEL_SLOTS; i++)
        if (!worker->slots[i].used)
            return &worker->slots[i];
    return NULL;
}

int slots_free_soon(const ProcessPool *pool)
{
    int count = 0;
    for (int i = 0; i < pool->worker_count; i++) {
        const PoolWorker *worker = pool->workers[i];
        for (int j = 0; worker && j < CHANNEL_SLOTS; j++)
            count += worker_kill_is_due(worker) || (worker->slots[j].used && !worker->slots[j].task);
    }
    return count;
}

PoolSlot *slots_next_done_of(PoolWorker *worker, const PoolSlot *previous)
{
    int i = previous ? (int)(previous - worker->slots) + 1 : 0;
    for (; worker->used && i < CHANNEL_SLOTS; i++) {
        PoolSlot *slot = &worker->slots[i];
        if (slot->used && !(slot->task && slot->task->done) && slots_state(slot) == SLOT_DONE)
            return slot;
    }
    return NULL;
}

PoolSlot *slots_next_done(const ProcessPool *pool, const PoolSlot *previous)
{
    for (int i = previous ? previous->worker->index : 0; i < pool->worker_count; i++) {
        PoolWorker *worker = pool->workers[i];
        PoolSlot *slot = worker ? slots_next_done_of(worker, previous) : NULL;
        if (slot)
            return slot;
        previous = NULL;
    }
    return NULL;
}

static void publish(PoolSlot *slot, uint64_t recipe_size, uint64_t input_size)
{
    const Task *task = slot->task;
    ChannelSlot *shared = slot->shared;
    memcpy(slot->input->data, task->recipe, recipe_size);
    if (input_size)
        memcpy(slot->input->data + channel_input_start(recipe_size), task->input.data, input_size);
    shared->sequence = ++slot->worker->sequence;
    shared->recipe_size = recipe_size;
    shared->input_size = input_size;
    shared->order = task->order;
    shared->order.end_row = slot->end_row;
    atomic_store(&shared->control.cancel, 0);
    atomic_store(&shared->control.current_row, task->order.first_row);
    atomic_store(&shared->control.morsels, task->order.morsels);
    atomic_store(&shared->started_ns, 0);
    atomic_store(&shared->state, SLOT_QUEUED);
    bell_ring(&slot->worker->channel.control->bell);
}

int slots_queue(ProcessPool *pool, PoolSlot *slot, Task *task, uint32_t end_row)
{
    uint64_t input_size = task_input_bytes(task);
    uint64_t recipe_size = task->recipe->size;
    int rc = window_reserve(slot->input, pool->memory, channel_input_start(recipe_size) + input_size);
    if (rc != SQLITE_OK)
        return rc;
    slot->used = true;
    slot->task = task;
    slot->end_row = end_row;
    slot->worker->used++;
    count_unfinished(pool, slot, true);
    if (task->recipe->scan > slot->worker->last_scan)
        slot->worker->last_scan = task->recipe->scan;
    publish(slot, recipe_size, input_size);
    return SQLITE_OK;
}

SlotState slots_state(const PoolSlot *slot)
{
    return (SlotState)atomic_load(&slot->shared->state);
}

TaskControl *slots_control(const PoolSlot *slot)
{
    return &slot->shared->control;
}

uint32_t slots_current_row(const PoolSlot *slot)
{
    return atomic_load(&slot->shared->control.current_row);
}

bool slots_withdraw(PoolSlot *slot)
{
    unsigned queued = SLOT_QUEUED;
    return atomic_compare_exchange_strong(&slot->shared->state, &queued, SLOT_FREE);
}

void slots_abandon(ProcessPool *pool, PoolSlot *slot, int milliseconds)
{
    slot->task = NULL;
    atomic_store(&slot->shared->control.cancel, 1);
    if (!worker_kill_is_due(slot->worker))
        process_pool_kill(pool, slot->worker, slot, KILL_ABANDONED, milliseconds);
}

void slots_read_report(const PoolSlot *slot, TaskReport *report)
{
    const TaskReport *shared = &slot->shared->report;
    memcpy(report, shared, sizeof *report);
    report->message[TASK_MESSAGE_SIZE - 1] = 0;
    if (report->rc != SQLITE_OK && !report->message[0])
        snprintf(report->message, sizeof report->message, "%s", sqlite3_errstr(report->rc));
    /* A byte from elsewhere need not be a bool's. */
    unsigned char gave_up;
    memcpy(&gave_up, &shared->gave_up, sizeof gave_up);
    report->gave_up = gave_up != 0;
    report->worker = slot->worker->index;
    report->pid = process_pool_pid(slot->worker);
}

int slots_map_output(const ProcessPool *pool, PoolSlot *slot, const unsigned char **output, size_t *size)
{
    uint64_t written = slot->shared->output_size;
    if (written > CHANNEL_WINDOW_BYTES)
        return SQLITE_CORRUPT;
    /* The whole output gets memory here, even where the worker has taken none: the host must not fail when it
     * reads. */
    int rc = window_reserve(slot->output, pool->memory, written);
    if (rc != SQLITE_OK)
        return rc;
    *output = written ? slot->output->data : NULL;
    *size = written;
    return SQLITE_OK;
}

static bool has_abandoned(const PoolWorker *worker)
{
    for (int i = 0; i < CHANNEL_SLOTS; i++)
        if (worker->slots[i].used && !worker->slots[i].task)
            return true;
    return false;
}

void slots_free(ProcessPool *pool, PoolSlot *slot)
{
    PoolWorker *worker = slot->worker;
    count_unfinished(pool, slot, false);
    slot->used = false;
    slot->task = NULL;
    worker->used--;
    if (worker->lost)
        return;
    if (worker->kill_reason == KILL_ABANDONED && !has_abandoned(worker))
        worker->kill_reason = KILL_NONE;
    if (slot->input->size > CHANNEL_KEEP_BYTES)
        window_trim(slot->input, pool->memory, CHANNEL_KEEP_BYTES);
    bool large = atomic_load(&slot->shared->output_reserved) > CHANNEL_KEEP_BYTES;
    if (large || slot->output->size > CHANNEL_KEEP_BYTES) {
        window_trim(slot->output, pool->memory, CHANNEL_KEEP_BYTES);
        atomic_store(&slot->shared->output_reserved, CHANNEL_KEEP_BYTES);
    }
    atomic_store(&slot->shared->state, SLOT_FREE);
}
