/*
 * A chunk runner that evaluates nothing: it copies its rows, and at one of them does what the recipe's select
 * says. Linked with the real worker.c and zygote.c it makes a worker program whose workers misbehave on
 * demand.
 *
 *   select: ACTION ROW NUMBER; ROW is a position in the source (0: none); the recipe's declaration is a file
 * of the test's, to which each evaluation appends the worker's pid, and which "once" actions read.
 *
 * FAKE_WORKER_KILLED in the environment names a file; the worker that finds it missing makes it, and is
 * killed while it starts. FAKE_WORKER_HANGS names one with which workers hang while they start, and
 * FAKE_WORKER_SLOW has the milliseconds that each start takes.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/channel/layout.h"
#include "ext/evaluate/runner.h"
#include "ext/data/rowset.h"

struct ChunkRunner {
    int evaluations;
};

ChunkRunner *chunk_runner_create(bool own_thread)
{
    (void)own_thread;
    return calloc(1, sizeof(ChunkRunner));
}

void chunk_runner_free(ChunkRunner *runner)
{
    free(runner);
}

static void delay_start(void)
{
    const char *hang = getenv("FAKE_WORKER_HANGS"), *slow = getenv("FAKE_WORKER_SLOW");
    while (hang && access(hang, F_OK) == 0)
        usleep(1000);
    if (slow)
        usleep((unsigned)atoi(slow) * 1000);
}

int __wrap_prctl(int option, ...);

/* ld leads the worker's call that gives it its name through here. */
int __wrap_prctl(int option, ...)
{
    va_list arguments;
    va_start(arguments, option);
    unsigned long argument = va_arg(arguments, unsigned long);
    va_end(arguments);
    const char *mark = getenv("FAKE_WORKER_KILLED");
    if (mark && option == PR_SET_NAME && strcmp((const char *)argument, "pricemap-worker") == 0) {
        int fd = open(mark, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        if (fd >= 0)
            kill(getpid(), SIGKILL);
    }
    if (option == PR_SET_NAME && strcmp((const char *)argument, "pricemap-worker") == 0)
        delay_start();
    return (int)syscall(SYS_prctl, option, argument, 0, 0, 0);
}

static void die_by(int number)
{
    signal(number, SIG_DFL); /* a sanitizer may have taken it */
    raise(number);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    raise(number);
}

/* Compilers see through a function that calls itself for ever: this one could end. */
static int overflow_stack(volatile char *above)
{
    volatile char frame[65536];
    frame[0] = above ? above[0] : 1;
    if (!frame[0])
        return 0;
    int depth = overflow_stack(frame);
    return depth + frame[0];
}

/* Random bytes over everything that the host reads of this worker's channel but the windows. */
static void scribble(TaskReport *report, unsigned seed)
{
    ChannelSlot *slot = (ChannelSlot *)(void *)((char *)report - offsetof(ChannelSlot, report));
    ChannelControl *control = (ChannelControl *)((uintptr_t)slot & ~(uintptr_t)4095);
    while (atomic_load(&control->pid) != getpid())
        control = (ChannelControl *)((char *)control - 4096);
    unsigned char *bytes = (unsigned char *)(seed % 2 ? (void *)control : (void *)slot);
    size_t size = seed % 2 ? sizeof *control : sizeof *slot;
    for (size_t i = 0; i < size; i++)
        if (seed % 4 < 2 || rand_r(&seed) % 8 == 0)
            bytes[i] = (unsigned char)rand_r(&seed);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 3; fd < 4096; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static int blocked_or_ignored_signals(void)
{
    sigset_t mask;
    int count = 0;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int number = 1; number < 32; number++) {
        struct sigaction action;
        count += sigismember(&mask, number) == 1;
        count += sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
    }
    return count;
}

static bool first_time(const char *path)
{
    char mark[4096];
    snprintf(mark, sizeof mark, "%s.once", path);
    int fd = open(mark, O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

typedef struct Command {
    char action[32];
    long long row, number;
} Command;

/* Does what is to be done at the row. Returns the value to give for it. */
static int64_t act(const Command *command, const char *file, int64_t value, TaskControl *control,
                   TaskReport *report)
{
    const char *action = command->action;
    bool once = strncmp(action, "once-", 5) == 0;
    if (once && !first_time(file))
        return value;
    action += once ? 5 : 0;
    if (strcmp(action, "signal") == 0)
        die_by((int)command->number);
    else if (strcmp(action, "stack") == 0)
        return overflow_stack(NULL);
    else if (strcmp(action, "exit") == 0)
        exit((int)command->number);
    else if (strcmp(action, "sleep") == 0)
        for (int64_t end = clock_ns() + command->number * 1000000; clock_ns() < end;)
            usleep(1000);
    else if (strcmp(action, "nap") == 0)
        for (int64_t end = clock_ns() + command->number * 1000000;
             clock_ns() < end && !atomic_load(&control->cancel);)
            usleep(1000);
    else if (strcmp(action, "zygote") == 0)
        kill(getppid(), SIGKILL), usleep(10000000);
    else if (strcmp(action, "scribble") == 0)
        scribble(report, (unsigned)command->number + (unsigned)getpid() * 4);
    else if (strcmp(action, "descriptors") == 0)
        return open_descriptors();
    else if (strcmp(action, "signals") == 0)
        return blocked_or_ignored_signals();
    return value;
}

static void log_evaluation(const char *path)
{
    char line[32];
    int fd = *path ? open(path, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return;
    int length = snprintf(line, sizeof line, "%d\n", (int)getpid());
    if (write(fd, line, (size_t)length) != length)
        abort();
    close(fd);
}

static int write_row(RowsetWriter *writer, const Command *command, int64_t value)
{
    int rc = SQLITE_OK;
    if (strcmp(command->action, "big") == 0) {
        char *bytes = malloc((size_t)command->number);
        if (!bytes)
            return SQLITE_NOMEM;
        memset(bytes, 'a' + (int)(value % 26), (size_t)command->number);
        rc = rowset_set_bytes(writer, 0, SQLITE_TEXT, bytes, (uint32_t)command->number);
        free(bytes);
    } else {
        rowset_set_integer(writer, 0, value);
    }
    if (rc == SQLITE_OK)
        rowset_end_row(writer);
    return rc;
}

int chunk_runner_run(ChunkRunner *runner, const Recipe *recipe, const TaskOrder *order, const void *input,
                     size_t input_size, TaskControl *control, Buffer *output, TaskReport *report)
{
    Command command = {.row = 0};
    RowsetView rows;
    RowsetWriter writer;
    const char *file = recipe_text(recipe, recipe->declaration);
    runner->evaluations++;
    sscanf(recipe_text(recipe, recipe->select), "%31s %lld %lld", command.action, &command.row,
           &command.number);
    log_evaluation(file);
    report->start_ns = clock_ns();
    report->next_row = order->first_row;
    report->rc = rowset_open(&rows, input, input_size) ? SQLITE_OK : SQLITE_CORRUPT;
    if (report->rc == SQLITE_OK)
        report->rc = rowset_begin(&writer, output, 1, order->end_row - order->first_row);
    if (report->rc != SQLITE_OK)
        return report->rc;
    for (uint32_t row = order->first_row; row < order->end_row && report->rc == SQLITE_OK; row++) {
        RowsetValue value = {.type = SQLITE_NULL};
        long long position = (long long)(order->position + row);
        atomic_store(&control->current_row, row);
        if (!rowset_get(&rows, row, 0, &value))
            report->rc = SQLITE_CORRUPT;
        else if (position == command.row && strcmp(command.action, "fail") == 0)
            report->rc = SQLITE_ERROR;
        else if (position == command.row)
            value.integer = act(&command, file, value.integer, control, report);
        if (report->rc == SQLITE_OK && atomic_load(&control->cancel))
            report->rc = SQLITE_INTERRUPT;
        if (report->rc == SQLITE_OK)
            report->rc = write_row(&writer, &command, value.integer);
        if (report->rc == SQLITE_OK)
            report->next_row = row + 1;
        if (strcmp(command.action, "few") == 0 && report->next_row - order->first_row == command.number)
            break;
    }
    rowset_finish(&writer);
    report->rows_out = writer.rows;
    report->end_ns = clock_ns();
    if (report->rc != SQLITE_OK)
        snprintf(report->message, sizeof report->message, "fake: failed at row %llu",
                 (unsigned long long)(order->position + report->next_row));
    return report->rc;
}

/* The fake reads no files, so it has none to let go of. */
bool chunk_runner_end_scan(ChunkRunner *runner, uint64_t scan)
{
    (void)runner;
    (void)scan;
    return false;
}
