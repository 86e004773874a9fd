/*
 * The zygote protocol, from host to zygote: the real zygote serves a socket at whose other end the input is
 * the host. Its calls to the kernel about processes are answered here, and checked: it may kill only what it
 * forked and has not reaped yet.
 *
 * The input is a list of steps, one for each time that the zygote waits; see step().
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext/channel/channel.h"
#include "ext/channel/messages.h"
#include "fuzz.h"
#include "input.h"
#include "kernel.h"

enum { FIRST_PID = 100000, PROCESSES_MAX = 8192 };

typedef enum ProcessState { PROCESS_RUNS, PROCESS_ENDED, PROCESS_REAPED } ProcessState;

static Input input;
static int host_end = -1;
static unsigned char processes[PROCESSES_MAX];
static int process_count;
static void *zygote_memory;

static pid_t kernel_fork(void)
{
    if (process_count == PROCESSES_MAX || input_byte(&input) == 0xff) {
        errno = EAGAIN;
        return -1;
    }
    processes[process_count] = PROCESS_RUNS;
    return FIRST_PID + process_count++;
}

static int kernel_kill(pid_t pid, int signal)
{
    int place = (int)pid - FIRST_PID;
    if (place < 0 || place >= process_count || processes[place] == PROCESS_REAPED || signal != SIGKILL)
        finding("a process is killed that is not the zygote's");
    processes[place] = PROCESS_ENDED;
    return 0;
}

static pid_t kernel_waitpid(pid_t pid, int *status, int flags)
{
    bool any = false;
    if (pid != -1 || flags != WNOHANG)
        finding("the zygote waits for one process");
    for (int i = 0; i < process_count; i++) {
        any |= processes[i] != PROCESS_REAPED;
        if (processes[i] != PROCESS_ENDED)
            continue;
        processes[i] = PROCESS_REAPED;
        if (status)
            *status = (int)(i * 31 & 0x7f);
        return FIRST_PID + i;
    }
    errno = ECHILD;
    return any ? 0 : -1;
}

static void *kernel_calloc(size_t count, size_t size)
{
    return zygote_memory = calloc(count, size);
}

/* Random indices, so that the state of every process is reached. */
static void end_process(uint32_t which)
{
    if (process_count && processes[which % (uint32_t)process_count] == PROCESS_RUNS)
        processes[which % (uint32_t)process_count] = PROCESS_ENDED;
}

static void send_message(unsigned how)
{
    Message message;
    size_t size = input_byte(&input) == 0 ? input_u32(&input) % sizeof message : sizeof(HostMessage);
    memset(&message, 0, sizeof message);
    if (how & 8) {
        message.host = (HostMessage){.kind = input_byte(&input),
                                     .index = input_u32(&input) & (how & 16 ? ~0u : 0x7ffu),
                                     .region = input_u32(&input) & (how & 16 ? ~0u : 0xfffu),
                                     .count = input_u32(&input) & (how & 16 ? ~0u : 0x1fu),
                                     .slot = (int32_t)input_u32(&input) % 16,
                                     .milliseconds = (int32_t)input_u32(&input),
                                     .sequence = input_u32(&input)};
    } else {
        input_bytes(&input, &message, size);
    }
    messages_send(host_end, &message, size, how & 32 ? &host_end : NULL, how & 32 ? 1 : 0);
}

/* What happens while the zygote waits. */
static void step(void)
{
    unsigned how = input_byte(&input);
    Message answer;
    switch (how % 8) {
    case 0:
    case 1:
    case 2:
    case 3:
        send_message(how);
        break;
    case 4:
        end_process(input_u32(&input));
        break;
    case 5: /* the host reads */
        while (host_end >= 0 && messages_receive(host_end, &answer, NULL, NULL) > 0)
            if (answer.kind == MESSAGE_FORKED && answer.zygote.pid < FIRST_PID)
                finding("a forked worker without a process");
        break;
    case 6:
        for (int i = 0; i < 64; i++)
            send_message(how | 8);
        break;
    default:
        break;
    }
    /* Says so, too: the zygote may have been given a copy of this end. */
    const HostMessage end = {.kind = MESSAGE_END};
    if (input_ended(&input) && host_end >= 0 &&
        messages_send(host_end, &end, sizeof end, NULL, 0) != EAGAIN) {
        close(host_end);
        host_end = -1;
    }
}

