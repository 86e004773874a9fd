/* How a query is run: its time limit, what the log says of it, and rows that are given out as they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/query_test.h"

static const char make_tables[] =
    "CREATE TABLE sales(id INTEGER PRIMARY KEY, day INT, p REAL, name TEXT);"
    "CREATE TABLE items(item INTEGER PRIMARY KEY, price REAL);"
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
    "INSERT INTO sales SELECT i, i % 7, i / 8.0, 'n' || (i % 10) FROM n;"
    "INSERT INTO items SELECT id, p FROM sales WHERE id < 100;";

/* Each row would take minutes. */
static void parts_have_a_time_limit(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(db, "SELECT parallel_map_config('timeout_seconds', 0.3);"
                     "CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT day, "
                     "count(increase_price_crazy(p, 10, 1000000000)) FROM sales GROUP BY day)");
    sql_test_expect_error(db, "SELECT * FROM q", SQLITE_ERROR,
                          "parallel_query: a part took longer than timeout_seconds = 0.3");
    sql_test_expect(db, "SELECT error FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                    "'parallel_query: a part took longer than timeout_seconds = 0.3'");
    /* The limit holds for parts and not for the query, which goes on after it. */
    sql_test_run(db, "SELECT parallel_map_config('timeout_seconds', 1000)");
    query_test_expect_divided(test, "SELECT day, count(*), sum(p) FROM sales GROUP BY day ORDER BY day",
                              "first_rowid");
}

/* Of a query whose last stage runs in place the log has the executor that the work went to. */
static void the_log_names_the_executor_that_worked(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(
        db, "CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (SELECT day, "
            "count(increase_price_crazy(p, 10, 50000)) FROM sales WHERE id < 3000 GROUP BY day UNION ALL "
            "SELECT 7, count(price) FROM items), workers = 2)");
    sql_test_expect(db, "SELECT count(*), sum(day) FROM q", "8|28");
    sql_test_expect(
        db,
        "SELECT executor <> 'serial', workers, reason LIKE '% µs %' FROM parallel_map_runs ORDER BY run "
        "DESC LIMIT 1",
        "1|2|1");
    sql_test_expect(db, "SELECT count(*) > 0 FROM parallel_map_tasks WHERE worker >= 0", "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(parts_have_a_time_limit),
        MAP_TEST(the_log_names_the_executor_that_worked),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
