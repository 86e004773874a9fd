/* pricereport run --query: a whole SELECT, as SQLite runs it and divided among workers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>

#include "tests/support/command.h"

static const char db[] = "pricereport.db";

/* A table that is worth dividing, and a function that is none of SQLite's. */
static void make_sales(void)
{
    command_execute("sales.db",
                    "CREATE TABLE sales(id INTEGER PRIMARY KEY, kind TEXT COLLATE NOCASE, p REAL);"
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
                    " INSERT INTO sales SELECT i, substr('aAbB', i % 4 + 1, 1), i * 0.1 FROM n");
}

static void a_query_is_timed_whole_and_divided(void **state)
{
    (void)state;
    make_sales();
    Outcome outcome = command_run(
        "run", "--in", "sales.db", "--query",
        "SELECT kind, sum(increase_price(p)), count(*) AS \"n)\" FROM sales GROUP BY 1 ORDER BY 1 -- all\n ;",
        "--executor", "serial,threads,processes,auto", "--workers", "2", "--samples", "6", "--verify", NULL);
    command_expect_success(&outcome);
    assert_string_equal(outcome.err, "");
    command_free(&outcome);
    command_expect_text(db, "SELECT verb || status FROM run", "queryfinished");
    command_expect_text(db, "SELECT group_concat(variant) FROM history",
                        "serial,threads × 2,processes × 2,auto × 2");
    command_expect_integer(db, "SELECT count(*) FROM history WHERE rows = 2 AND samples = 6", 4);
    /* Each has the plain SELECT as its baseline, and says what was timed. */
    command_expect_integer(db, "SELECT count(*) FROM history WHERE speed_up > 0", 4);
    command_expect_integer(
        db,
        "SELECT count(*) FROM benchmark WHERE parameters ->> 'query' = name AND parameters ->> 'map' IS NULL",
        4);
    /* What SQLite ran itself has no tasks, and those of the others walked the table. */
    command_expect_text(
        db,
        "SELECT group_concat(b.executor || coalesce(t.rows > 4900, '')) FROM measurement AS m"
        "  JOIN benchmark AS b USING (benchmark) LEFT JOIN (SELECT measurement, sum(rows) AS rows FROM task"
        "   GROUP BY 1) AS t USING (measurement) WHERE b.executor <> 'auto'",
        "serial,threads1,processes1");
}

static void a_query_that_runs_whole_is_told(void **state)
{
    (void)state;
    make_sales();
    Outcome outcome = command_run("run", "--database", "sales.db", "--query", "SELECT count(*) FROM sales",
                                  "--name", "n", "--samples", "1", "--verify", "--json", NULL);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err, "pricereport: threads ran the query whole: SQLite counts the rows "
                                     "without reading them\n");
    command_free(&outcome);
    command_expect_integer(db, "SELECT count(parameters ->> 'query') FROM benchmark", 0);
    command_expect_text(db, "SELECT DISTINCT name FROM benchmark", "n");
}

