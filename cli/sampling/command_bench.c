#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/base/clock.h"
#include "cli/sampling/command_bench.h"

struct CommandBench {
    CommandJob job;
    char *text;
    pid_t launcher;
    int socket;
};

/* The launcher's answer to a request, which is one byte: the figures of one execution. */
typedef struct Execution {
    /* Error number of starting the program; 0: it ran. */
    int error;
    /* Status as wait4 gives it. */
    int status;
    int64_t wall_ns, user_ns, system_ns, peak_memory_kib;
} Execution;

static int start(const CommandJob *job, const posix_spawnattr_t *attributes, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    for (int output = 1; output <= 2 && !error && !job->show_output; output++)
        error = posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawnp(pid, job->argv[0], &actions, attributes, job->argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Waits for the end of the command, and passes SIGTERM on to it meanwhile. Both signals are blocked here. */
static void wait_for(pid_t pid, const sigset_t *awaited, Execution *execution, struct rusage *usage)
{
    pid_t ended;
    while ((ended = wait4(pid, &execution->status, WNOHANG, usage)) == 0)
        if (sigwaitinfo(awaited, NULL) == SIGTERM)
            kill(pid, SIGTERM);
    if (ended < 0)
        execution->error = errno;
}

static void execute(const CommandJob *job, const posix_spawnattr_t *attributes, const sigset_t *awaited,
                    Execution *execution)
{
    struct rusage usage = {0};
    pid_t pid;
    *execution = (Execution){0};
    int64_t begun = clock_ns();
    execution->error = start(job, attributes, &pid);
    if (execution->error)
        return;
    wait_for(pid, awaited, execution, &usage);
    execution->wall_ns = clock_ns() - begun;
    execution->user_ns = timeval_ns(&usage.ru_utime);
    execution->system_ns = timeval_ns(&usage.ru_stime);
    execution->peak_memory_kib = usage.ru_maxrss;
}

/* The launcher's life; it ends with the socket. Of the signals that a terminal sends to all, only the command
 * shall die; when pricereport dies, SIGTERM ends the command. */
static void serve(int socket, const CommandJob *job)
{
    static const int blocked[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD};
    sigset_t mask, before, awaited;
    posix_spawnattr_t attributes;
    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof blocked / sizeof *blocked; i++)
        sigaddset(&mask, blocked[i]);
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &mask, &before);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (posix_spawnattr_init(&attributes) || posix_spawnattr_setsigmask(&attributes, &before) ||
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK))
        _exit(1);
    char request;
    while (recv(socket, &request, 1, 0) == 1) {
        Execution execution;
        execute(job, &attributes, &awaited, &execution);
        if (send(socket, &execution, sizeof execution, MSG_NOSIGNAL) != (ssize_t)sizeof execution)
            break;
    }
    _exit(0);
}

int command_bench_open(CommandBench **bench, const CommandJob *job, Failure *failure)
{
    int ends[2];
    *bench = calloc(1, sizeof **bench);
    char *text = command_bench_text(job->argv);
    int result = *bench && text ? 0 : failure_set(failure, "out of memory");
    if (result == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        result = failure_set(failure, "cannot make a socket: %s", strerror(errno));
    if (result) {
        free(text);
        free(*bench);
        *bench = NULL;
        return result;
    }
    **bench = (CommandBench){.job = *job, .text = text, .socket = ends[0]};
    (*bench)->launcher = fork();
    if ((*bench)->launcher == 0) {
        close(ends[0]);
        serve(ends[1], job);
    }
    int error = errno;
    close(ends[1]);
    if ((*bench)->launcher > 0)
        return 0;
    command_bench_close(bench);
    return failure_set(failure, "cannot start a process: %s", strerror(error));
}

void command_bench_close(CommandBench **bench)
{
    if (!*bench)
        return;
    close((*bench)->socket);
    if ((*bench)->launcher > 0)
        while (waitpid((*bench)->launcher, NULL, 0) < 0 && errno == EINTR)
            ;
    free((*bench)->text);
    free(*bench);
    *bench = NULL;
}

static int check_end(const CommandBench *bench, const Execution *execution, Failure *failure)
{
    static const char hint[] =
        "give --show-output to see what it says, or --ignore-failure to time it all the same";
    if (execution->error && strchr(bench->job.argv[0], ' '))
        return failure_set(
            failure,
            "cannot start %s: %s: give the program and its arguments as words of their own, or, for "
            "what a shell understands, sh -c '%s'",
            bench->job.argv[0], strerror(execution->error), bench->job.argv[0]);
    if (execution->error)
        return failure_set(failure, "cannot start %s: %s: give the name of a program, or its path",
                           bench->job.argv[0], strerror(execution->error));
    if (execution->status == 0 || bench->job.ignore_failure)
        return 0;
    if (WIFSIGNALED(execution->status))
        return failure_set(failure, "%.500s was ended by signal %d (%s): %s", bench->text,
                           WTERMSIG(execution->status), strsignal(WTERMSIG(execution->status)), hint);
    return failure_set(failure, "%.500s ended with exit status %d: %s", bench->text,
                       WEXITSTATUS(execution->status), hint);
}

static int take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    CommandBench *bench = context;
    sample->wall_ns = sample->user_ns = sample->system_ns = 0;
    for (int64_t i = 0; i < loops; i++) {
        Execution execution;
        ssize_t got = -1;
        if (send(bench->socket, "", 1, MSG_NOSIGNAL) == 1)
            do
                got = recv(bench->socket, &execution, sizeof execution, 0);
            while (got < 0 && errno == EINTR);
        if (got != (ssize_t)sizeof execution)
            return failure_set(failure, "the process that starts the command is gone: measure again");
        if (check_end(bench, &execution, failure))
            return -1;
        sample->wall_ns += execution.wall_ns;
        sample->user_ns += execution.user_ns;
        sample->system_ns += execution.system_ns;
        if (execution.peak_memory_kib > sample->peak_memory_kib)
            sample->peak_memory_kib = execution.peak_memory_kib;
    }
    return 0;
}

SamplingSubject command_bench_subject(CommandBench *bench)
{
    return (SamplingSubject){.take = take, .context = bench};
}

void command_bench_stop(void *bench)
{
    kill(((CommandBench *)bench)->launcher, SIGTERM);
}

static bool is_plain(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    return *text && text[strspn(text, plain)] == '\0';
}

static void write_quoted(const char *text, FILE *file)
{
    putc('\'', file);
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", file);
        else
            putc(*text, file);
    putc('\'', file);
}

char *command_bench_text(char *const *argv)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return NULL;
    for (size_t i = 0; argv[i]; i++) {
        if (i > 0)
            putc(' ', file);
        if (is_plain(argv[i]))
            fputs(argv[i], file);
        else
            write_quoted(argv[i], file);
    }
    if (fclose(file) == 0)
        return text;
    free(text);
    return NULL;
}
