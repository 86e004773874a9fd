#include "ext/executors/processes/zygote_link.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/descriptors.h"
#include "ext/base/sqlite_api.h"
#include "ext/channel/host_sqlite.h"
#include "ext/channel/layout.h"
#include "ext/executors/processes/starter.h"

/* Checks, a millisecond apart, whether an inherited process is gone. */
enum { ORPHAN_CHECKS = 200 };

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

void pool_set_error(PoolError *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
}

void zygote_link_init(ZygoteLink *link, const WorkerProgram *program, const char *sqlite_path)
{
    *link = (ZygoteLink){
        .program = program, .sqlite_path = sqlite_path, .socket = -1, .process = -1, .starter_process = -1};
}

/* ---- the beginning ---- */

/* Sends the first message, which waits in the socket until the program reads it. 0 or an errno. */
static int send_hello(const ZygoteLink *link, int socket, int memory)
{
    HelloRequest hello = {.kind = MESSAGE_HELLO, .protocol = MESSAGES_PROTOCOL, .layout = CHANNEL_LAYOUT};
    snprintf(hello.version, sizeof hello.version, "%s", PRICEMAP_VERSION);
    snprintf(hello.source_id, sizeof hello.source_id, "%s", sqlite3_sourceid());
    if (strlen(link->sqlite_path) < sizeof hello.sqlite_path) {
        memcpy(hello.sqlite_path, link->sqlite_path, strlen(link->sqlite_path));
        hello.has_table = *link->sqlite_path && host_sqlite_table_offset(&hello.table_offset);
    }
    int self = descriptor_of_process(getpid());
    if (self < 0 && errno != ENOSYS && errno != EPERM)
        return errno;
    int descriptors[] = {memory, self};
    int failure = messages_send(socket, &hello, sizeof hello, descriptors, 2);
    if (self >= 0)
        close(self);
    return failure;
}

/* Starts the program with its end of the socket. 0, or an errno with `error` set. */
static int launch(ZygoteLink *link, int socket, PoolError *error)
{
    int failure = launch_program(link->program, socket, &link->starter);
    if (!failure)
        return 0;
    link->starter = 0;
    /* Where resources are short the file is not what is missing. */
    bool scarce = failure == EAGAIN || failure == ENOMEM || failure == EMFILE || failure == ENFILE;
    pool_set_error(error, "parallel_map: cannot start the program of the worker processes, %s: %s%s",
                   link->program->path, strerror(failure),
                   scarce                 ? messages_fork_advice(failure)
                   : link->program->needs ? ": set PRICEMAP_PYTHON to the path of the interpreter"
                                          : ": install it beside pricemap.so, or set PRICEMAP_WORKER to its "
                                            "path");
    return failure;
}

int zygote_link_hello_seconds(const ZygoteLink *link)
{
    return link->program->needs ? IMPORT_SECONDS : HELLO_SECONDS;
}

bool zygote_link_start(ZygoteLink *link, int memory, PoolError *error)
{
    int ends[2];
    int failure = descriptor_pair(ends);
    if (!failure)
        failure = send_hello(link, ends[0], memory);
    if (failure) {
        pool_set_error(error, "parallel_map: no descriptor for worker processes: %s", strerror(failure));
    } else {
        failure = launch(link, ends[1], error);
    }
    if (ends[1] >= 0)
        close(ends[1]);
    if (failure) {
        if (ends[0] >= 0)
            close(ends[0]);
        return false;
    }
    link->starter_process = descriptor_of_process(link->starter);
    link->socket = ends[0];
    link->state = ZYGOTE_STARTING;
    link->hello_by = clock_ns() + (int64_t)zygote_link_hello_seconds(link) * 1000000000;
    return true;
}

/* Whether the zygote that answered fits this host; if not, `error` says why. */
static bool fits(const ZygoteLink *link, const Message *message, PoolError *error)
{
    const HelloReply *reply = &message->welcome;
    if (message->kind != MESSAGE_WELCOME || reply->protocol != MESSAGES_PROTOCOL ||
        reply->layout != CHANNEL_LAYOUT ||
        strncmp(reply->version, PRICEMAP_VERSION, sizeof reply->version) != 0) {
        bool named = message->kind == MESSAGE_WELCOME && reply->version[0] &&
                     strncmp(reply->version, PRICEMAP_VERSION, sizeof reply->version) != 0;
        pool_set_error(
            error,
            "parallel_map: pricemap-worker is %s%.*s and pricemap %s: install both from one build, or set "
            "PRICEMAP_WORKER (it is now %s)",
            named ? "version " : "of another build", named ? (int)sizeof reply->version : 0, reply->version,
            PRICEMAP_VERSION, link->program->path);
        return false;
    }
    bool other = strncmp(reply->source_id, sqlite3_sourceid(), sizeof reply->source_id - 1) != 0;
    if (other && reply->source_id[0] && reply->error[0]) {
        pool_set_error(
            error,
            "parallel_map: worker processes cannot load this program's SQLite: %.*s: use executor threads",
            (int)sizeof reply->error - 1, reply->error);
        return false;
    }
    if (reply->error[0] && link->program->needs) {
        const char *slash = strrchr(link->program->path, '/');
        pool_set_error(error, "parallel_map: %s (%s) %.*s", slash ? slash + 1 : link->program->path,
                       link->program->path, (int)sizeof reply->error - 1, reply->error);
        return false;
    }
    if (reply->error[0]) {
        pool_set_error(error, "parallel_map: pricemap-worker (%s) could not start: %.*s", link->program->path,
                       (int)sizeof reply->error - 1, reply->error);
        return false;
    }
    if (other) {
        pool_set_error(
            error,
            "parallel_map: the worker processes found another SQLite (%.*s) than this program's (%s, %s): "
            "use executor threads, or a program whose SQLite is a shared library",
            (int)sizeof reply->source_id - 1, reply->source_id, sqlite3_sourceid(),
            *link->sqlite_path ? link->sqlite_path : "built in");
        return false;
    }
    return true;
}

