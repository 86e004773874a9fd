#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/command.h"

enum { ARGUMENTS_MAX = 64, PATH_TEMPLATE_SIZE = 64 };

typedef struct Folder {
    char path[PATH_TEMPLATE_SIZE];
    char before[PATH_MAX];
} Folder;

static void (*prepare)(void);

void command_prepare(void (*function)(void))
{
    prepare = function;
}

int command_setup(void **state)
{
    Folder *folder = calloc(1, sizeof *folder);
    if (!folder || !getcwd(folder->before, sizeof folder->before))
        return -1;
    strcpy(folder->path, "/tmp/pricereport-test-XXXXXX");
    if (!mkdtemp(folder->path) || chdir(folder->path))
        return -1;
    unsetenv("PRICEREPORT_DB");
    *state = folder;
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

int command_teardown(void **state)
{
    Folder *folder = *state;
    prepare = NULL;
    int failed = chdir(folder->before) || nftw(folder->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
    return failed ? -1 : 0;
}

static void redirect(const char *path, int descriptor)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0666);
    if (file < 0 || dup2(file, descriptor) < 0)
        _exit(126);
    close(file);
}

static pid_t start(const char *out, const char *err, const char *const *arguments)
{
    const char *program = getenv("PRICEREPORT");
    if (!program)
        fail_msg("PRICEREPORT is not set");
    char *argv[ARGUMENTS_MAX];
    size_t count = 0;
    argv[count++] = strdup("pricereport");
    for (; *arguments; arguments++) {
        assert_true(count + 1 < ARGUMENTS_MAX);
        argv[count++] = strdup(*arguments);
    }
    argv[count] = NULL;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        redirect(out, 1);
        redirect(err, 2);
        if (prepare)
            prepare();
        execv(program, argv);
        _exit(127);
    }
    for (size_t i = 0; i < count; i++)
        free(argv[i]);
    return pid;
}

static void collect(const char **arguments, const char *first, va_list rest)
{
    size_t count = 0;
    for (const char *argument = first; argument; argument = va_arg(rest, const char *)) {
        assert_true(count + 1 < ARGUMENTS_MAX);
        arguments[count++] = argument;
    }
    arguments[count] = NULL;
}

int command_wait(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

Outcome command_run_list(const char *const *arguments)
{
    Outcome outcome;
    outcome.status = command_wait(start("command.out", "command.err", arguments));
    outcome.out = command_read_file("command.out");
    outcome.err = command_read_file("command.err");
    return outcome;
}

Outcome command_run(const char *first, ...)
{
    const char *arguments[ARGUMENTS_MAX];
    va_list rest;
    va_start(rest, first);
    collect(arguments, first, rest);
    va_end(rest);
    return command_run_list(arguments);
}

pid_t command_start(const char *name, const char *first, ...)
{
    const char *arguments[ARGUMENTS_MAX];
    char out[64], err[64];
    va_list rest;
    va_start(rest, first);
    collect(arguments, first, rest);
    va_end(rest);
    snprintf(out, sizeof out, "%s.out", name);
    snprintf(err, sizeof err, "%s.err", name);
    return start(out, err, arguments);
}

char *command_on_terminal(const char *first, ...)
{
    enum { TEXT_BYTES = 1 << 16 };
    const char *arguments[ARGUMENTS_MAX];
    va_list rest;
    va_start(rest, first);
    collect(arguments, first, rest);
    va_end(rest);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    const char *name = ptsname(terminal);
    char *text = malloc(TEXT_BYTES);
    assert_true(name && text);
    pid_t pid = start("/dev/null", name, arguments);
    size_t size = 0;
    ssize_t got;
    while (size < TEXT_BYTES - 1 && (got = read(terminal, text + size, TEXT_BYTES - 1 - size)) > 0)
        size += (size_t)got;
    text[size] = '\0';
    assert_int_equal(command_wait(pid), 0);
    close(terminal);
    return text;
}

void command_free(Outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
}

char *command_read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be read", path);
    size_t size = 0, capacity = 1 << 16;
    char *text = malloc(capacity);
    assert_non_null(text);
    size_t got;
    while ((got = fread(text + size, 1, capacity - size - 1, file)) > 0) {
        size += got;
        if (size + 1 == capacity) {
            capacity *= 2;
            text = realloc(text, capacity);
            assert_non_null(text);
        }
    }
    text[size] = '\0';
    fclose(file);
    return text;
}

void command_write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static sqlite3 *open_file(const char *file)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    return db;
}

static sqlite3_stmt *first_row(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    if (sqlite3_step(statement) != SQLITE_ROW)
        fail_msg("%s: no row: %s", sql, sqlite3_errmsg(db));
    return statement;
}

sqlite3_int64 command_integer(const char *file, const char *sql)
{
    sqlite3 *db = open_file(file);
    sqlite3_stmt *statement = first_row(db, sql);
    sqlite3_int64 integer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return integer;
}

char *command_text(const char *file, const char *sql)
{
    sqlite3 *db = open_file(file);
    sqlite3_stmt *statement = first_row(db, sql);
    const char *found = (const char *)sqlite3_column_text(statement, 0);
    char *text = sqlite3_mprintf("%s", found ? found : "NULL");
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return text;
}

void command_expect_integer(const char *file, const char *sql, sqlite3_int64 expected)
{
    sqlite3_int64 found = command_integer(file, sql);
    if (found != expected)
        fail_msg("%s: %lld, expected %lld", sql, (long long)found, (long long)expected);
}

void command_expect_text(const char *file, const char *sql, const char *expected)
{
    char *found = command_text(file, sql);
    if (!found || strcmp(found, expected) != 0)
        fail_msg("%s: %s, expected %s", sql, found ? found : "NULL", expected);
    sqlite3_free(found);
}

void command_execute(const char *file, const char *sql)
{
    sqlite3 *db = open_file(file);
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void command_make_prices(void)
{
    command_execute("prices.db",
                    "CREATE TABLE prices(id INTEGER PRIMARY KEY, p);"
                    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20)"
                    "INSERT INTO prices SELECT i, i * 42 FROM c");
}

void command_expect_error(Outcome outcome, int status, const char *part)
{
    if (outcome.status != status || *outcome.out || strncmp(outcome.err, "pricereport: ", 13) != 0 ||
        !strstr(outcome.err, part))
        fail_msg("expected exit status %d and \"%s\", got %d, \"%s\" on standard output, and\n%s", status,
                 part, outcome.status, outcome.out, outcome.err);
    command_free(&outcome);
}

void command_expect_success(const Outcome *outcome)
{
    if (outcome->status != 0 || *outcome->err)
        fail_msg("expected success, got exit status %d and\n%s", outcome->status, outcome->err);
}

void command_succeed(Outcome outcome)
{
    command_expect_success(&outcome);
    command_free(&outcome);
}

void command_expect_output(Outcome outcome, int status, const char *first, ...)
{
    va_list parts;
    va_start(parts, first);
    for (const char *part = first; part; part = va_arg(parts, const char *))
        if (outcome.status != status || !strstr(outcome.out, part))
            fail_msg("expected exit status %d and \"%s\", got %d, %s and\n%s", status, part, outcome.status,
                     outcome.err, outcome.out);
    va_end(parts);
    command_free(&outcome);
}
