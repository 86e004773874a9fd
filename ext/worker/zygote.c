#include "ext/worker/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/descriptors.h"
#include "ext/base/limits.h"
#include "ext/channel/host_sqlite.h"
#include "ext/channel/messages.h"

enum {
    /* Milliseconds between two checks whether the pool is in use. */
    IDLE_CHECK_MILLISECONDS = 1000,
    /* Forks between two polls, few, so that even the start of a thousand workers can be stopped at once. */
    FORKS_PER_TURN = 8,
    /* Seconds that a start may take, which may hang in a library: more than the host waits. */
    START_SECONDS = 15,
    /* Milliseconds that killed workers have to end; those that take longer are the kernel's to reap. */
    FAREWELL_MILLISECONDS = 80,
    /* Milliseconds in which setting the session's nice value is tried again. */
    NICE_MILLISECONDS = 250,
};

/* The zygote's record of one worker, by the worker's index. */
typedef struct Child {
    /* Process id, 0 before the fork and once the process is reaped: so kill() hits no other process. */
    pid_t pid;
    uint32_t region;
    /* Whether the worker is still to be forked. */
    bool to_fork;
    /* Kind of the message that is still to be sent about the fork, MESSAGE_FORKED or MESSAGE_UNFORKED; 0:
     * none. */
    uint32_t unsent_fork;
    /* Whether MESSAGE_DEAD is still to be sent. */
    bool unsent_death;
    int32_t forked_pid, fork_error, wait_status;
    /* Time when the worker is to be killed; 0: never. */
    int64_t kill_at;
    /* Slot that must still run the task `kill_sequence` then; -1: kill in any case. */
    int kill_slot;
    uint64_t kill_sequence;
} Child;

typedef struct Zygote {
    int socket, memory, host, child_signals;
    pid_t pid;
    PoolControl *pool;
    const ZygoteRole *role;
    bool ending;
    /* Whether the host must read before another message can be sent. */
    bool blocked;
    Child children[EXECUTOR_WORKERS_MAX];
    /* Children ever used. */
    uint32_t child_count;
} Zygote;

/* ---- the worker's side of fork ---- */

static void become_worker(const Zygote *zygote, uint32_t region)
{
    /* The zygote may have died before this: then its death would not kill this process. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != zygote->pid)
        _exit(1);
    int memory = zygote->memory;
    PoolControl *pool = zygote->pool;
    const ZygoteRole *role = zygote->role;
    close(zygote->socket);
    close(zygote->child_signals);
    if (zygote->host >= 0)
        close(zygote->host);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* Where memory runs out the kernel should rather take a worker, which is replaced, than the host. */
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score >= 0) {
        if (write(score, "500", 3) != 3) {
            /* The score stays as it was then: nothing depends on it. */
        }
        close(score);
    }
    if (role->after_fork)
        role->after_fork(true);
    role->work(memory, pool, region);
    _exit(1);
}

static void fork_children(Zygote *zygote)
{
    int forks = 0;
    for (uint32_t i = 0; i < zygote->child_count && forks < FORKS_PER_TURN; i++) {
        Child *child = &zygote->children[i];
        if (!child->to_fork)
            continue;
        child->to_fork = false;
        forks++;
        if (zygote->role->before_fork)
            zygote->role->before_fork();
        pid_t pid = fork();
        int failure = errno;
        if (pid == 0)
            become_worker(zygote, child->region);
        if (zygote->role->after_fork)
            zygote->role->after_fork(false);
        child->unsent_fork = pid > 0 ? MESSAGE_FORKED : MESSAGE_UNFORKED;
        child->fork_error = pid > 0 ? 0 : failure;
        child->forked_pid = pid > 0 ? pid : 0;
        child->pid = pid > 0 ? pid : 0;
    }
}

static bool any_to_fork(const Zygote *zygote)
{
    for (uint32_t i = 0; i < zygote->child_count; i++)
        if (zygote->children[i].to_fork)
            return true;
    return false;
}

/* ---- reaping, reporting, killing ---- */

static void reap(Zygote *zygote)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (uint32_t i = 0; i < zygote->child_count; i++) {
            Child *child = &zygote->children[i];
            if (child->pid != pid)
                continue;
            child->pid = 0;
            child->kill_at = 0;
            child->wait_status = status;
            child->unsent_death = true;
        }
    }
}

