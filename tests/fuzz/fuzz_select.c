/*
 * A text as a SELECT: whatever it is, the parser makes a tree of it or refuses it; a tree is written as a
 * text that is parsed and written the same again, and that SQLite, where it takes both, makes the same
 * program of.
 */
#include <stdlib.h>
#include <string.h>

#include "ext/select/parse.h"
#include "ext/select/write.h"
#include "ext/split/same_program.h"
#include "fuzz.h"
#include "host.h"
#include "input.h"

enum { INPUT_MAX = 4000 };

static sqlite3 *db;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    host_start("/nonexistent/pricemap-worker");
    db = host_open(":memory:");
    host_setup(db, "CREATE TABLE t(a INTEGER PRIMARY KEY, b REAL, c TEXT COLLATE NOCASE, d);"
                   "CREATE INDEX by_b ON t(b, c); CREATE TABLE u(a, b, x TEXT);"
                   "CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
                   "CREATE VIEW v AS SELECT a, b * 2 AS twice FROM t WHERE c > 'm';");
    return 0;
}

static char *written(const char *text)
{
    Arena arena = {0};
    ParsedSelect parsed = select_parse(&arena, text);
    char *again = parsed.select ? select_text(parsed.select, 0) : NULL;
    if (!parsed.select && !parsed.reason)
        host_finding("no tree and no reason", text);
    host_outcome(parsed.reason ? parsed.reason : "parsed");
    arena_free(&arena);
    return again;
}

/* Whether SQLite takes the text as one statement that gives rows and writes nothing. */
static bool is_select(const char *text)
{
    sqlite3_stmt *statement = NULL;
    const char *rest = NULL;
    bool is = sqlite3_prepare_v2(db, text, -1, &statement, &rest) == SQLITE_OK && statement &&
              sqlite3_column_count(statement) && sqlite3_stmt_readonly(statement) &&
              !rest[strspn(rest, " \n;")];
    sqlite3_finalize(statement);
    return is;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Input input = {data, size < INPUT_MAX ? size : INPUT_MAX};
    size_t length;
    char *text = input_text(&input, '\0', &length);
    if (!text)
        return 0;
    char *once = written(text);
    if (once) {
        char *twice = written(once);
        if (!twice || strcmp(once, twice) != 0)
            host_finding("written otherwise the second time", once);
        bool same = true;
        if (is_select(text) && is_select(once) && same_program(db, text, db, once, &same) == SQLITE_OK &&
            !same)
            host_outcome("another program");
        sqlite3_free(twice);
    }
    sqlite3_free(once);
    free(text);
    return 0;
}
