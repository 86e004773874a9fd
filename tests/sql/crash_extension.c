/* A loadable extension whose functions end, stop or hang the worker process that calls them, or report on it.
 * In any other process misbehave does nothing, so that a map of it may also run in place and in threads.
 *
 *   misbehave(value, action, number)   does it and gives value; what gives a number instead says so:
 *     'signal'       dies by the signal, or stops
 *     'exit'         exit(number)
 *     'stack'        overflows the stack
 *     'hang'         that many milliseconds, whatever is to stop it
 *     'guard'        sends that signal to the guard of the MPI job that it is a part of, and waits for a
 * second 'print'        prints the number to standard output 'heap'         from now on SQLite gets only that
 * many bytes more 'descriptors'  gives the number of open descriptors above the standard ones 'signals' gives
 * the number of signals that are blocked or ignored fail_with(code)      fails with that result code, in any
 * process first_time(path)     1 when it made that file, else 0 note_process(path)   appends the process's
 * id, the nanoseconds of CLOCK_MONOTONIC and a newline to that file; 1 constant(value, path)  notes the
 * process as well and gives value, or an error where that is NULL. Its result depends on the arguments alone,
 * as far as SQLite knows */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3ext.h>

#include "ext/base/clock.h"
SQLITE_EXTENSION_INIT1

int sqlite3_crashextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);

static bool in_worker_process(void)
{
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    return strcmp(name, "pricemap-worker") == 0;
}

static void die_by(int number)
{
    signal(number, SIG_DFL); /* a sanitizer may have taken it */
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

static void hang(int milliseconds)
{
    struct timespec left = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
    while (nanosleep(&left, &left) != 0)
        ;
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

/* The parent of the process that has forked this one is the guard, if that is what it is called. */
static void signal_guard(int number)
{
    char path[64], name[32] = "";
    int parent = 0, guard = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)getppid());
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%*d (%*[^)]) %*c %d", &parent) == 1)
        guard = parent;
    if (file)
        fclose(file);
    snprintf(path, sizeof path, "/proc/%d/comm", guard);
    file = guard > 1 ? fopen(path, "re") : NULL;
    if (file && fscanf(file, "%31s", name) == 1 && strcmp(name, "pricemap-guard") == 0)
        kill(guard, number);
    if (file)
        fclose(file);
    hang(1000);
}

static void misbehave(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    const char *action = (const char *)sqlite3_value_text(argv[1]);
    int number = sqlite3_value_int(argv[2]);
    sqlite3_result_value(context, argv[0]);
    if (!action || !in_worker_process())
        return;
    if (strcmp(action, "signal") == 0)
        die_by(number);
    else if (strcmp(action, "exit") == 0)
        exit(number);
    else if (strcmp(action, "stack") == 0)
        sqlite3_result_int(context, overflow_stack(NULL));
    else if (strcmp(action, "hang") == 0)
        hang(number);
    else if (strcmp(action, "guard") == 0)
        signal_guard(number);
    else if (strcmp(action, "print") == 0)
        printf("%d", number), fflush(stdout);
    else if (strcmp(action, "heap") == 0)
        sqlite3_hard_heap_limit64(sqlite3_memory_used() + number);
    else if (strcmp(action, "descriptors") == 0)
        sqlite3_result_int(context, open_descriptors());
    else if (strcmp(action, "signals") == 0)
        sqlite3_result_int(context, blocked_or_ignored_signals());
    else
        sqlite3_result_error(context, "misbehave: unknown action", -1);
}

static void fail_with(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    sqlite3_result_error(context, "made to fail", -1);
    sqlite3_result_error_code(context, sqlite3_value_int(argv[0]));
}

static void first_time(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    int fd = open((const char *)sqlite3_value_text(argv[0]), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    sqlite3_result_int(context, fd >= 0);
}

static bool write_note(const char *path)
{
    char line[48];
    int length = snprintf(line, sizeof line, "%d %lld\n", (int)getpid(), (long long)clock_ns());
    int fd = open(path, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, line, (size_t)length) == length;
    if (fd >= 0)
        close(fd);
    return written;
}

static void note_process(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    if (write_note((const char *)sqlite3_value_text(argv[0])))
        sqlite3_result_int(context, 1);
    else
        sqlite3_result_error(context, "note_process: cannot write", -1);
}

static void constant(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    if (!write_note((const char *)sqlite3_value_text(argv[1])))
        sqlite3_result_error(context, "constant: cannot write", -1);
    else if (sqlite3_value_type(argv[0]) == SQLITE_NULL)
        sqlite3_result_error(context, "constant: NULL", -1);
    else
        sqlite3_result_value(context, argv[0]);
}

int sqlite3_crashextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    (void)message;
    /* Worker threads load it at one time: by then it is loaded, and all have the same routines. */
    if (sqlite3_api != routines)
        SQLITE_EXTENSION_INIT2(routines);
    int rc = sqlite3_create_function(db, "misbehave", 3, SQLITE_UTF8, NULL, misbehave, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(db, "fail_with", 1, SQLITE_UTF8, NULL, fail_with, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(db, "first_time", 1, SQLITE_UTF8, NULL, first_time, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(db, "note_process", 1, SQLITE_UTF8, NULL, note_process, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(db, "constant", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, constant,
                                     NULL, NULL);
    return rc;
}
