/*
 * The program pricemap-worker: first the zygote, then, in each process that the zygote forks, a worker that
 * takes tasks from its channel until it is killed.
 *
 * Order matters at the start. The program forks at once and its first process ends, so that the host, which
 * waits for that one, has no lasting child; see zygote.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/limits.h"
#include "ext/channel/channel.h"
#include "ext/evaluate/runner.h"
#include "ext/base/processors.h"
#include "ext/data/rowset.h"
#include "ext/worker/zygote.h"

/* The output window of one slot as a buffer: grows into the window, takes memory before it is written. */
typedef struct OutputBuffer {
    Buffer buffer; /* size: bytes that have memory, at most window.size */
    Window window;
    int memory;
    ChannelSlot *slot;
} OutputBuffer;

typedef struct Worker {
    int memory;
    PoolControl *pool;
    ChannelControl *control;
    ChunkRunner *runner;
    Window inputs[CHANNEL_SLOTS];
    OutputBuffer outputs[CHANNEL_SLOTS];
    uint64_t heard; /* ended scans that it has let go of */
    /* Time zones: the host's with the last task, and the last one that is known to be in effect on both
     * sides. */
    TimeZone zone, known_zone;
} Worker;

static int reserve_output(Buffer *buffer, size_t size)
{
    OutputBuffer *output = (OutputBuffer *)buffer;
    if (size <= buffer->size)
        return SQLITE_OK;
    uint64_t grown = window_round(buffer->size + buffer->size / 2);
    if (grown < size)
        grown = window_round(size);
    int rc = window_allocate(output->memory, output->window.offset, buffer->size, grown);
    if (rc == SQLITE_OK)
        rc = window_map(&output->window, output->memory, grown);
    if (rc != SQLITE_OK) {
        buffer->failure = errno;
        return rc;
    }
    buffer->data = output->window.data;
    buffer->size = grown;
    atomic_store(&output->slot->output_reserved, grown);
    return SQLITE_OK;
}

/* The output of the slot's next task: what the host trimmed meanwhile has no memory any more, and no rowset
 * is in it. */
