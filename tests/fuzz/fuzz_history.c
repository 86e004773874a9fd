/*
 * A history database that is not what pricereport wrote. The first byte is the verb that reads it; then SQL
 * that changes a valid history, up to a NUL; then changes of its bytes, each an offset (4 bytes), a length (1
 * byte) and the bytes. Whatever the file has become, the verb works, or says what is wrong in the way of the
 * command.
 */
#include <argp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/base/failure.h"
#include "fuzz.h"
#include "cli/history/history.h"
#include "host.h"
#include "input.h"
#include "cli/verbs/verbs.h"
#include "tests/fuzz/fuzz_sql.h"

enum { ROWS = 100, ARGUMENTS = 8, FILE_MAX = 1 << 20 };

typedef struct Call {
    const Verb *verb;
    const char *arguments[ARGUMENTS];
} Call;

/* Where DB, OUT and OTHER stand is the name of a file. Not check: it may run what the file names. */
static const Call calls[] = {
    {&verb_list, {"--db", "DB"}},
    {&verb_list, {"--json", "--db", "DB"}},
    {&verb_show, {"--db", "DB"}},
    {&verb_show, {"--db", "DB", "--csv", "2"}},
    {&verb_compare, {"--db", "DB", "1", "3"}},
    {&verb_compare, {"--db", "DB", "--markdown"}},
    {&verb_history, {"--db", "DB"}},
    {&verb_history, {"--db", "DB", "map_0(p)"}},
    {&verb_export, {"--db", "DB", "--json"}},
    {&verb_export, {"--db", "DB", "--csv", "--samples"}},
    {&verb_report, {"--db", "DB", "--out", "OUT"}},
    {&verb_plot, {"--db", "DB", "--format", "svg", "--out", "OUT"}},
    {&verb_threshold, {"--db", "DB"}},
    {&verb_threshold, {"--db", "DB", "map_0(p)", "7"}},
    {&verb_exclude, {"--db", "DB", "2", "--reason", "fuzz"}},
    {&verb_ack, {"--db", "DB", "3", "--reason", "fuzz"}},
    {&verb_merge, {"--db", "OTHER", "DB"}},
    {&verb_merge, {"--db", "DB", "OTHER"}},
};

static char *made; /* a valid history */
static size_t made_size;

static size_t read_file(const char *path, char *bytes, size_t room)
{
    FILE *stream = fopen(path, "re");
    size_t size = stream ? fread(bytes, 1, room, stream) : 0;
    if (stream)
        fclose(stream);
    return size;
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *stream = fopen(path, "we");
    if (!stream || fwrite(bytes, 1, size, stream) != size || fclose(stream) != 0)
        host_finding("cannot write", path);
}

/* Small pages, so that a small history has inner ones. */
static void make_history(const char *path)
{
    History *history;
    Failure failure;
    if (history_open(&history, path, HISTORY_RECORD, &failure))
        host_finding("history_open", failure.text);
    sqlite3 *db = history_db(history);
    host_setup(
        db, "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM;"
            "CREATE TEMP TABLE size AS SELECT 5 AS runs, 4 AS benchmarks, 6 AS samples, 1 AS low_rank, 6 AS "
            "high_rank,"
            " 7 AS origin");
    host_setup(db, support_history_small);
    host_setup(
        db,
        "INSERT INTO task(measurement, task, worker, start_ns, end_ns, rows) VALUES (1, 1, 0, 5, 900, 10)");
    history_close(&history);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    host_start("/nonexistent/pricemap-worker");
    /* No gnuplot: charts are scripts and data then. */
    setenv("PATH", "/nonexistent", 1);
    argp_err_exit_status = EXIT_USAGE;
    if (!freopen("/dev/null", "w", stdout))
        host_finding("freopen", "/dev/null");
    const char *path = host_file("made.db");
    make_history(path);
    made = malloc(FILE_MAX);
    made_size = made ? read_file(path, made, FILE_MAX) : 0;
    if (!made_size || made_size == FILE_MAX)
        host_finding("cannot read", path);
    return 0;
}

static void change_bytes(const char *path, Input *input)
{
    static char bytes[FILE_MAX];
    size_t size = read_file(path, bytes, sizeof bytes);
    while (!input_ended(input) && size) {
        size_t place = input_u32(input) % size, length = input_byte(input);
        if (length == 0xff)
            size = place;
        else
            input_bytes(input, bytes + place, length < size - place ? length : size - place);
    }
    write_file(path, bytes, size);
}

static void perform(const Call *call, const char *db, const char *other)
{
    char name[] = "pricereport";
    char *argv[ARGUMENTS + 2] = {name};
    int argc = 1;
    for (; argc <= ARGUMENTS && call->arguments[argc - 1]; argc++) {
        const char *argument = call->arguments[argc - 1];
        argv[argc] = strdup(strcmp(argument, "DB") == 0      ? db
                            : strcmp(argument, "OTHER") == 0 ? other
                            : strcmp(argument, "OUT") == 0   ? host_file("out")
                                                             : argument);
    }
    char *said = NULL, *owned[ARGUMENTS + 2];
    memcpy(owned, argv, sizeof owned);
    size_t size;
    FILE *errors = stderr;
    stderr = open_memstream(&said, &size);
    int status = verb_perform(call->verb, argc, argv);
    fclose(stderr);
    stderr = errors;
    if (status < EXIT_DONE || status > EXIT_FAILED)
        host_finding("exit status", said);
    if (status == EXIT_FAILED && strncmp(said, "pricereport: ", strlen("pricereport: ")) != 0)
        host_finding("an error without words", said);
    host_outcome(said);
    free(said);
    for (int i = 1; i < argc; i++)
        free(owned[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Input input = {data, size};
    const Call *call = &calls[input_byte(&input) % (sizeof calls / sizeof *calls)];
    const char *db = host_file("hostile.db"), *other = host_file("other.db");
    size_t length;
    char *sql = input_text(&input, '\0', &length);
    write_file(db, made, made_size);
    write_file(other, made, made_size);
    if (sql && *sql)
        host_change_database(db, "PRAGMA ignore_check_constraints = ON", sql);
    free(sql);
    if (!input_ended(&input))
        change_bytes(db, &input);
    perform(call, db, other);
    host_remove_database(db);
    host_remove_database(other);
    return 0;
}
