#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/system/process.h"

static int start(char *const argv[], const char *directory, int captured, const int pipe_ends[2], pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_addopen(&actions, captured == 1 ? 2 : 1, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], captured);
    if (!error && directory)
        error = posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (!error)
        error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static void read_all(int descriptor, char *output, size_t size)
{
    size_t used = 0;
    char dropped[4096];
    for (;;) {
        size_t room = size - 1 - used;
        ssize_t got =
            room > 0 ? read(descriptor, output + used, room) : read(descriptor, dropped, sizeof dropped);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        if (room > 0)
            used += (size_t)got;
    }
    output[used] = '\0';
}

int process_run(char *const argv[], const char *directory, int captured, char *output, size_t size)
{
    int pipe_ends[2];
    output[0] = '\0';
    if (pipe2(pipe_ends, O_CLOEXEC))
        return PROCESS_NOT_STARTED;
    pid_t pid;
    int error = start(argv, directory, captured, pipe_ends, &pid);
    close(pipe_ends[1]);
    if (!error)
        read_all(pipe_ends[0], output, size);
    close(pipe_ends[0]);
    if (error) {
        errno = error;
        return PROCESS_NOT_STARTED;
    }
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return PROCESS_NOT_STARTED;
    return WIFSIGNALED(status) ? PROCESS_SIGNALED + WTERMSIG(status) : WEXITSTATUS(status);
}