static bool report(Zygote *zygote, const Child *child, uint32_t kind, int32_t pid, int32_t status)
{
    ZygoteMessage message = {.kind = kind,
                             .index = (uint32_t)(child - zygote->children),
                             .region = child->region,
                             .pid = pid,
                             .status = status};
    int failure = messages_send(zygote->socket, &message, sizeof message, NULL, 0);
    if (failure == EAGAIN)
        zygote->blocked = true;
    else if (failure)
        zygote->ending = true;
    return !failure;
}

static void wake_host(const Zygote *zygote)
{
    atomic_fetch_add(&zygote->pool->zygote_news, 1);
    bell_ring(&zygote->pool->bell);
}

static void send_reports(Zygote *zygote)
{
    bool sent = false;
    zygote->blocked = false;
    for (uint32_t i = 0; i < zygote->child_count && !zygote->blocked && !zygote->ending; i++) {
        Child *child = &zygote->children[i];
        if (child->unsent_fork &&
            report(zygote, child, child->unsent_fork, child->forked_pid, child->fork_error)) {
            child->unsent_fork = 0;
            sent = true;
        }
        if (child->unsent_death && !child->unsent_fork &&
            report(zygote, child, MESSAGE_DEAD, child->forked_pid, child->wait_status)) {
            child->unsent_death = false;
            sent = true;
        }
    }
    if (sent)
        wake_host(zygote);
}

/* Whether a worker still runs the task for which it was to be killed. */
static bool still_runs(const Zygote *zygote, const Child *child)
{
    if (child->kill_slot < 0)
        return true;
    ChannelControl *control = mmap(NULL, sizeof *control, PROT_READ, MAP_SHARED, zygote->memory,
                                   (off_t)channel_region_offset(child->region));
    if (control == MAP_FAILED)
        return true;
    ChannelSlot *slot = &control->slots[child->kill_slot];
    bool runs = atomic_load(&slot->state) == SLOT_RUNNING && slot->sequence == child->kill_sequence;
    munmap(control, sizeof *control);
    return runs;
}

/* Carries out the kills whose time has come. Returns the milliseconds until the next one, or -1. */
static int kill_due(Zygote *zygote)
{
    int64_t next = 0, now = clock_ns();
    for (uint32_t i = 0; i < zygote->child_count; i++) {
        Child *child = &zygote->children[i];
        if (!child->kill_at)
            continue;
        if (child->kill_at > now) {
            if (!next || child->kill_at < next)
                next = child->kill_at;
            continue;
        }
        child->kill_at = 0;
        if (child->pid && still_runs(zygote, child))
            kill(child->pid, SIGKILL);
    }
    int64_t milliseconds = (next - now) / 1000000 + 1;
    return !next ? -1 : milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
}

/* ---- messages of the host ---- */

static void handle_fork(Zygote *zygote, const HostMessage *message)
{
    if (message->index >= EXECUTOR_WORKERS_MAX || message->count > EXECUTOR_WORKERS_MAX - message->index ||
        message->region >= CHANNEL_REGIONS - EXECUTOR_WORKERS_MAX)
        return;
    for (uint32_t i = 0; i < message->count; i++) {
        Child *child = &zygote->children[message->index + i];
        if (child->pid || child->to_fork || child->unsent_fork || child->unsent_death)
            continue;
        *child = (Child){.region = message->region + i, .to_fork = true};
    }
    if (zygote->child_count < message->index + message->count)
        zygote->child_count = message->index + message->count;
}

static void handle_kill(Zygote *zygote, const HostMessage *message)
{
    for (uint32_t i = 0; i < zygote->child_count; i++) {
        Child *child = &zygote->children[i];
        if (child->region != message->region || message->slot >= CHANNEL_SLOTS)
            continue;
        child->kill_at = clock_ns() + (int64_t)message->milliseconds * 1000000;
        child->kill_slot = message->slot;
        child->kill_sequence = message->sequence;
    }
}

static void receive_messages(Zygote *zygote)
{
    for (;;) {
        Message message;
        ssize_t size = messages_receive(zygote->socket, &message, NULL, NULL);
        if (size < 0 && errno == EAGAIN)
            return;
        if (size <= 0 || message.kind == MESSAGE_END) {
            zygote->ending = true;
            return;
        }
        if (message.kind == MESSAGE_FORK)
            handle_fork(zygote, &message.host);
        else if (message.kind == MESSAGE_KILL)
            handle_kill(zygote, &message.host);
    }
}