bool zygote_link_welcome(ZygoteLink *link, const Message *message, int descriptor, PoolError *error)
{
    if (!fits(link, message, error)) {
        if (descriptor >= 0)
            close(descriptor);
        return false;
    }
    link->process = descriptor;
    link->pid = message->welcome.pid;
    link->state = ZYGOTE_READY;
    starter_reap(&link->starter, &link->starter_process, false);
    return true;
}

/* ---- messages ---- */

ssize_t zygote_link_receive(const ZygoteLink *link, Message *message, int *descriptor)
{
    int descriptors[MESSAGES_DESCRIPTORS_MAX] = {-1, -1};
    int count = 0;
    ssize_t size = messages_receive(link->socket, message, descriptors, &count);
    int failure = errno;
    for (int i = 1; i < count; i++)
        close(descriptors[i]);
    *descriptor = count > 0 ? descriptors[0] : -1;
    errno = failure;
    return size;
}

int zygote_link_send(const ZygoteLink *link, const HostMessage *message)
{
    return messages_send(link->socket, message, sizeof *message, NULL, 0);
}

bool zygote_link_is_over(const ZygoteLink *link)
{
    /* The end of the process counts and not that of the socket: a copy of the zygote's end may be open in a
       process that the host forked in the wrong moment. */
    struct pollfd gone = {.fd = link->process, .events = POLLIN};
    bool dead = link->process >= 0 && poll(&gone, 1, 0) > 0;
    return dead || (link->state == ZYGOTE_STARTING && clock_ns() > link->hello_by);
}

/* ---- the end ---- */

void zygote_link_end(ZygoteLink *link)
{
    HostMessage message = {.kind = MESSAGE_END};
    zygote_link_send(link, &message);
    shutdown(link->socket, SHUT_WR);
    struct pollfd gone[] = {{.fd = link->process, .events = POLLIN}, {.fd = link->socket, .events = 0}};
    for (int64_t end = clock_ns() + (int64_t)FAREWELL_MILLISECONDS * 1000000; clock_ns() < end;)
        if (poll(gone, 2, FAREWELL_MILLISECONDS) >= 0 || errno != EINTR)
            return;
}

bool zygote_link_inherits_orphans(void)
{
    int reaper = 0;
    return getpid() == 1 || (prctl(PR_GET_CHILD_SUBREAPER, &reaper) == 0 && reaper);
}

void zygote_link_reap_orphan(pid_t pid)
{
    for (int check = 0; check < ORPHAN_CHECKS && waitpid(pid, NULL, WNOHANG) == 0; check++)
        poll(NULL, 0, 1);
}

void zygote_link_drop(ZygoteLink *link)
{
    bool inherits = zygote_link_inherits_orphans();
    if (link->socket >= 0)
        close(link->socket);
    link->socket = -1;
    if (link->process >= 0) {
        process_signal(link->process, SIGKILL);
        struct pollfd gone = {.fd = link->process, .events = POLLIN};
        poll(&gone, 1, FAREWELL_MILLISECONDS);
        siginfo_t info;
        waitid(P_PIDFD, (id_t)link->process, &info, WEXITED | WNOHANG);
        close(link->process);
    } else if (inherits && link->pid) {
        zygote_link_reap_orphan(link->pid);
    }
    link->process = -1;
    link->pid = 0;
    starter_reap(&link->starter, &link->starter_process, link->state == ZYGOTE_STARTING);
    link->state = ZYGOTE_NONE;
}

void zygote_link_close_copy(ZygoteLink *link)
{
    int descriptors[] = {link->socket, link->process, link->starter_process};
    for (int i = 0; i < 3; i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    link->socket = link->process = link->starter_process = -1;
    link->state = ZYGOTE_NONE;
}