static void charts_speak_of_queries(void **state)
{
    (void)state;
    make_sales();
    Outcome outcome = command_run("run", "--in", "sales.db", "--query", "SELECT sum(p) FROM sales",
                                  "--samples", "6", "--plot", "--format", "txt", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    char *data = command_read_file("pricereport-charts/executors.dat");
    assert_non_null(strstr(data, "median time of one query with its 95 % interval, and its speed-up"));
    free(data);
    assert_int_equal(access("pricereport-charts/timeline.dat", F_OK), 0);
    outcome = command_run("report", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    data = command_read_file("pricereport-charts/report.html");
    assert_non_null(strstr(data, "<h2>Executors</h2>"));
    free(data);
    outcome = command_run("show", NULL);
    command_expect_success(&outcome);
    assert_non_null(
        strstr(outcome.out, "pricereport run --in sales.db --query 'SELECT sum(p) FROM sales' --samples 6"));
    command_free(&outcome);
}

static void what_is_no_select_is_not_timed(void **state)
{
    (void)state;
    static const struct {
        const char *query, *part;
    } wrong[] = {
        {"SELECT none FROM sales", "cannot run the query by serial: no such column: none"},
        {"SELECT 1; SELECT 2", "--query: there is more than one statement: give one SELECT"},
        {"DELETE FROM sales", "--query: this is no SELECT"},
        {"PRAGMA table_list", "--query: this is no SELECT"},
        {"EXPLAIN SELECT 1", "--query: this is no SELECT"},
        {"-- nothing", "--query: this is no SELECT"},
        {"SELECT p FROM sales WHERE id = :id", "--query: the SELECT has parameters"},
        {"SELECT sum(abs(-9223372036854775807 - (id > 0))) FROM sales", "integer overflow"},
    };
    make_sales();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        command_expect_error(command_run("run", "--in", "sales.db", "--query", wrong[i].query, "--executor",
                                         "serial,threads", "--samples", "1", NULL),
                             3, wrong[i].part);
    command_expect_integer("sales.db", "SELECT count(*) FROM sales", 5000);
}

/* Comments and semicolons around the SELECT are as SQLite takes them; a last comment may have no end. */
static void texts_around_the_select(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "SELECT sum(p) FROM sales /* without an end", "SELECT sum(p) FROM sales -- to the end",
        "SELECT sum(p) FROM sales ; -- after it",     "SELECT sum(p) FROM sales; /* after it, without an end",
        "/* before */ SELECT sum(p) FROM sales;",     " ; SELECT sum(p) FROM sales ;;",
    };
    make_sales();
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        Outcome outcome = command_run("run", "--in", "sales.db", "--query", queries[i], "--executor",
                                      "serial,threads", "--samples", "1", "--verify", NULL);
        command_expect_success(&outcome);
        command_free(&outcome);
    }
}

/* Which rows LIMIT takes is open here, so that what is compared differs by intent. */
static void other_rows_are_found(void **state)
{
    (void)state;
    make_sales();
    command_expect_error(
        command_run("run", "--in", "sales.db", "--query",
                    "SELECT count(*), (SELECT random()) FROM sales WHERE p > 1 GROUP BY kind", "--executor",
                    "serial,threads", "--samples", "1", "--verify", NULL),
        3, "column 2 of row 1, in the order of all columns, is ");
    command_expect_integer(db, "SELECT count(*) FROM run", 0);
}

/* `check` measures it once more by the same command line. */
static void a_query_is_measured_once_more(void **state)
{
    (void)state;
    make_sales();
    Outcome outcome;
    for (int i = 0; i < 2; i++) {
        outcome = command_run("run", "--in", "sales.db", "--query", "SELECT sum(p) FROM sales", "--executor",
                              "serial", "--samples", "8", NULL);
        command_expect_success(&outcome);
        command_free(&outcome);
    }
    /* The older run is made a steady one, and the newer ten times as slow, however busy the machine was. */
    command_execute(db,
                    "UPDATE sample SET loops = 1, wall_ns = (1000000 + sequence) *"
                    " CASE measurement WHEN (SELECT max(measurement) FROM measurement) THEN 10 ELSE 1 END;"
                    "UPDATE measurement SET median_seconds = 0.001, low_seconds = 0.001,"
                    " high_seconds = 0.001, minimum_seconds = 0.001;"
                    "UPDATE measurement SET median_seconds = 0.01, low_seconds = 0.01, high_seconds = 0.01,"
                    " minimum_seconds = 0.01 WHERE run = 2");
    outcome = command_run("check", NULL);
    assert_true(outcome.status == 0 || outcome.status == 1);
    command_free(&outcome);
    command_expect_integer(db, "SELECT count(*) FROM run WHERE repeats = 2 AND verb = 'query'", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_query_is_timed_whole_and_divided, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_query_that_runs_whole_is_told, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(charts_speak_of_queries, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_select_is_not_timed, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(texts_around_the_select, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(other_rows_are_found, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_query_is_measured_once_more, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
