/*
 * The zygote protocol, from zygote to host: the real process pool with a zygote that is the input, and with
 * workers that write what they like into the memory that they share with the host. The input is a list of
 * steps; see step().
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"
#include "input.h"
#include "kernel.h"
#include "ext/executors/processes/slots.h"

enum { WORKERS_MAX = 24, STARTER = 100000, STEPS_MAX = 400 };

static Input input;
static int zygote_end = -1; /* the other end of the pool's socket */
static const char source_id[] = "an SQLite";

static void step_of_zygote(void);

/* ---- calls of the pool to the kernel ---- */

static int kernel_spawn(const WorkerProgram *program, int socket, pid_t *pid)
{
    (void)program;
    if (input_byte(&input) == 0xff)
        return ENOENT;
    if (zygote_end >= 0)
        close(zygote_end);
    zygote_end = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    *pid = STARTER;
    return 0;
}

static pid_t kernel_waitpid(pid_t pid, int *status, int flags)
{
    (void)status;
    (void)flags;
    if (pid != STARTER)
        finding("the host waits for a process that is not its own");
    errno = ECHILD;
    return -1;
}

static int kernel_kill(pid_t pid, int signal)
{
    (void)signal;
    if (pid != STARTER)
        finding("the host kills a process that is not its own");
    return 0;
}

/* While the pool waits, its zygote goes on; nothing waits for real. */
static int kernel_poll(struct pollfd *watched, nfds_t count, int milliseconds)
{
    if (milliseconds > 0)
        step_of_zygote();
    int ready = poll(watched, count, 0);
    kernel_waited(ready ? 0 : milliseconds);
    if (milliseconds > 0 && input_ended(&input) && zygote_end >= 0) {
        close(zygote_end);
        zygote_end = -1;
    }
    return ready;
}

static bool kernel_offset(int64_t *offset)
{
    *offset = 0;
    return false;
}

#include "ext/executors/executor.h"
#include "ext/base/clock.h"
#include "ext/base/descriptors.h"
#include "ext/channel/host_sqlite.h"
#include "ext/executors/processes/launch.h"
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#undef sqlite3_sourceid
#define sqlite3_sourceid() source_id
#define launch_program kernel_spawn
#define host_sqlite_table_offset kernel_offset
#define waitpid kernel_waitpid
#define kill kernel_kill
#define poll kernel_poll
#define clock_ns kernel_clock
#define waitid(kind, id, info, options) ((void)(info))
#define process_signal(process, signal) ignore_call(process)
#include "ext/executors/processes/starter.c"
#include "ext/executors/processes/zygote_link.c"
#include "ext/executors/processes/pool.c"
#include "ext/executors/processes/slots.c"
#undef poll

/* ---- the hostile side ---- */

