/* Files of public repositories, which are imported as the tool that wrote each reads it: real/README.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/exchanged.h"

/* Fewest files that count as many. */
enum { FILES_LEAST = 40 };

static const char db[] = "pricereport.db";

/* The lines of expected.tsv, in a table of expected.db. */
static void read_expected(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/real/expected.tsv", getenv("PRICEREPORT_CLI_TESTS"));
    char *
        text = command_read_file(path),
       *sql = sqlite3_mprintf(
           "CREATE TABLE line(file, benchmark, metric, samples INTEGER, median REAL);"
           "WITH RECURSIVE cut(line, rest) AS (VALUES(NULL, %Q) UNION ALL SELECT substr(rest, 1, instr(rest, char(10)) - 1),"
           " substr(rest, instr(rest, char(10)) + 1) FROM cut WHERE rest <> '')"
           "INSERT INTO line SELECT j ->> 0, j ->> 1, j ->> 2, j ->> 3, j ->> 4 FROM (SELECT '[\"' || replace("
           "replace(replace(line, '\\', '\\\\'), '\"', '\\\"'), char(9), '\",\"') || '\"]' AS j FROM cut WHERE line <> '')",
           text);
    sqlite3 *expected;
    assert_int_equal(sqlite3_open("expected.db", &expected), SQLITE_OK);
    assert_int_equal(sqlite3_exec(expected, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(expected);
    sqlite3_free(sql);
    free(text);
}

/* Lines, with medians up to the whole nanoseconds of a sample, that one side has and the other has not, of a
 * file that was imported alone: at most `size` bytes of them; an empty text where they agree. */
static void differences(const char *file, char *found, size_t size)
{
    char *sql = sqlite3_mprintf(
        "WITH found AS (SELECT benchmark, coalesce(metric, '') AS metric, samples, median_seconds AS median,"
        " (SELECT 0.6e-9 / min(loops) FROM sample AS s WHERE s.measurement = h.measurement) AS step FROM history AS h),"
        " expected AS (SELECT * FROM e.line WHERE file = %Q)"
        "SELECT group_concat(text, char(10)) FROM ("
        "SELECT 'expected ' || benchmark || ' ' || metric || ' ' || samples || ' ' || median AS text FROM expected AS x"
        " WHERE NOT EXISTS (SELECT 1 FROM found AS f WHERE f.benchmark = x.benchmark AND f.metric = x.metric AND"
        " f.samples = x.samples AND abs(f.median - x.median) <= max(1e-9 * abs(x.median), coalesce(f.step, 0)))"
        "UNION ALL SELECT 'found ' || benchmark || ' ' || metric || ' ' || samples || ' ' || median FROM found AS f"
        " WHERE NOT EXISTS (SELECT 1 FROM expected AS x WHERE f.benchmark = x.benchmark AND f.metric = x.metric))",
        file);
    sqlite3 *history;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(db, &history), SQLITE_OK);
    assert_int_equal(sqlite3_exec(history, "ATTACH 'expected.db' AS e", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(history, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    snprintf(found, size, "%s", text ? text : "");
    sqlite3_finalize(statement);
    sqlite3_close(history);
    sqlite3_free(sql);
}

/* Imports a file or a folder, which may have entries that are left out and named. */
static void import_noting(const char *path)
{
    Outcome outcome = command_run("import", path, NULL);
    if (outcome.status != 0)
        fail_msg("%s: %s", path, outcome.err);
    command_free(&outcome);
}

static void files_are_read_as_by_their_tools(void **state)
{
    (void)state;
    read_expected();
    int files = (int)command_integer("expected.db", "SELECT count(DISTINCT file) FROM line");
    assert_true(files >= FILES_LEAST);
    for (int i = 0; i < files; i++) {
        char *sql = sqlite3_mprintf("SELECT DISTINCT file FROM line ORDER BY file LIMIT 1 OFFSET %d", i),
             path[4096];
        char *file = command_text("expected.db", sql);
        snprintf(path, sizeof path, "%s/real/%s", getenv("PRICEREPORT_CLI_TESTS"), file);
        import_noting(path);
        char wrong[2000];
        differences(file, wrong, sizeof wrong);
        if (*wrong)
            fail_msg("%s: %s", file, wrong);
        sqlite3_free(file);
        sqlite3_free(sql);
        unlink(db);
    }
}

static void a_folder_of_asv_is_a_history(void **state)
{
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/real/asv-2", getenv("PRICEREPORT_CLI_TESTS"));
    import_noting(path);
    expect_integer("SELECT count(*) FROM run", 4);
    expect_integer("SELECT count(DISTINCT commit_id) FROM run WHERE length(commit_id) = 40", 4);
    expect_text("SELECT group_concat(DISTINCT processor) FROM machine",
                "AMD EPYC 7662 64-Core Processor,Apple M1 Pro");
    /* A file of the folder is known then. */
    strncat(path, "/macbook_pro_m1/39aa8421-virtualenv-py3.11.json", sizeof path - strlen(path) - 1);
    import_noting(path);
    expect_integer("SELECT count(*) FROM run", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_read_as_by_their_tools, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_folder_of_asv_is_a_history, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
