#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/base/clock.h"
#include "cli/sampling/command_bench.h"

/* A job as the context of its subject. */
typedef struct Entry {
    CommandBench *bench;
    size_t job;
    CommandFailures failures;
} Entry;

struct CommandBench {
    CommandBenchPlan plan;
    pid_t launcher;
    int socket;
    /* Memory file of what a timed command prints, for its metrics; -1: none is wanted. */
    int captured;
    double figures[COMMAND_METRICS_MAX];
    /* Entries, one for each job. */
    Entry entries[];
};

/* A request to the launcher: which step of which job shall be executed once. */
typedef struct Request {
    size_t job;
    CommandStep step;
} Request;

/* The launcher's answer to a request: the figures of one execution. */
typedef struct Execution {
    /* Error number of starting the program; 0: it ran. */
    int error;
    /* Status as wait4 gives it. */
    int status;
    int64_t wall_ns, user_ns, system_ns, peak_memory_kib;
} Execution;

/* Files that an execution reads and writes. */
typedef struct Streams {
    /* Folder of the execution, and of relative names; NULL: the current one. */
    const char *folder;
    const char *input, *output;
    /* Whether the output is that of this process; no file is written then. */
    bool shown;
    /* Descriptor that takes the output instead; -1: none. */
    int captured;
} Streams;

static const char nowhere[] = "/dev/null";

/* The streams of a step; only the timed command has the files of the plan. */
static Streams streams_of(const CommandBenchPlan *plan, CommandStep step, int captured)
{
    const bool timed = step == COMMAND_TIMED;
    return (Streams){.folder = plan->folder,
                     .input = timed && plan->input ? plan->input : nowhere,
                     .output = timed && plan->output ? plan->output : nowhere,
                     .shown = plan->show_output,
                     .captured = timed ? captured : -1};
}

static int start(char *const *argv, const Streams *streams, const posix_spawnattr_t *attributes, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    if (streams->folder)
        error = posix_spawn_file_actions_addchdir_np(&actions, streams->folder);
    if (!error)
        error = posix_spawn_file_actions_addopen(&actions, 0, streams->input, O_RDONLY, 0);
    if (streams->captured >= 0) {
        if (!error)
            error = posix_spawn_file_actions_adddup2(&actions, streams->captured, 1);
        if (!error)
            error = posix_spawn_file_actions_adddup2(&actions, streams->captured, 2);
    }
    const bool dropped = !streams->shown && streams->captured < 0;
    if (!error && dropped)
        error = posix_spawn_file_actions_addopen(&actions, 1, streams->output, O_WRONLY | O_CREAT | O_TRUNC,
                                                 0666);
    if (!error && dropped)
        error = posix_spawn_file_actions_addopen(&actions, 2, nowhere, O_WRONLY, 0);
    if (!error)
        error = posix_spawnp(pid, argv[0], &actions, attributes, argv, environ);
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

static void execute(char *const *argv, const Streams *streams, const posix_spawnattr_t *attributes,
                    const sigset_t *awaited, Execution *execution)
{
    struct rusage usage = {0};
    pid_t pid;
    *execution = (Execution){0};
    int64_t begun = clock_ns();
    execution->error = start(argv, streams, attributes, &pid);
    if (execution->error)
        return;
    wait_for(pid, awaited, execution, &usage);
    execution->wall_ns = clock_ns() - begun;
    execution->user_ns = timeval_ns(&usage.ru_utime);
    execution->system_ns = timeval_ns(&usage.ru_stime);
    execution->peak_memory_kib = usage.ru_maxrss;
}

/* Takes a SIGTERM that came when nothing was going on, so that it does not end what cleans up after it. */
static void forget_termination(void)
{
    const struct timespec none = {0};
    sigset_t termination;
    sigemptyset(&termination);
    sigaddset(&termination, SIGTERM);
    while (sigtimedwait(&termination, NULL, &none) == SIGTERM)
        ;
}

/* The launcher's life; it ends with the socket. Of the signals that a terminal sends to all, only the command
 * shall die; when pricereport dies, SIGTERM ends the command. */
static void serve(int socket, const CommandBenchPlan *plan, int captured)
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
    Request request;
    while (recv(socket, &request, sizeof request, 0) == (ssize_t)sizeof request) {
        Execution execution;
        if (request.step == COMMAND_CLEANUP)
            forget_termination();
        const Streams streams = streams_of(plan, request.step, captured);
        if (streams.captured >= 0 && ftruncate(streams.captured, 0))
            break;
        execute(plan->jobs[request.job].steps[request.step].argv, &streams, &attributes, &awaited,
                &execution);
        if (send(socket, &execution, sizeof execution, MSG_NOSIGNAL) != (ssize_t)sizeof execution)
            break;
    }
    _exit(0);
}