static int some_descriptor(unsigned how)
{
    return how & 1 ? zygote_end : open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void send_welcome(unsigned how)
{
    HelloReply reply = {.kind = MESSAGE_WELCOME, .protocol = MESSAGES_PROTOCOL, .layout = CHANNEL_LAYOUT};
    snprintf(reply.version, sizeof reply.version, "%s", PRICEMAP_VERSION);
    memcpy(reply.source_id, source_id, sizeof source_id);
    reply.pid = (int32_t)input_u32(&input);
    if (how & 16)
        memset(reply.error, 'e', sizeof reply.error);
    if (how & 32)
        memset(reply.version, '9', sizeof reply.version);
    if (how & 64)
        input_bytes(&input, reply.source_id, sizeof reply.source_id);
    int descriptor = how & 128 ? some_descriptor(how >> 3) : -1;
    messages_send(zygote_end, &reply, sizeof reply, &descriptor, 1);
    if (descriptor >= 0 && descriptor != zygote_end)
        close(descriptor);
}

static void send_news(unsigned how)
{
    ZygoteMessage message = {.kind = MESSAGE_FORKED + input_byte(&input) % 4,
                             .index = how & 32 ? input_u32(&input) : input_byte(&input) % (WORKERS_MAX + 1),
                             .region = how & 64 ? input_u32(&input) : input_byte(&input),
                             .pid = (int32_t)input_u32(&input),
                             .status = (int32_t)input_u32(&input)};
    int descriptors[] = {zygote_end, zygote_end};
    messages_send(zygote_end, &message, sizeof message, descriptors, how & 128 ? 2 : 0);
}

static void send_raw(void)
{
    Message message;
    size_t size = input_u32(&input) % (sizeof message + 1);
    input_bytes(&input, &message, size);
    messages_send(zygote_end, &message, size, NULL, 0);
}

static void step_of_zygote(void)
{
    unsigned how = input_byte(&input);
    Message request;
    if (zygote_end < 0)
        return;
    switch (how % 8) {
    case 0:
    case 1:
        send_welcome(how);
        break;
    case 2:
        send_raw();
        break;
    case 3:
        while (messages_receive(zygote_end, &request, NULL, NULL) > 0)
            ;
        break;
    case 4:
        if (how & 64) {
            close(zygote_end);
            zygote_end = -1;
        }
        break;
    default:
        send_news(how);
    }
}

/* A worker writes over all that it shares with the host, but for the windows. */
static void scribble(ProcessPool *pool)
{
    PoolWorker *worker = pool->worker_count ? pool->workers[input_byte(&input) % pool->worker_count] : NULL;
    if (!worker)
        return;
    ChannelControl *control = worker->channel.control;
    size_t place = input_u32(&input) % sizeof *control, length = input_byte(&input);
    size_t room = sizeof *control - place;
    input_bytes(&input, (unsigned char *)control + place, length < room ? length : room);
}

/* ---- the host ---- */

/* What the executor does: takes all tasks out of the workers that are lost. */
static void take_lost(ProcessPool *pool)
{
    for (PoolWorker *worker; (worker = process_pool_take_lost(pool));) {
        if (!worker->lost || !worker->used)
            finding("a lost worker without a task");
        for (int i = 0; i < CHANNEL_SLOTS; i++)
            if (worker->slots[i].used)
                slots_free(pool, &worker->slots[i]);
    }
    if (pool->retired)
        finding("a worker that is never freed");
}

static void use_slot(ProcessPool *pool, unsigned how)
{
    PoolWorker *worker = pool->worker_count ? pool->workers[input_byte(&input) % pool->worker_count] : NULL;
    if (!worker)
        return;
    PoolSlot *slot = &worker->slots[how >> 4 & 7];
    if (slot->used) {
        slots_free(pool, slot);
        return;
    }
    if (window_reserve(slot->input, pool->memory, input_u32(&input) % (6u << 20)) != 0)
        finding("no memory");
    slot->used = true;
    worker->used++;
}

static void check(const ProcessPool *pool)
{
    int live = 0, forked = 0;
    for (int i = 0; i < pool->worker_count; i++) {
        const PoolWorker *worker = pool->workers[i];
        live += worker != NULL;
        forked += worker && worker->pid;
        if (worker && (worker->index != i || worker->lost))
            finding("a lost worker among the others");
    }
    if (live != pool->live || forked != pool->forked)
        finding("the pool counts wrongly");
    if (!memchr(pool->error.text, 0, sizeof pool->error.text))
        finding("a message without an end");
}

static void step(ProcessPool *pool)
{
    unsigned how = input_byte(&input);
    PoolWorker *worker;
    switch (how % 16) {
    case 0:
        if (process_pool_grow(pool, 1 + (int)(how >> 4) % WORKERS_MAX) != 0)
            finding("out of memory");
        break;
    case 1:
        process_pool_fill(pool);
        break;
    case 2:
        process_pool_start(pool);
        break;
    case 3:
    case 4:
        process_pool_check(pool);
        break;
    case 5:
        scribble(pool);
        break;
    case 6:
        use_slot(pool, how);
        break;
    case 7:
        worker = pool->worker_count ? pool->workers[(int)(how >> 4) % pool->worker_count] : NULL;
        if (worker)
            process_pool_kill(pool, worker, &worker->slots[how >> 6], KILL_ABANDONED, 20);
        break;
    case 8:
        process_pool_kill_zygote(pool);
        break;
    case 9:
        process_pool_forget_failures(pool);
        break;
    default:
        step_of_zygote();
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ProcessPool pool;
    input = (Input){data, size};
    kernel_now_ns = 1000000000;
    char path[] = "/a/worker", *arguments[] = {path, NULL};
    if (process_pool_init(&pool, &(WorkerProgram){.path = path, .arguments = arguments}, "") != 0)
        finding("out of memory");
    for (int i = 0; i < STEPS_MAX && !input_ended(&input); i++) {
        step(&pool);
        take_lost(&pool);
        check(&pool);
    }
    process_pool_close(&pool);
    if (zygote_end >= 0)
        close(zygote_end);
    zygote_end = -1;
    return 0;
}