static void farewell(Zygote *zygote)
{
    int alive = 0;
    for (uint32_t i = 0; i < zygote->child_count; i++)
        if (zygote->children[i].pid) {
            kill(zygote->children[i].pid, SIGKILL);
            alive++;
        }
    int64_t end = clock_ns() + (int64_t)FAREWELL_MILLISECONDS * 1000000;
    while (alive > 0) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid > 0) {
            alive--;
            continue;
        }
        if (pid < 0 && errno != EINTR)
            return;
        struct pollfd signals = {.fd = zygote->child_signals, .events = POLLIN};
        int64_t left = (end - clock_ns()) / 1000000;
        if (left <= 0)
            return;
        poll(&signals, 1, (int)left);
        struct signalfd_siginfo info;
        while (read(zygote->child_signals, &info, sizeof info) > 0)
            ;
    }
}

/* Milliseconds to sleep until the next check whether the pool has been idle for too long; 0: it has been. */
static int idle_left(const Zygote *zygote)
{
    int64_t end = zygote->pool ? atomic_load(&zygote->pool->idle_end_ns) : 0;
    int64_t left = end ? (end - clock_ns() + 999999) / 1000000 : IDLE_CHECK_MILLISECONDS;
    return left <= 0 ? 0 : left < IDLE_CHECK_MILLISECONDS ? (int)left : IDLE_CHECK_MILLISECONDS;
}

static void serve(Zygote *zygote)
{
    while (!zygote->ending) {
        int idle = idle_left(zygote);
        if (!idle)
            return;
        fork_children(zygote);
        send_reports(zygote);
        int timeout = kill_due(zygote);
        if (any_to_fork(zygote))
            timeout = 0;
        if (timeout < 0 || timeout > idle)
            timeout = idle;
        short interest = zygote->blocked ? POLLIN | POLLOUT : POLLIN;
        struct pollfd watched[] = {
            {.fd = zygote->socket, .events = interest},
            {.fd = zygote->host, .events = POLLIN},
            {.fd = zygote->child_signals, .events = POLLIN},
        };
        if (poll(watched, 3, timeout) < 0 && errno != EINTR && errno != ENOMEM)
            return;
        if (watched[1].revents)
            return;
        struct signalfd_siginfo info;
        while (watched[2].revents && read(zygote->child_signals, &info, sizeof info) > 0)
            ;
        reap(zygote);
        if (watched[0].revents)
            receive_messages(zygote);
    }
}

/* ---- the beginning ---- */

static const char autogroup_file[] = "/proc/self/autogroup";

/* The nice value of the host's session among those of the machine, which is this process's until it begins a
   session; 0 where the kernel does not share processors out by session. A process's own nice value counts
   within its session, and is inherited. */
static int read_session_nice(void)
{
    int nice = 0;
    FILE *file = fopen(autogroup_file, "re");
    if (!file)
        return 0;
    /* "/autogroup-11 nice 0" */
    int read = fscanf(file, "%*s nice %d", &nice);
    fclose(file);
    return read == 1 ? nice : 0;
}

/* Gives the new session the nice value of the host's: otherwise the session would begin at 0, and workers
   would get more or less than the host. */
static void write_session_nice(int nice)
{
    int file = nice ? open(autogroup_file, O_WRONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    char text[16];
    int length = snprintf(text, sizeof text, "%d", nice);
    /* The kernel takes one such value in 100 ms, of whatever process, from those without the right to more.
     */
    const struct timespec nap = {.tv_nsec = 5000000};
    int64_t end = clock_ns() + (int64_t)NICE_MILLISECONDS * 1000000;
    while (write(file, text, (size_t)length) != length && errno == EAGAIN && clock_ns() < end)
        nanosleep(&nap, NULL);
    /* A lower value than the usual one takes a right that this process may not have: then its session keeps
       the usual one. */
    close(file);
}

void zygote_leave_host(int socket)
{
    int nice = read_session_nice();
    setsid();
    write_session_nice(nice);
#ifdef SYS_close_range
    long closed = syscall(SYS_close_range, (unsigned)socket + 1, ~0u, 0);
#else
    long closed = -1;
#endif
    for (long fd = closed == 0 ? 0 : sysconf(_SC_OPEN_MAX); fd > socket; fd--)
        close((int)fd);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= STDERR_FILENO && null >= 0; fd++)
        if (fd != null)
            dup2(null, fd);
    if (null > STDERR_FILENO)
        close(null);
    prctl(PR_SET_NAME, "pricemap-zygote");
}