static int kernel_poll(struct pollfd *watched, nfds_t count, int milliseconds)
{
    if (count == 3)
        step();
    int ready = poll(watched, count, 0);
    kernel_waited(ready ? 0 : milliseconds);
    return ready;
}

static bool kernel_attach(const char *path, bool has_table, int64_t offset, char *error, size_t size)
{
    const size_t room = sizeof((HelloRequest *)NULL)->sqlite_path;
    if (strnlen(path, room) == room)
        finding("a path without an end");
    if ((strlen(path) + (has_table ? (size_t)offset : 0)) % 5 != 4)
        return true;
    snprintf(error, size, "cannot load %.400s", path);
    return false;
}

#include "ext/executors/executor.h"
#include "ext/base/clock.h"
#include "ext/channel/host_sqlite.h"
#include "ext/worker/zygote.h"
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#undef sqlite3_sourceid
#define sqlite3_sourceid() "an SQLite"
#define fork kernel_fork
#define kill kernel_kill
#define waitpid kernel_waitpid
#define calloc kernel_calloc
#define poll kernel_poll
#define clock_ns kernel_clock
#define host_sqlite_attach kernel_attach
/* This process stays what it is. */
#define setsid() ignore_call(0)
#define syscall ignore_call
#define dup2 ignore_call
#define alarm ignore_call
#define prctl ignore_call
#define sigprocmask ignore_call
/* Its remains are checked first, and freed by the target. */
#define free(memory) ((void)(memory))
#include "ext/worker/zygote.c"
#undef poll
#undef calloc
#undef free

static void no_work(int memory, PoolControl *pool, uint32_t region)
{
    (void)memory;
    (void)pool;
    (void)region;
    finding("a worker in this process");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static int memory_of_pool(void)
{
    int memory = channel_memory_create();
    if (memory < 0 || window_allocate(memory, 0, 0, sizeof(PoolControl)) != 0)
        finding("no memory");
    return memory;
}

static void send_hello(int memory)
{
    HelloRequest hello = {.kind = MESSAGE_HELLO, .protocol = MESSAGES_PROTOCOL, .layout = CHANNEL_LAYOUT};
    unsigned how = input_byte(&input);
    snprintf(hello.version, sizeof hello.version, "%s", PRICEMAP_VERSION);
    if (how & 1)
        input_bytes(&input, hello.version, sizeof hello.version);
    if (how & 2)
        memset(hello.sqlite_path, '/', sizeof hello.sqlite_path);
    if (how & 4)
        hello.kind = input_u32(&input);
    if (how & 8)
        hello.has_table = (int32_t)input_u32(&input);
    size_t size = how & 16 ? input_u32(&input) % sizeof(Message) : sizeof hello;
    const int descriptors[] = {memory, host_end, memory};
    if (how & 64)
        send_message(input_byte(&input));
    messages_send(host_end, &hello, size, descriptors, how & 32 ? 0 : how & 128 ? 2 : 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    input = (Input){data, size};
    process_count = 0;
    kernel_now_ns = 1000000000;
    zygote_memory = NULL;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        finding("no socket");
    host_end = ends[0];
    int memory = memory_of_pool();
    send_hello(memory);
    zygote_run(ends[1], no_work);
    Zygote *zygote = zygote_memory;
    for (int i = 0; i < process_count; i++)
        if (zygote && zygote->pool && processes[i] == PROCESS_RUNS)
            finding("a worker outlives the zygote");
    if (zygote) {
        const int opened[] = {zygote->memory, zygote->host, zygote->child_signals};
        for (int i = 0; i < 3; i++)
            if (opened[i] >= 0)
                close(opened[i]);
        if (zygote->pool)
            munmap(zygote->pool, sizeof *zygote->pool);
        free(zygote);
    }
    close(memory);
    close(ends[1]);
    if (host_end >= 0)
        close(host_end);
    return 0;
}
