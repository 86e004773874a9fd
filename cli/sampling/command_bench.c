#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/sampling/command_bench.h"
#include "cli/sampling/command_launcher.h"

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
        command_launcher_serve(ends[1], plan, (*bench)->captured);
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

static int check_start(const CommandProgram *program, const char *option, const CommandExecution *execution,
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

static int check_end(const CommandBench *bench, const CommandRequest *request,
                     const CommandExecution *execution, Failure *failure)
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
static int perform(const CommandBench *bench, size_t job, CommandStep step, CommandExecution *execution,
                   Failure *failure)
{
    const CommandRequest request = {.job = job, .step = step};
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
        CommandExecution execution;
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
    CommandExecution execution = {0}, other = {0};
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