static Buffer *fresh_output(OutputBuffer *output)
{
    if (atomic_load(&output->slot->output_reserved) < output->window.size)
        window_trim(&output->window, -1, CHANNEL_KEEP_BYTES);
    output->buffer.size = output->window.size;
    output->buffer.data = output->window.data;
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

/* 'localtime' means the host's zone, which may have changed since the process was started. */
static void follow_zone(Worker *worker, const Recipe *recipe)
{
    if (!memcmp(&worker->zone, &recipe->zone, sizeof worker->zone))
        return;
    worker->zone = recipe->zone;
    worker->zone.name[sizeof worker->zone.name - 1] = 0;
    time_zone_follow(&worker->zone, &worker->known_zone);
}

static void run_slot(Worker *worker, int index)
{
    ChannelSlot *slot = &worker->control->slots[index];
    Window *input = &worker->inputs[index];
    Buffer *output = fresh_output(&worker->outputs[index]);
    const TaskOrder order = slot->order;
    uint64_t start = channel_input_start(slot->recipe_size);

    memset(&slot->report, 0, sizeof slot->report);
    if (!worker->runner)
        worker->runner = chunk_runner_create();
    /* What the host put in has memory, in the steps that windows grow by. */
    int rc = window_map(input, worker->memory, window_round(start + slot->input_size));
    const Recipe *recipe = (const Recipe *)(const void *)input->data;
    if (rc == SQLITE_OK && slot->recipe_size >= sizeof *recipe)
        follow_zone(worker, recipe);
    if (!worker->runner || rc != SQLITE_OK)
        report_failure(&slot->report, &order, SQLITE_NOMEM, "a worker process is out of memory");
    else
        chunk_runner_run(worker->runner, recipe, &order, input->data + start, slot->input_size,
                         &slot->control, output, &slot->report);
    if (input->size > CHANNEL_KEEP_BYTES)
        window_trim(input, -1, CHANNEL_KEEP_BYTES);

    RowsetView view;
    slot->output_size =
        output->size && rowset_open(&view, output->data, output->size) ? (view.heap + view.heap_bytes) : 0;
    atomic_store(&slot->state, SLOT_DONE);
    bell_ring(&worker->pool->bell);
}

/* Takes and runs the task that waits longest. False when there is none. */
static bool run_next(Worker *worker)
{
    int next = -1;
    for (int i = 0; i < CHANNEL_SLOTS; i++) {
        ChannelSlot *slot = &worker->control->slots[i];
        if (atomic_load(&slot->state) == SLOT_QUEUED &&
            (next < 0 || slot->sequence < worker->control->slots[next].sequence))
            next = i;
    }
    if (next < 0)
        return false;
    ChannelSlot *slot = &worker->control->slots[next];
    unsigned queued = SLOT_QUEUED;
    atomic_store(&slot->started_ns, clock_ns());
    /* The host may be withdrawing it this very moment; then the next look shows what there is instead. */
    if (atomic_compare_exchange_strong(&slot->state, &queued, SLOT_RUNNING))
        run_slot(worker, next);
    return true;
}

/* Lets go of the files of scans that have ended, and tells the host, which waits for that. True when there
 * was one. */
static bool end_scans(Worker *worker)
{
    PoolControl *pool = worker->pool;
    uint64_t count = atomic_load(&pool->ended_count);
    if (worker->heard == count)
        return false;
    uint64_t from = count - worker->heard > CHANNEL_ENDED_SCANS ? count : worker->heard;
    if (worker->runner && from == count)
        chunk_runner_end_scan(worker->runner, 0);
    for (; worker->runner && from < count; from++)
        chunk_runner_end_scan(worker->runner, atomic_load(&pool->ended_scans[from % CHANNEL_ENDED_SCANS]));
    worker->heard = count;
    atomic_store(&worker->control->heard, count);
    bell_ring(&pool->bell);
    return true;
}

static void work(int memory, PoolControl *pool, uint32_t region)
{
    ChannelControl *control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, memory,
                                   (off_t)channel_region_offset(region));
    if (control == MAP_FAILED)
        return;
    Worker worker = {.memory = memory, .pool = pool, .control = control};
    for (int i = 0; i < CHANNEL_SLOTS; i++) {
        worker.inputs[i].offset = channel_input_offset(region, i);
        worker.outputs[i] = (OutputBuffer){.buffer = {.reserve = reserve_output},
                                           .window = {.offset = channel_output_offset(region, i)},
                                           .memory = memory,
                                           .slot = &control->slots[i]};
    }
    time_zone_look(&worker.zone);
    worker.known_zone = worker.zone;
    worker.heard = atomic_load(&pool->ended_count);
    atomic_store(&control->heard, worker.heard);
    atomic_store(&control->pid, getpid());
    prctl(PR_SET_NAME, "pricemap-worker");
    atomic_store(&control->ready, 1);
    bell_ring(&pool->bell);
    const int64_t spin = processors_affinity() > 1 ? SPIN_NANOSECONDS : 0;
    for (;;) {
        while (end_scans(&worker) || run_next(&worker))
            ;
        for (int64_t end = clock_ns() + spin; clock_ns() < end;) {
            if (end_scans(&worker) || run_next(&worker))
                end = clock_ns() + spin;
            processor_pause();
        }
        unsigned seen = bell_listen(&control->bell);
        if (!end_scans(&worker) && !run_next(&worker))
            bell_sleep(&control->bell, seen, -1);
        bell_wake(&control->bell);
    }
}

/*
 * A plug-in of Node.js that brings an SQLite (better-sqlite3) calls this function of its program as soon as
 * it is loaded, and the dynamic linker ends a program that has none. A worker wants nothing of the plug-in
 * but SQLite.
 */
__attribute__((visibility("default"))) void node_module_register(void *module);

void node_module_register(void *module)
{
    (void)module;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts("pricemap-worker " PRICEMAP_VERSION);
        return 0;
    }
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(CHANNEL_SOCKET, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) {
        fputs(
            "pricemap-worker: this is the program of pricemap's worker processes; the extension pricemap.so "
            "starts it\n",
            stderr);
        return 2;
    }
    pid_t zygote = fork();
    if (zygote < 0)
        zygote_decline(CHANNEL_SOCKET, "fork", errno);
    if (zygote)
        _exit(zygote < 0);
    _exit(zygote_run(CHANNEL_SOCKET, work));
}
