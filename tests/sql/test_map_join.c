/* A map as the inner side of a join: it computes what the rows outside need, or all of it once, whatever
 * their number, and the join gives what it gives over the plain query. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

/* t(id, p) has values of every kind, outside(k, n) what they are compared with. */
static void make_tables(sqlite3 *db)
{
    sql_test_run(
        db, "CREATE TABLE t(id INTEGER PRIMARY KEY, p);"
            "INSERT INTO t WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
            " SELECT i * 3, CASE i % 8 WHEN 0 THEN i % 40 WHEN 1 THEN i * 1.0 WHEN 2 THEN CAST(i AS TEXT)"
            " WHEN 3 THEN NULL WHEN 4 THEN CAST(i AS BLOB) WHEN 5 THEN 'Text' || i % 20 WHEN 6 THEN -0.0"
            " ELSE 9007199254740993 END FROM n;"
            "CREATE TABLE outside(k, n INTEGER, s TEXT COLLATE NOCASE);"
            "INSERT INTO outside SELECT p, id % 500, lower(p) FROM t WHERE id % 5 < 3;"
            "INSERT INTO outside VALUES ('12', 12, '12'), (12.0, 12, '12.0'), (9007199254740992.0, 0, ''),"
            " (0, 0, '0'), ('12 ', -1, 'none'), (NULL, NULL, NULL), (9e999, 3, 'x'), (x'00', 6, 'TEXT4');"
            "CREATE VIEW seen AS SELECT p FROM t");
}

static sqlite3_int64 last_run(sqlite3 *db)
{
    return sql_test_integer(db, "SELECT max(run) FROM parallel_map_runs");
}

/* `%s` in the query stands for the map, which runs so many times. */
static void same_join(sqlite3 *db, const char *query, const char *plain, const char *map, int runs)
{
    char *expected = sqlite3_mprintf(query, plain), *sql = sqlite3_mprintf(query, map);
    sql_test_run(db, "SELECT count(*) FROM parallel_map('t', '1')");
    sqlite3_int64 before = last_run(db);
    map_test_same(db, expected, sql);
    if (last_run(db) - before != runs)
        fail_msg("%s: %lld runs", sql, (long long)(last_run(db) - before));
    sqlite3_free(expected);
    sqlite3_free(sql);
}

static void as_a_table(void **state)
{
    MapTest *test = *state;
    make_tables(test->db);
    sql_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source=t, map=(id, p, p || '' AS s,"
                 " +p AS e, -id AS minus))");
    static const char plain[] = "(SELECT id, p, p || '' AS s, +p AS e, -id AS minus FROM t)";
    static const char *const queries[] = {
        "SELECT o.rowid, m.id, m.p FROM outside o LEFT JOIN %s m ON m.id = o.n ORDER BY 1, 2",
        "SELECT o.rowid, m.id, m.p FROM outside o LEFT JOIN %s m ON m.p = o.k ORDER BY 1, 2",
        "SELECT o.rowid, m.id, m.p FROM outside o LEFT JOIN %s m ON m.p = o.n ORDER BY 1, 2",
        "SELECT o.rowid, m.id, m.p FROM outside o LEFT JOIN %s m ON m.e = o.k ORDER BY 1, 2",
        "SELECT o.rowid, m.id, m.p FROM outside o LEFT JOIN %s m ON m.e = o.n ORDER BY 1, 2",
        "SELECT o.rowid, m.id, m.p FROM outside o LEFT JOIN %s m ON m.s = o.s ORDER BY 1, 2",
        "SELECT o.rowid, m.id, m.p FROM outside o LEFT JOIN %s m ON o.s = m.s ORDER BY 1, 2",
        "SELECT o.rowid, m.id, m.p FROM outside o LEFT JOIN %s m ON m.minus = -o.n AND m.p > 5 ORDER BY 1, 2",
        "SELECT o.rowid, m.id FROM outside o LEFT JOIN %s m ON m.id = o.n AND m.p = o.k ORDER BY 1, 2",
        "SELECT o.rowid, m.id FROM outside o CROSS JOIN %s m WHERE m.id = o.n ORDER BY 1, 2",
        "SELECT id, p FROM %s WHERE id IN (3, 6, 6.0, '9', 5, NULL) ORDER BY id",
        /* In the order of the source, not in that of the values. */
        "SELECT id, p FROM %s WHERE s IN ('Text5', '12', 'Text13', '3')",
        "SELECT id, p FROM %s WHERE s IN ('Text5', '12', 'Text13') LIMIT 3",
        "SELECT o.rowid, m.id FROM outside o LEFT JOIN %s m ON m.id = o.n LIMIT 3",
    };
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        same_join(test->db, queries[i], plain, "m", 1);
    /* Nothing outside, nothing inside, nothing equal. */
    same_join(test->db, "SELECT m.id FROM (SELECT 1 AS n WHERE 0) o LEFT JOIN %s m ON m.id = o.n", plain, "m",
              0);
    same_join(test->db,
              "SELECT m.id, o.n FROM (SELECT 1 AS n UNION ALL SELECT 2) o LEFT JOIN %s m ON m.id = o.n",
              plain, "m", 1);
    sql_test_run(test->db, "DELETE FROM t");
    same_join(test->db,
              "SELECT m.id, o.n FROM (SELECT 1 AS n UNION ALL SELECT 2) o LEFT JOIN %s m ON m.id = o.n",
              plain, "m", 1);
}