/* Finds out before the first execution, whose failure would not say which file it was. */
static int check_files(const CommandBenchPlan *plan, Failure *failure)
{
    if (plan->folder)
        return 0;
    if (plan->input && access(plan->input, R_OK))
        return failure_set(failure, "--input: cannot read %s: %s", plan->input, strerror(errno));
    if (!plan->output)
        return 0;
    int file = open(plan->output, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666);
    if (file < 0)
        return failure_set(failure, "--output: cannot write %s: %s", plan->output, strerror(errno));
    close(file);
    return 0;
}

/* A file in memory, to whose end every process writes; -1 with the failure set where there is none. */
static int open_captured(Failure *failure)
{
    int file = memfd_create("output", MFD_CLOEXEC);
    if (file >= 0 && fcntl(file, F_SETFL, O_APPEND) == 0)
        return file;
    failure_set(failure, "cannot make a file for what commands print: %s", strerror(errno));
    if (file >= 0)
        close(file);
    return -1;
}

static bool is_captured(const CommandBenchPlan *plan)
{
    for (size_t i = 0; i < plan->metric_count; i++)
        if (plan->metrics[i].kind == METRIC_PRINTED)
            return true;
    return false;
}

int command_bench_open(CommandBench **bench, const CommandBenchPlan *plan, Failure *failure)
{
    int ends[2];
    *bench = NULL;
    if (check_files(plan, failure))
        return -1;
    *bench = calloc(1, sizeof **bench + plan->count * sizeof(Entry));
    if (!*bench)
        return failure_set(failure, "out of memory for %zu commands", plan->count);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
        failure_set(failure, "cannot make a socket: %s", strerror(errno));
        free(*bench);
        *bench = NULL;
        return -1;
    }
    (*bench)->plan = *plan;
    (*bench)->socket = ends[0];
    (*bench)->captured = -1;
    if (is_captured(plan) && ((*bench)->captured = open_captured(failure)) < 0) {
        close(ends[1]);
        command_bench_close(bench);
        return -1;
    }
    for (size_t i = 0; i < plan->count; i++)
        (*bench)->entries[i] = (Entry){.bench = *bench, .job = i};
    (*bench)->launcher = fork();
    if ((*bench)->launcher == 0) {
        close(ends[0]);
        serve(ends[1], plan, (*bench)->captured);
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
    if ((*bench)->captured >= 0)
        close((*bench)->captured);
    if ((*bench)->launcher > 0)
        while (waitpid((*bench)->launcher, NULL, 0) < 0 && errno == EINTR)
            ;
    free(*bench);
    *bench = NULL;
}

static int check_start(const CommandProgram *program, const char *option, const Execution *execution,
                       Failure *failure)
{
    const char *name = program->argv[0], *reason = strerror(execution->error);
    if (strchr(name, ' '))
        return failure_set(
            failure,
            "cannot start %s%s: %s: give the program and its arguments as words of their own, or, for "
            "what a shell understands, --command '%s' in place of -- and this",
            option, name, reason, name);
    return failure_set(failure, "cannot start %s%s: %s: give the name of a program, or its path", option,
                       name, reason);
}