static HelloReply reply_without_error(void)
{
    HelloReply reply = {
        .kind = MESSAGE_WELCOME, .protocol = MESSAGES_PROTOCOL, .layout = CHANNEL_LAYOUT, .pid = getpid()};
    snprintf(reply.version, sizeof reply.version, "%s", PRICEMAP_VERSION);
    return reply;
}

void zygote_decline(int socket, const char *what, int error)
{
    HelloReply reply = reply_without_error();
    snprintf(reply.error, sizeof reply.error, "%s: %s%s", what, strerror(error), messages_fork_advice(error));
    messages_send(socket, &reply, sizeof reply, NULL, 0);
}

void zygote_refuse(int socket, const char *text)
{
    HelloReply reply = reply_without_error();
    snprintf(reply.error, sizeof reply.error, "%s", text);
    messages_send(socket, &reply, sizeof reply, NULL, 0);
}

/* Waits for the host's first message. False when there is none. */
static bool receive_hello(Zygote *zygote, Message *message)
{
    struct pollfd watched = {.fd = zygote->socket, .events = POLLIN};
    while (poll(&watched, 1, -1) < 0)
        if (errno != EINTR)
            return false;
    int descriptors[MESSAGES_DESCRIPTORS_MAX] = {-1, -1};
    int count = 0;
    ssize_t size = messages_receive(zygote->socket, message, descriptors, &count);
    zygote->memory = count > 0 ? descriptors[0] : -1;
    zygote->host = count > 1 ? descriptors[1] : -1;
    return size > 0;
}

/* Attaches SQLite and the shared memory as the host's hello says, and writes the answer: its error stays ""
   where that succeeded. */
static void prepare(Zygote *zygote, const Message *message, HelloReply *reply)
{
    const HelloRequest *hello = &message->hello;
    if (message->kind != MESSAGE_HELLO || hello->protocol != MESSAGES_PROTOCOL ||
        hello->layout != CHANNEL_LAYOUT ||
        strncmp(hello->version, PRICEMAP_VERSION, sizeof hello->version) != 0 ||
        !memchr(hello->sqlite_path, 0, sizeof hello->sqlite_path)) {
        snprintf(reply->error, sizeof reply->error, "other version");
        return;
    }
    if (!host_sqlite_attach(hello->sqlite_path, hello->has_table, hello->table_offset, reply->error,
                            sizeof reply->error))
        return;
    snprintf(reply->source_id, sizeof reply->source_id, "%s", sqlite3_sourceid());
    /* Another SQLite than the host's is of no use to the host, which is sent the reason why. */
    if (reply->error[0] && strncmp(reply->source_id, hello->source_id, sizeof reply->source_id - 1) != 0)
        return;
    reply->error[0] = 0;
    void *pool = zygote->memory < 0 ? MAP_FAILED
                                    : mmap(NULL, sizeof *zygote->pool, PROT_READ | PROT_WRITE, MAP_SHARED,
                                           zygote->memory, 0);
    if (pool == MAP_FAILED)
        snprintf(reply->error, sizeof reply->error, "no shared memory: %s", strerror(errno));
    else
        zygote->pool = pool;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    zygote->child_signals = signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC);
    if (zygote->child_signals < 0)
        snprintf(reply->error, sizeof reply->error, "signalfd: %s", strerror(errno));
}

int zygote_serve(int socket, const ZygoteRole *role)
{
    alarm(START_SECONDS);
    Zygote *zygote = calloc(1, sizeof *zygote);
    Message message;
    if (!zygote) {
        zygote_decline(socket, "calloc", ENOMEM);
        return 1;
    }
    *zygote = (Zygote){
        .socket = socket, .memory = -1, .host = -1, .child_signals = -1, .pid = getpid(), .role = role};
    if (!receive_hello(zygote, &message)) {
        free(zygote);
        return 1;
    }
    HelloReply reply = reply_without_error();
    prepare(zygote, &message, &reply);
    int self = descriptor_of_process(zygote->pid);
    int failure = messages_send(socket, &reply, sizeof reply, &self, 1);
    if (self >= 0)
        close(self);
    if (failure || reply.error[0]) {
        free(zygote);
        return 1;
    }
    wake_host(zygote);
    alarm(0);
    serve(zygote);
    farewell(zygote);
    free(zygote);
    return 0;
}

int zygote_run(int socket, ZygoteWork *work)
{
    const ZygoteRole role = {.work = work};
    zygote_leave_host(socket);
    return zygote_serve(socket, &role);
}
