#include "ext/worker/worker.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/limits.h"
#include "ext/channel/channel.h"
#include "ext/evaluate/runner.h"
#include "ext/base/processors.h"
#include "ext/data/rowset.h"

/* Bytes that a worker keeps between two tasks, at the most. */
enum { KEPT_BYTES = 16 << 20 };

/* Time without a task after which a worker rests. */
static const int64_t rest_after_ns = 1000000000;

typedef struct Worker Worker;

/* The output window of one slot as a buffer: grows into the window, takes memory before it is written. */
typedef struct OutputBuffer {
    /* Buffer whose size is the bytes that have memory, at most those of the window. */
    Buffer buffer;
    Window *window;
    ChannelSlot *slot;
    const Worker *worker;
} OutputBuffer;

struct Worker {
    /* Descriptor of the shared memory, and the file that it stood for at the beginning. */
    int memory;
    dev_t memory_device;
    ino_t memory_file;
    pid_t pid;
    PoolControl *pool;
    Channel channel;
    ChunkRunner *runner;
    OutputBuffer outputs[CHANNEL_SLOTS];
    /* Ended scans whose files are closed, as ended_scans_next counts. */
    uint64_t closed_scans;
    AdoptedEnvironment environment;
    /* Function that is called once the worker rests, NULL: none; and the end of the last task since then, 0:
       there was none. */
    void (*rest)(void);
    int64_t busy_ns;
};

/* Whether the descriptor of the shared memory is still that: a function may have closed the descriptors of
   the process, and another file may have its number now. */
static bool has_memory(const Worker *worker)
{
    struct stat file;
    return fstat(worker->memory, &file) == 0 && file.st_dev == worker->memory_device &&
           file.st_ino == worker->memory_file;
}

static int reserve_output(Buffer *buffer, size_t size)
{
    OutputBuffer *output = (OutputBuffer *)buffer;
    if (size <= buffer->size)
        return SQLITE_OK;
    uint64_t grown = window_round(buffer->size + buffer->size / 2);
    if (grown < size)
        grown = window_round(size);
    if (!has_memory(output->worker)) {
        buffer->failure = EBADF;
        return SQLITE_FULL;
    }
    const int memory = output->worker->memory;
    int rc = window_allocate(memory, output->window->offset, buffer->size, grown);
    if (rc == SQLITE_OK)
        rc = window_map(output->window, memory, grown);
    if (rc != SQLITE_OK) {
        buffer->failure = errno;
        return rc;
    }
    buffer->data = output->window->data;
    buffer->size = grown;
    atomic_store(&output->slot->output_reserved, grown);
    return SQLITE_OK;
}

/* The output of the slot's next task: what the host trimmed meanwhile has no memory any more, and no rowset
   is in it. */
static Buffer *fresh_output(OutputBuffer *output)
{
    if (atomic_load(&output->slot->output_reserved) < output->window->size)
        window_trim(output->window, -1, CHANNEL_KEEP_BYTES);
    output->buffer.size = output->window->size;
    output->buffer.data = output->window->data;
    output->buffer.failure = 0;
    if (output->buffer.size)
        memset(output->buffer.data, 0, sizeof(RowsetHeader));
    return &output->buffer;
}

static int report_failure(TaskReport *report, const TaskOrder *order, int rc, const char *text)
{
    report->rc = rc;
    report->next_row = order->first_row;
    report->start_ns = report->end_ns = clock_ns();
    snprintf(report->message, sizeof report->message, "%s", text);
    return rc;
}

/* Announces to the host that a slot is DONE, and wakes the host if it waits for that slot. */
static void announce_done(const Worker *worker, int slot)
{
    PoolControl *pool = worker->pool;
    const uint32_t index = worker->channel.control->index;
    if (index < EXECUTOR_WORKERS_MAX)
        atomic_fetch_or(&pool->done[index / 64], UINT64_C(1) << index % 64);
    const uint64_t awaited = atomic_load(&pool->awaited);
    if (!awaited || awaited == channel_slot_name(worker->channel.region, slot))
        bell_ring(&pool->bell);
}

static void run_slot(Worker *worker, int index)
{
    ChannelSlot *slot = &worker->channel.control->slots[index];
    Window *input = &worker->channel.inputs[index];
    Buffer *output = fresh_output(&worker->outputs[index]);
    const TaskOrder order = slot->order;
    uint64_t start = channel_input_start(slot->recipe_size);

    memset(&slot->report, 0, sizeof slot->report);
    if (!worker->runner)
        worker->runner = chunk_runner_create(false);
    /* The host has taken memory for the input, in the steps that windows grow by. */
    int rc = window_map(input, worker->memory, window_round(start + slot->input_size));
    const Recipe *recipe = (const Recipe *)(const void *)input->data;
    if (rc == SQLITE_OK && slot->recipe_size >= sizeof *recipe)
        environment_adopt(&worker->environment, &recipe->environment);
    if (!worker->runner || rc != SQLITE_OK)
        report_failure(&slot->report, &order, SQLITE_NOMEM, "a worker process is out of memory");
    else
        chunk_runner_run(worker->runner, recipe, &order, input->data + start, slot->input_size,
                         &slot->control, output, &slot->report);
    /* A function forked and returned in the copy as well: only the worker itself answers its host. */
    if (getpid() != worker->pid)
        _exit(1);
    if (input->size > CHANNEL_KEEP_BYTES)
        window_trim(input, -1, CHANNEL_KEEP_BYTES);

    RowsetView view;
    slot->output_size =
        output->size && rowset_open(&view, output->data, output->size) ? (view.heap + view.heap_bytes) : 0;
    atomic_store(&slot->state, SLOT_DONE);
    announce_done(worker, index);
    /* A worker whose descriptors were closed by a function ends, and the host starts another one. */
    if (!has_memory(worker))
        _exit(1);
}

