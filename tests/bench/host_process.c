#include "host_process.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int spawn(HostProcess *host, char *const argv[], int theirs)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        error = posix_spawn_file_actions_adddup2(&actions, theirs, STDIN_FILENO);
        if (!error)
            error = posix_spawn_file_actions_adddup2(&actions, theirs, STDOUT_FILENO);
        if (!error)
            error = posix_spawnp(&host->pid, argv[0], &actions, &attributes, argv, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int host_process_start(HostProcess *host, char *const argv[], Failure *failure)
{
    int ends[2];
    *host = (HostProcess){.socket = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return failure_set(failure, "cannot talk with %s: %s", argv[0], strerror(errno));
    int error = spawn(host, argv, ends[1]);
    close(ends[1]);
    if (!error) {
        host->socket = ends[0];
        return 0;
    }
    close(ends[0]);
    host->pid = 0;
    return failure_set(failure, "cannot start %s: %s", argv[0], strerror(error));
}

int host_process_ask(HostProcess *host, const char *question, char *answer, size_t size, Failure *failure)
{
    size_t length = question ? strlen(question) : 0, used = 0;
    if (length && send(host->socket, question, length, MSG_NOSIGNAL) != (ssize_t)length)
        return failure_set(failure, "the host does not listen: %s", strerror(errno));
    for (;;) {
        char byte;
        ssize_t got = read(host->socket, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return failure_set(failure, "the host ended before it answered");
        if (byte == '\n')
            break;
        if (used + 1 < size)
            answer[used++] = byte;
    }
    answer[used] = '\0';
    return 0;
}

static void wait_for(HostProcess *host)
{
    if (host->socket >= 0 && host->pid)
        close(host->socket);
    host->socket = -1;
    while (host->pid && waitpid(host->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    host->pid = 0;
}

void host_process_kill(HostProcess *host)
{
    if (host->pid)
        kill(host->pid, SIGKILL);
    wait_for(host);
}

void host_process_end(HostProcess *host)
{
    if (host->pid)
        shutdown(host->socket, SHUT_WR);
    wait_for(host);
}
