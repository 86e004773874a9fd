/* The import formats: the input is a file that pricereport import is given, with its own history. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "cli/history/history.h"
#include "host.h"
#include "cli/history/importer.h"

enum { ROWS = 1000 };

static History *history;
static int file = -1; /* in memory: what is imported */
static char path[64];

/* A connection takes one import, as the command does. */
static void open_history(void)
{
    Failure failure;
    history_close(&history);
    if (history_open(&history, host_file("history.db"), HISTORY_READ, &failure))
        host_finding("history_open", failure.text);
    host_setup(history_db(history), "PRAGMA synchronous = OFF");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    Failure failure;
    host_start("/nonexistent/pricemap-worker");
    if (history_open(&history, host_file("history.db"), HISTORY_RECORD, &failure))
        host_finding("history_open", failure.text);
    host_setup(history_db(history), "PRAGMA journal_mode = DELETE");
    file = memfd_create("import", MFD_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return 0;
}

static void write_file(const uint8_t *data, size_t size)
{
    if (ftruncate(file, 0) != 0 || (size && pwrite(file, data, size, 0) != (ssize_t)size))
        host_finding("pwrite", path);
}

static int64_t count(const char *sql)
{
    sqlite3_stmt *statement;
    int64_t number = -1;
    if (sqlite3_prepare_v2(history_db(history), sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *const files[] = {path};
    const ImportWish wish = {.files = files, .count = 1, .label = "fuzz"};
    Failure failure = {""};
    write_file(data, size);
    open_history();
    int64_t before = count("SELECT count(*) FROM run");
    if (importer_import(history, &wish, &failure)) {
        host_outcome(failure.text);
        if (!strstr(failure.text, path))
            host_finding("a failure that does not name the file", failure.text);
        if (!sqlite3_get_autocommit(history_db(history)) || count("SELECT count(*) FROM run") != before)
            host_finding("a failed import left something behind", failure.text);
        return 0;
    }
    /* The same once more is known, and changes nothing. */
    open_history();
    if (importer_import(history, &wish, &failure))
        host_finding("the second import fails", failure.text);
    if (count("SELECT count(*) FROM run") != before + 1)
        host_finding("the second import", "it is not one run");
    host_run(history_db(history), "SELECT * FROM history; SELECT * FROM latest; SELECT * FROM comparison",
             ROWS);
    host_setup(history_db(history), "DELETE FROM run; DELETE FROM benchmark; DELETE FROM machine");
    return 0;
}