/* Takes and runs the task that waits longest. False when no task waits. */
static bool run_next(Worker *worker)
{
    ChannelSlot *slots = worker->channel.control->slots;
    int next = -1;
    for (int i = 0; i < CHANNEL_SLOTS; i++)
        if (atomic_load(&slots[i].state) == SLOT_QUEUED &&
            (next < 0 || slots[i].sequence < slots[next].sequence))
            next = i;
    if (next < 0)
        return false;
    ChannelSlot *slot = &slots[next];
    unsigned queued = SLOT_QUEUED;
    atomic_store(&slot->started_ns, clock_ns());
    /* The host may be withdrawing the task this very moment; then the next call finds another one. */
    if (atomic_compare_exchange_strong(&slot->state, &queued, SLOT_RUNNING))
        run_slot(worker, next);
    worker->busy_ns = clock_ns();
    return true;
}

/* Closes the files of scans that have ended, and reports that to the host, which waits for it. True when
   there was such a scan. */
static bool end_scans(Worker *worker)
{
    EndedScans *ended = &worker->pool->ended;
    uint64_t scan, before = worker->closed_scans;
    while (ended_scans_next(ended, &worker->closed_scans, &scan))
        if (worker->runner)
            chunk_runner_end_scan(worker->runner, scan);
    if (worker->closed_scans == before)
        return false;
    atomic_store(&worker->channel.control->closed_scans, worker->closed_scans);
    bell_ring(&worker->pool->bell);
    return true;
}

static void begin(Worker *worker)
{
    ChannelControl *control = worker->channel.control;
    for (int i = 0; i < CHANNEL_SLOTS; i++)
        worker->outputs[i] = (OutputBuffer){.buffer = {.reserve = reserve_output},
                                            .window = &worker->channel.outputs[i],
                                            .slot = &control->slots[i],
                                            .worker = worker};
    adopted_environment_begin(&worker->environment, true);
    worker->closed_scans = atomic_load(&worker->pool->ended.count);
    atomic_store(&control->closed_scans, worker->closed_scans);
    atomic_store(&control->pid, worker->pid);
    prctl(PR_SET_NAME, "pricemap-worker");
    atomic_store(&control->ready, 1);
    bell_ring(&worker->pool->bell);
}

/* Nanoseconds that the worker may sleep until it is to rest, which it does if that is now; negative: it has
   rested, or never does. */
static int64_t rest_if_due(Worker *worker)
{
    if (!worker->rest || !worker->busy_ns)
        return -1;
    const int64_t left = worker->busy_ns + rest_after_ns - clock_ns();
    if (left > 0)
        return left;
    worker->rest();
    worker->busy_ns = 0;
    return -1;
}

static void give_memory_back(void)
{
    malloc_trim(0);
}

/* Each query has a page cache, a sorter and tables of its own: what one lets go of serves the next, without
   the kernel giving and clearing each page anew. */
void worker_loop(int memory, PoolControl *pool, uint32_t region)
{
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    worker_loop_with(memory, pool, region, give_memory_back);
}

void worker_loop_with(int memory, PoolControl *pool, uint32_t region, void (*rest)(void))
{
    Worker worker = {.memory = memory, .pid = getpid(), .pool = pool, .rest = rest};
    if (channel_map(&worker.channel, memory, region) != SQLITE_OK)
        return;
    struct stat file;
    if (fstat(memory, &file) != 0)
        return;
    worker.memory_device = file.st_dev;
    worker.memory_file = file.st_ino;
    begin(&worker);
    Bell *bell = &worker.channel.control->bell;
    for (;;) {
        while (end_scans(&worker) || run_next(&worker))
            ;
        const int64_t spin = atomic_load(&pool->may_spin) ? SPIN_NANOSECONDS : 0;
        for (int64_t end = clock_ns() + spin; clock_ns() < end;) {
            if (end_scans(&worker) || run_next(&worker))
                end = clock_ns() + spin;
            processor_pause();
        }
        unsigned seen = bell_listen(bell);
        if (!end_scans(&worker) && !run_next(&worker))
            bell_sleep(bell, seen, rest_if_due(&worker));
        bell_wake(bell);
    }
}