static void as_a_function(void **state)
{
    MapTest *test = *state;
    make_tables(test->db);
    static const char *const queries[] = {
        "SELECT o.rowid, m.key, m.value FROM outside o LEFT JOIN %s m ON m.key = o.n ORDER BY 1, 2",
        "SELECT o.rowid, m.key FROM outside o LEFT JOIN %s m ON m.key = o.n ORDER BY 1, 2",
        "SELECT o.rowid, m.key, m.value FROM outside o LEFT JOIN %s m ON m.value = o.k ORDER BY 1, 2",
        "SELECT key, value FROM %s WHERE key IN (3, 6, 7) ORDER BY key",
        "SELECT key, value FROM %s WHERE value IN ('Text5', 'Text13', '3')",
    };
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        same_join(test->db, queries[i], "(SELECT id AS key, p AS value FROM t)", "parallel_map('t', 'p')", 1);
        /* A view has no rowids: the key is the position. */
        same_join(test->db, queries[i], "(SELECT row_number() OVER () AS key, p AS value FROM seen)",
                  "parallel_map('seen', 'p')", 1);
    }
}

/* A map whose text depends on the row outside is another one for each. */
static void arguments_from_outside(void **state)
{
    MapTest *test = *state;
    make_tables(test->db);
    sql_test_run(test->db, "CREATE TABLE o(n, f); INSERT INTO o VALUES (24, 1), (48, 1), (24, 2), (48, 2)");
    map_test_same(
        test->db, "SELECT n, f, t.p * f FROM o LEFT JOIN t ON t.id = n ORDER BY o.rowid",
        "SELECT n, f, m.value FROM o LEFT JOIN parallel_map('t', 'p * ' || f) m ON m.key = n ORDER BY "
        "o.rowid");
    sql_test_expect(test->db, "SELECT count(*), count(DISTINCT map) FROM parallel_map_runs", "2|2");
}

/* More than is kept: the map runs for each row outside, and by its id for one row each time. */
static void too_much_to_keep(void **state)
{
    MapTest *test = *state;
    static const char plain[] = "(SELECT id, -id AS minus, zeroblob(10000000 + id) AS z FROM t)";
    map_test_run(test->db, "CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3), (4)");
    sql_test_run(test->db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source=t, map=(id, -id AS minus, "
                           "zeroblob(10000000 + id) AS z))");
    same_join(
        test->db,
        "SELECT o.id, m.id, length(m.z) FROM (SELECT id FROM t WHERE id < 4) o LEFT JOIN %s m ON m.minus "
        "= -1 - o.id",
        plain, "m", 1);
    sql_test_expect(test->db, "SELECT rows_in FROM parallel_map_runs ORDER BY run DESC LIMIT 1", "12");
    same_join(test->db,
              "SELECT o.id, m.id, length(m.z) FROM (SELECT id FROM t WHERE id < 4) o LEFT JOIN %s m ON m.id "
              "= o.id + 1",
              plain, "m", 1);
    sql_test_expect(test->db, "SELECT rows_in FROM parallel_map_runs ORDER BY run DESC LIMIT 1", "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(as_a_table),
        MAP_TEST_EACH(as_a_function),
        MAP_TEST_EACH(arguments_from_outside),
        MAP_TEST_EACH(too_much_to_keep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
