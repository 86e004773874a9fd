#include "ext/executors/processes/zygote_link.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/descriptors.h"
#include "ext/channel/host_sqlite.h"
#include "ext/executors/processes/launch.h"

/* The process that the host started itself; it ends as soon as it has forked the zygote. `kill_it`: it may
 * not have. */
void zygote_link_reap(ProcessPool *pool, bool kill_it)
{
    if (!pool->starter)
        return;
    if (kill_it) {
        /* By its number only while it is our unreaped child: the host may reap children itself. */
        if (pool->starter_fd >= 0)
            process_signal(pool->starter_fd, SIGKILL);
        else if (waitpid(pool->starter, NULL, WNOHANG) == 0)
            kill(pool->starter, SIGKILL);
    }
    /* ECHILD is fine: the host ignores SIGCHLD, or waits for whatever child it has. */
    while (waitpid(pool->starter, NULL, 0) < 0 && errno == EINTR)
        ;
    if (pool->starter_fd >= 0)
        close(pool->starter_fd);
    pool->starter_fd = -1;
    pool->starter = 0;
}

static bool create_memory(ProcessPool *pool)
{
    if (pool->control)
        return true;
    int memory = channel_memory_create();
    if (memory == -EFBIG) {
        process_pool_set_error(
            pool, "parallel_map: worker processes need shared memory, which the limit on file sizes forbids: "
                  "raise it (ulimit -f unlimited)");
        return false;
    }
    void *control = MAP_FAILED;
    if (memory < 0)
        errno = -memory;
    else if (window_allocate(memory, 0, 0, sizeof *pool->control) == SQLITE_OK)
        control = mmap(NULL, sizeof *pool->control, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (control == MAP_FAILED) {
        /* Closing would change errno. */
        process_pool_set_error(pool, "parallel_map: no shared memory for worker processes: %s",
                               strerror(errno));
        if (memory >= 0)
            close(memory);
        return false;
    }
    pool->memory = memory;
    pool->control = control;
    return true;
}

/* The host's first message goes into the socket before anybody is there to read it. 0 or an errno. */
static int send_hello(ProcessPool *pool, int socket)
{
    HelloRequest hello = {.kind = MESSAGE_HELLO, .protocol = CHANNEL_PROTOCOL, .layout = CHANNEL_LAYOUT};
    snprintf(hello.version, sizeof hello.version, "%s", PRICEMAP_VERSION);
    snprintf(hello.source_id, sizeof hello.source_id, "%s", sqlite3_sourceid());
    if (strlen(pool->sqlite_path) < sizeof hello.sqlite_path) {
        memcpy(hello.sqlite_path, pool->sqlite_path, strlen(pool->sqlite_path));
        hello.has_table = *pool->sqlite_path && host_sqlite_table_offset(&hello.table_offset);
    }
    int self = descriptor_of_process(getpid());
    if (self < 0 && errno != ENOSYS && errno != EPERM)
        return errno;
    int descriptors[] = {pool->memory, self};
    int failure = channel_send(socket, &hello, sizeof hello, descriptors, 2);
    if (self >= 0)
        close(self);
    return failure;
}

bool zygote_link_start(ProcessPool *pool)
{
    int ends[2];
    if (!create_memory(pool))
        return false;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        process_pool_set_error(pool, "parallel_map: no socket for worker processes: %s", strerror(errno));
        return false;
    }
    ends[0] = descriptor_above_standard(ends[0]);
    int failure = ends[0] < 0 ? errno : 0;
    ends[1] = descriptor_above_standard(ends[1]);
    if (ends[1] < 0 && !failure)
        failure = errno;
    if (!failure)
        failure = send_hello(pool, ends[0]);
    if (failure) {
        process_pool_set_error(pool, "parallel_map: no descriptor for worker processes: %s",
                               strerror(failure));
    } else {
        failure = launch_program(pool->worker_path, ends[1], &pool->starter);
        if (failure) {
            pool->starter = 0;
            /* Where there are no resources the file is not what is missing. */
            bool scarce = failure == EAGAIN || failure == ENOMEM || failure == EMFILE || failure == ENFILE;
            process_pool_set_error(pool,
                                   "parallel_map: cannot start the program of the worker processes, %s: %s%s",
                                   pool->worker_path, strerror(failure),
                                   scarce ? channel_fork_advice(failure)
                                          : ": install it beside pricemap.so, or set PRICEMAP_WORKER to its "
                                            "path");
        }
    }
    if (ends[1] >= 0)
        close(ends[1]);
    if (failure) {
        if (ends[0] >= 0)
            close(ends[0]);
        return false;
    }
    pool->starter_fd = descriptor_of_process(pool->starter);
    pool->socket = ends[0];
    pool->state = ZYGOTE_STARTING;
    pool->hello_by = clock_ns() + (int64_t)HELLO_SECONDS * 1000000000;
    return true;
}

/* Whether the zygote fits this host; if not, `error` says why. */
bool zygote_link_fits(ProcessPool *pool, const Message *message)
{
    const HelloReply *reply = &message->welcome;
    if (message->kind != MESSAGE_WELCOME || reply->protocol != CHANNEL_PROTOCOL ||
        reply->layout != CHANNEL_LAYOUT ||
        strncmp(reply->version, PRICEMAP_VERSION, sizeof reply->version) != 0) {
        bool named = message->kind == MESSAGE_WELCOME && reply->version[0] &&
                     strncmp(reply->version, PRICEMAP_VERSION, sizeof reply->version) != 0;
        process_pool_set_error(
            pool,
            "parallel_map: pricemap-worker is %s%.*s and pricemap %s: install both from one build, or set "
            "PRICEMAP_WORKER (it is now %s)",
            named ? "version " : "of another build", named ? (int)sizeof reply->version : 0, reply->version,
            PRICEMAP_VERSION, pool->worker_path);
        return false;
    }
    bool other = strncmp(reply->source_id, sqlite3_sourceid(), sizeof reply->source_id - 1) != 0;
    if (other && reply->source_id[0] && reply->error[0]) {
        process_pool_set_error(
            pool,
            "parallel_map: worker processes cannot load this program's SQLite: %.*s: use executor threads",
            (int)sizeof reply->error - 1, reply->error);
        return false;
    }
    if (reply->error[0]) {
        process_pool_set_error(pool, "parallel_map: pricemap-worker (%s) could not start: %.*s",
                               pool->worker_path, (int)sizeof reply->error - 1, reply->error);
        return false;
    }
    if (other) {
        process_pool_set_error(
            pool,
            "parallel_map: the worker processes found another SQLite (%.*s) than this program's (%s, %s): "
            "use executor threads, or a program whose SQLite is a shared library",
            (int)sizeof reply->source_id - 1, reply->source_id, sqlite3_sourceid(),
            *pool->sqlite_path ? pool->sqlite_path : "built in");
        return false;
    }
    return true;
}
