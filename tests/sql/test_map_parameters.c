/* Parameters of a map: `:name` in its texts is a hidden column, which the query around it gives a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

static void make_table(sqlite3 *db, int rows)
{
    map_test_run(db,
                 "CREATE TABLE t(id INTEGER PRIMARY KEY, p REAL, k INT, s TEXT);"
                 "INSERT INTO t WITH RECURSIVE c(v) AS (VALUES(1) UNION ALL SELECT v + 1 FROM c WHERE v < %d)"
                 " SELECT v, v * 0.5, v %% 10, 's' || (v %% 7) FROM c;",
                 rows);
}

static void in_a_query(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 400);
    map_test_run(
        test->db,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = (SELECT id, p, s FROM t WHERE k >= :least),"
        " map = (id, increase_price(p, :percent) AS e, s || :tail AS f), where = (id %% :step = 0))");
    map_test_same(test->db, "SELECT id, increase_price(p, 12.5), s || 'x' FROM t WHERE k >= 5 AND id % 2 = 0",
                  "SELECT * FROM m(5, 12.5, 'x', 2)");
    map_test_same(
        test->db, "SELECT id, increase_price(p, 5) FROM t WHERE k >= 0 AND id % 3 = 0 AND id < 50",
        "SELECT id, e FROM m WHERE m.percent = 5 AND step = 3 AND least = 0 AND tail = x'00' AND id < 50");
    map_test_same(test->db, "SELECT DISTINCT 12.5, 5, 'é', 2",
                  "SELECT DISTINCT percent, least, tail, step FROM m(5, 12.5, 'é', 2)");
    /* A parameter may be NULL. */
    map_test_same(test->db, "SELECT id, NULL FROM t", "SELECT id, f FROM m(0, 1, NULL, 1)");
    map_test_same(test->db, "SELECT id FROM t WHERE 0", "SELECT id FROM m(NULL, 1, '', 1)");
}

/* SQLite drops a row of one term of an OR whose number another term has given: rows of two calls are two
   rows, also where all that is read of them is the same. */
static void under_or(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 14);
    map_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (id, p * :f AS x),"
                 " where = (k > :lo))");
    map_test_same(
        test->db,
        "SELECT id, 1, 4 FROM t WHERE k > 4 UNION ALL SELECT id, 2, 7 FROM t WHERE k > 7 ORDER BY 1, 2",
        "SELECT id, f, lo FROM m WHERE (f = 1 AND lo = 4) OR (f = 2 AND lo = 7) ORDER BY 1, 2");
    map_test_same(
        test->db,
        "SELECT 1, 4, count(*) FROM t WHERE k > 4 UNION ALL SELECT 2, 7, count(*) FROM t WHERE k > 7",
        "SELECT f, lo, count(*) FROM m WHERE (f = 1 AND lo = 4) OR (f = 2 AND lo = 7) GROUP BY 1, 2");
    map_test_same(test->db, "SELECT id FROM t WHERE k > 4 ORDER BY id",
                  "SELECT id FROM m WHERE (f = 1 AND lo = 4) OR (f = 1 AND lo = 4 AND id > 0) ORDER BY id");
    map_test_same(test->db, "SELECT id FROM t WHERE k > 4", "SELECT id FROM m WHERE f IS 1 AND lo IS 4");
}

/* Workers that read the table themselves, and aggregates, whose rows are counted. */
static void in_ranges(void **state)
{
    MapTest *test = *state;
    char *path = map_test_path(test, "parameters.db");
    sqlite3 *db = map_test_open(test, path);
    sqlite3_free(path);
    make_table(db, 12000);
    map_test_run(
        db,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t,"
        " map = (id, increase_price(p, :percent) + increase_price(100, :percent) AS e), where = (k <> :no))");
    map_test_run(db, "CREATE VIRTUAL TABLE temp.part USING parallel_map(source = t, partial = 1,"
                     " map = (count(*) AS n, max(p * :factor) AS most))");
    map_test_same(db, "SELECT id, increase_price(p, 7) + increase_price(100, 7) FROM t WHERE k <> 3",
                  "SELECT id, e FROM m(7, 3)");
    map_test_same(
        db,
        "SELECT id, increase_price(p, 7) + increase_price(100, 7) AS e FROM t WHERE k <> 3 AND id > 11000 AND p < 5900",
        "SELECT id, e FROM m(7, 3) WHERE id > 11000 AND e < 5900 * 1.07 + 107");
    sql_test_expect(db, "SELECT count(*) FROM parallel_map_runs WHERE access <> 'partition'", "1");
    map_test_same(db, "SELECT count(*), max(p * 3) FROM t", "SELECT sum(n), max(most) FROM part(3)");
    map_test_same(db, "SELECT count(*), max(p * 4) FROM t", "SELECT sum(n), max(most) FROM part(4)");
    sqlite3_close(db);
}

/* A row of an outer loop gives the value. */
static void of_outer_rows(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 300);
    map_test_run(test->db, "CREATE TABLE o(n INTEGER); INSERT INTO o VALUES (1), (5), (NULL), (20)");
    map_test_run(
        test->db,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (id, increase_price(p, :percent) AS e))");
    map_test_same(test->db, "SELECT n, id, increase_price(p, n) FROM o CROSS JOIN t WHERE id < n + 3",
                  "SELECT n, id, e FROM o CROSS JOIN m(o.n) WHERE id < n + 3");
    map_test_same(test->db,
                  "SELECT n, id, increase_price(p, n) AS e FROM o CROSS JOIN t WHERE id = n + 3 OR p = 10",
                  "SELECT n, id, e FROM o CROSS JOIN m(n) WHERE id = n + 3 OR id = 20");
    map_test_same(test->db,
                  "SELECT n, increase_price(p, n) AS e FROM o CROSS JOIN t WHERE increase_price(p, n) = 22",
                  "SELECT n, e FROM o CROSS JOIN m(n) WHERE e = 22");
}

static void errors(void **state)
{
    MapTest *test = *state;
    make_table(test->db, 10);
    map_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (id, p * :a + :b AS e))");
    sql_test_expect_error(
        test->db, "SELECT * FROM m", SQLITE_ERROR,
        "parallel_map: the parameter a of this map is not given: call the table with its value in "
        "brackets, or write WHERE a = value");
    sql_test_expect_error(
        test->db, "SELECT * FROM m(1) WHERE id = 5", SQLITE_ERROR,
        "parallel_map: the parameter b of this map is not given: call the table with its value in "
        "brackets, or write WHERE b = value");
    sql_test_expect_error(
        test->db, "CREATE VIRTUAL TABLE temp.n USING parallel_map(source = t, map = (p * :pricemap_1))",
        SQLITE_ERROR,
        "parallel_map: map: the parameter pricemap_1 has a name that is for pricemap: give it another");
    sql_test_expect_error(test->db,
                          "CREATE VIRTUAL TABLE temp.n USING parallel_map(source = t, map = (id, p * :id))",
                          SQLITE_ERROR, "parallel_map: duplicate column name: id");
    sql_test_expect_error(
        test->db, "SELECT * FROM parallel_map('SELECT p FROM t WHERE id > :a', 'p')", SQLITE_ERROR,
        "parallel_map: source: parameters cannot be bound in it: write the values, as quote() gives "
        "them");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(in_a_query),    MAP_TEST_EACH(under_or), MAP_TEST_EACH(in_ranges),
        MAP_TEST_EACH(of_outer_rows), MAP_TEST(errors),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
