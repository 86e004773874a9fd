#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/system/gunzip.h"

static int start(int packed, int output, pid_t *pid)
{
    char program[] = "gzip", options[] = "-dc", *const argv[] = {program, options, NULL};
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawn_file_actions_adddup2(&actions, packed, STDIN_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

FILE *gunzip_begin(int packed, pid_t *pid)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return NULL;
    int error = start(packed, ends[1], pid);
    close(ends[1]);
    FILE *stream = error ? NULL : fdopen(ends[0], "r");
    if (stream)
        return stream;
    if (!error)
        error = errno;
    close(ends[0]);
    errno = error;
    return NULL;
}

int gunzip_end(FILE *stream, pid_t pid)
{
    int status;
    fclose(stream);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}