static int check_end(const CommandBench *bench, const Request *request, const Execution *execution,
                     Failure *failure)
{
    static const char *const options[COMMAND_STEPS] = {"--setup ", "--prepare ", "", "--conclude ",
                                                       "--cleanup "};
    const CommandProgram *program = &bench->plan.jobs[request->job].steps[request->step];
    const bool timed = request->step == COMMAND_TIMED;
    const char *option = options[request->step],
               *hint = timed ? "give --show-output to see what it says, or -i (--ignore-failure) to time it "
                               "all the same"
                             : "give --show-output to see what it says";
    if (execution->error)
        return check_start(program, option, execution, failure);
    if (execution->status == 0 || (timed && bench->plan.ignore_failure))
        return 0;
    if (WIFSIGNALED(execution->status))
        return failure_set(failure, "%s%.500s was ended by signal %d (%s): %s", option, program->text,
                           WTERMSIG(execution->status), strsignal(WTERMSIG(execution->status)), hint);
    return failure_set(failure, "%s%.500s ended with exit status %d: %s", option, program->text,
                       WEXITSTATUS(execution->status), hint);
}

/* Executes a step of a job once; a job that does not have it needs nothing. */
static int perform(const CommandBench *bench, size_t job, CommandStep step, Execution *execution,
                   Failure *failure)
{
    const Request request = {.job = job, .step = step};
    ssize_t got = -1;
    if (!bench->plan.jobs[job].steps[step].argv)
        return 0;
    if (send(bench->socket, &request, sizeof request, MSG_NOSIGNAL) == (ssize_t)sizeof request)
        do
            got = recv(bench->socket, execution, sizeof *execution, 0);
        while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof *execution)
        return failure_set(failure, "the process that starts the command is gone: measure again");
    return check_end(bench, &request, execution, failure);
}

static bool is_repeated(const CommandBenchPlan *plan, size_t job, CommandStep step)
{
    for (size_t i = 0; i < job; i++)
        if (plan->jobs[i].steps[step].text &&
            strcmp(plan->jobs[i].steps[step].text, plan->jobs[job].steps[step].text) == 0)
            return true;
    return false;
}

int command_bench_perform(CommandBench *bench, CommandStep step, Failure *failure)
{
    int result = 0;
    for (size_t i = 0; i < bench->plan.count; i++) {
        Execution execution;
        Failure other;
        if (!bench->plan.jobs[i].steps[step].argv || is_repeated(&bench->plan, i, step))
            continue;
        if (perform(bench, i, step, &execution, result ? &other : failure))
            result = -1;
        if (result && step == COMMAND_SETUP)
            break;
    }
    return result;
}

/* Executes a job once, with what comes before and after it; that comes after a command that failed, too. */
static int take_one(Entry *entry, Sample *sample, Failure *failure)
{
    CommandBench *bench = entry->bench;
    Execution execution = {0}, other = {0};
    Failure second;
    if (perform(entry->bench, entry->job, COMMAND_PREPARE, &other, failure))
        return -1;
    int result = perform(bench, entry->job, COMMAND_TIMED, &execution, failure);
    entry->failures.executions++;
    if (execution.status != 0) {
        entry->failures.failed++;
        entry->failures.status = execution.status;
    }
    if (result == 0)
        result = command_metrics_read(bench->plan.metrics, bench->plan.metric_count, bench->plan.folder,
                                      bench->captured, execution.peak_memory_kib, bench->plan.ignore_failure,
                                      bench->figures, failure);
    if (perform(entry->bench, entry->job, COMMAND_CONCLUDE, &other, result ? &second : failure) || result)
        return -1;
    sample->wall_ns += execution.wall_ns;
    sample->user_ns += execution.user_ns;
    sample->system_ns += execution.system_ns;
    if (execution.peak_memory_kib > sample->peak_memory_kib)
        sample->peak_memory_kib = execution.peak_memory_kib;
    return 0;
}

static int take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    sample->wall_ns = sample->user_ns = sample->system_ns = 0;
    for (int64_t i = 0; i < loops; i++)
        if (take_one(context, sample, failure))
            return -1;
    return 0;
}

SamplingSubject command_bench_subject(CommandBench *bench, size_t job)
{
    return (SamplingSubject){.take = take, .context = &bench->entries[job]};
}

const double *command_bench_figures(void *bench)
{
    return ((CommandBench *)bench)->figures;
}

CommandFailures command_bench_failures(const CommandBench *bench, size_t job)
{
    return bench->entries[job].failures;
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
