/* Names that are cut for a chart, and the map that the timeline shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "cli/measure/task_recorder.h"
#include "cli/report/shortened.h"

static sqlite3 *db;

static int open_db(void **state)
{
    (void)state;
    return sqlite3_open(":memory:", &db) || shortened_register(db);
}

static int close_db(void **state)
{
    (void)state;
    return sqlite3_close(db);
}

static void expect_result(const char *sql, const char *expected)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    if (expected)
        assert_string_equal(text, expected);
    else
        assert_null(text);
    sqlite3_finalize(statement);
}

static void a_text_is_cut_where_it_is_like_others(void **state)
{
    (void)state;
    expect_result("SELECT shortened(NULL, 5, NULL, NULL)", NULL);
    expect_result("SELECT shortened('12345', 5, NULL, NULL)", "12345");
    expect_result("SELECT shortened('äöü×…', 5, 'äöü×', NULL)", "äöü×…");
    expect_result("SELECT shortened('123456', 5, NULL, NULL)", "1234…");
    expect_result("SELECT shortened('123456', 5, '1x', '2')", "1234…");
    expect_result("SELECT shortened('123456', 5, '123455', NULL)", "…3456");
    expect_result("SELECT shortened('ääääää6', 5, NULL, 'ääääää7')", "…äää6");
    expect_result("SELECT shortened('aaaaaaaaaaXbbbbbbbbbb', 7, 'aaaaaaaaaaWbbbbbbbbbb', NULL)", "…aaXbb…");
    expect_result(
        "SELECT shortened('1234567890123456789012345678X', 24, '1234567890123456789012345678Y', NULL)",
        "12345678…56789012345678X");
    /* Columns are counted: wide characters have two, combining ones none, and stay with theirs. */
    expect_result("SELECT shortened('漢字漢字', 8, NULL, NULL)", "漢字漢字");
    expect_result("SELECT shortened('漢字漢字', 6, NULL, NULL)", "漢字…");
    expect_result("SELECT shortened('漢字漢字1', 6, '漢字漢字2', NULL)", "…漢字1");
    expect_result("SELECT shortened('e\u0301e\u0301e\u0301e\u0301', 3, NULL, NULL)", "e\u0301e\u0301…");
    expect_result("SELECT shortened('\u0301abc', 2, NULL, NULL)", "\u0301a…");
    expect_result("SELECT shortened('👩\u200d👧xyz', 4, NULL, NULL)", "👩\u200d👧x…");
    /* What is no UTF-8 is a character a byte. */
    expect_result("SELECT length(shortened(CAST(x'ffffffffffffff' AS TEXT), 3, NULL, NULL)) > 0", "1");
}

/* A connection like one with the extension, whose log is as it is written here. */
static void the_map_of_the_median_is_recorded(void **state)
{
    (void)state;
    assert_int_equal(
        sqlite3_exec(
            db,
            "CREATE TABLE parallel_map_runs(run, source, map, requested, chunk, wall_seconds, error);"
            "CREATE TABLE parallel_map_tasks(run, task, worker, start_seconds, end_seconds, rows_in, host);"
            "INSERT INTO parallel_map_runs VALUES (1, 's', 'm', 'threads', 5, 2.0, NULL), "
            "(2, 's', 'other', 'threads', 5, 1.0, NULL), (3, 's', 'm', 'threads', 5, 1.0, 'failed'), "
            "(4, 's', 'm', 'threads', 5, 1.2, NULL), (5, 's', 'm', 'threads', 7, 1.0, NULL), "
            "(6, 's', 'm', 'threads', 5, 1.01, NULL), (7, 's', 'm', 'threads', 5, 9.0, NULL);"
            "INSERT INTO parallel_map_tasks SELECT run, 0, run, 0.25, 0.5, 3, 'rack' || run FROM parallel_map_runs "
            "WHERE run <> 6;" /* whose tasks the log has dropped */
            "CREATE TABLE measurement(measurement INTEGER PRIMARY KEY, tasks);"
            "INSERT INTO measurement VALUES (1, NULL);"
            "CREATE TABLE task(measurement, task, worker, start_ns, end_ns, rows, host)",
            NULL, NULL, NULL),
        SQLITE_OK);
    Failure failure;
    assert_int_equal(task_recorder_record(db, 1, 1.0, db, &failure), 0);
    expect_result(
        "SELECT group_concat(worker || ' ' || start_ns || ' ' || end_ns || ' ' || rows || ' ' || host) FROM task",
        "4 250000000 500000000 3 rack4");
    assert_int_equal(task_recorder_record(db, 1, 3.0, db, &failure), 0);
    expect_result("SELECT group_concat(worker) || ' ' || (SELECT tasks FROM measurement) FROM task", "1 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_text_is_cut_where_it_is_like_others, open_db, close_db),
        cmocka_unit_test_setup_teardown(the_map_of_the_median_is_recorded, open_db, close_db),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
