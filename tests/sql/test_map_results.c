/* The promise "same rows": whatever the source, the values, the map and the size of chunks, parallel_map
 * gives what the plain SELECT gives, in value, type and order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/map_test.h"

static void prices_of_the_experiment(void **state)
{
    MapTest *test = *state;
    map_test_prices(test->db);
    assert_int_equal(map_test_value(test, "prices", "rowid", "increase_price(p)"), 20);
    assert_int_equal(map_test_value(test, "prices", "id", "increase_price_crazy(p, 10, 2000)"), 20);
    assert_int_equal(map_test_list(test, "prices", "id, increase_price(p)"), 20);
    assert_int_equal(map_test_list(test, "prices", "id, increase_price_crazy(p, 10, 2000) AS raised"), 20);
    assert_int_equal(map_test_value(test, "(SELECT p FROM prices)", NULL, "increase_price(p, 1000)"), 20);
    sql_test_expect(test->db, "SELECT value FROM parallel_map('prices', 'increase_price(p)') WHERE key = 19",
                    "16678.2");
}

static void random_prices(void **state)
{
    MapTest *test = *state;
    sql_test_run(test->db, "CREATE TABLE prices(id INTEGER PRIMARY KEY, p);"
                           "INSERT INTO prices WITH RECURSIVE n(i, x) AS (VALUES(1, 42) UNION ALL"
                           "    SELECT i + 1, (x * 1103515245 + 12345) & 0x7fffffff FROM n WHERE i < 100000)"
                           "  SELECT i, CASE x % 5 WHEN 0 THEN NULL WHEN 1 THEN x % 100000 ELSE (x % "
                           "10000000) / 97.0 END FROM n");
    assert_int_equal(map_test_value(test, "prices", "rowid", "increase_price(p)"), 100000);
    assert_int_equal(map_test_list(test, "prices", "p, increase_price(p, -7.5) AS raised, id"), 100000);
    assert_int_equal(map_test_value(test, "prices", "rowid", "increase_price_crazy(p, 10, 5)"), 100000);
    assert_int_equal(map_test_list(test, "prices", "increase_price_crazy(p, 2.5, 3), typeof(p), id % 3"),
                     100000);
}

static void a_million_rows(void **state)
{
    MapTest *test = *state;
    int rows = MAP_TEST_SANITIZED ? 100000 : 1000000;
    char *sql =
        sqlite3_mprintf("CREATE TABLE big AS WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
                        " WHERE i < %d) SELECT i * 3 AS a FROM n",
                        rows);
    sql_test_run(test->db, sql);
    sqlite3_free(sql);
    map_test_same(test->db, "SELECT count(*), sum(rowid), sum(a * 2), max(a), total(a / 7.0) FROM big",
                  "SELECT count(*), sum(key), sum(value * 2), max(value), total(value / 7.0)"
                  " FROM parallel_map('big', 'a')");
}

static void row_counts_and_chunk_sizes(void **state)
{
    MapTest *test = *state;
    static const int counts[] = {0, 1, MAP_TEST_WORKERS, MAP_TEST_WORKERS + 1, 100};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        int n = counts[i];
        const int chunks[] = {0, 1, 7, n - 1, n, n + 1, 1000000000};
        map_test_run(test->db,
                     "CREATE TABLE t(a, b);"
                     "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 WHERE %d > 0 UNION ALL"
                     "    SELECT i + 1 FROM n WHERE i < %d)"
                     "  SELECT nullif(i %% 3, 0), CASE i %% 4 WHEN 0 THEN 'text ' || i WHEN 1 THEN i / 3.0"
                     "         WHEN 2 THEN x'00ff' ELSE i END FROM n",
                     n, n);
        for (size_t j = 0; j < sizeof chunks / sizeof *chunks; j++) {
            if (chunks[j] < 0)
                continue;
            map_test_chunk(test->db, chunks[j]);
            assert_int_equal(map_test_value(test, "t", "rowid", "b"), n);
            assert_int_equal(
                map_test_value(test, "(SELECT b, a FROM t ORDER BY a, rowid DESC)", NULL, "a || b"), n);
            assert_int_equal(map_test_list(test, "t", "a, b, a IS NULL, rowid"), n);
        }
        map_test_chunk(test->db, 0);
        sql_test_run(test->db, "DROP TABLE t");
    }
}

static void every_value(void **state)
{
    MapTest *test = *state;
    sql_test_run(
        test->db,
        "CREATE TABLE v(a);"
        "INSERT INTO v VALUES (NULL), (0), (-1), (9223372036854775807), (-9223372036854775808), (0.0), "
        "(-0.0),"
        "  (1e308), (5e-324), (9e999), (-9e999), (0.1), (''), ('text'), (CAST(x'610062' AS TEXT)),"
        "  (CAST(x'00' AS TEXT)), (CAST(x'fffe80c3' AS TEXT)), (CAST(x'c0' AS TEXT)), ('Ünïcödé €'), (x''),"
        "  (zeroblob(1)), (x'00ff00'), (zeroblob(70000)), (CAST(zeroblob(70000) AS TEXT)),"
        "  (printf('%.*c', 3000000, 'x')), (1), (2.0), ('9223372036854775808')");
    static const int chunks[] = {0, 1, 4, 1000};
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        map_test_chunk(test->db, chunks[i]);
        map_test_value(test, "v", "rowid", "a");
        map_test_list(test, "v",
                      "a, typeof(a), length(a), hex(substr(a, 1, 100)), a, CAST(a AS BLOB), a || ''");
        map_test_list(test, "v", "NULL, x'', '', 1.5, 7, zeroblob(5), a IS NULL, quote(substr(a, 1, 9))");
    }
    map_test_list(test, "(SELECT a, -a AS b, a || a AS c FROM v)", "c, b, a");
}

static void hundred_megabytes(void **state)
{
    MapTest *test = *state;
    int size = MAP_TEST_SANITIZED ? 10000000 : 100000000;
    char *sql =
        sqlite3_mprintf("CREATE TABLE b(a); INSERT INTO b VALUES (1), (randomblob(%d)), ('end')", size);
    sql_test_run(test->db, sql);
    sqlite3_free(sql);
    assert_int_equal(map_test_value(test, "b", "rowid", "a"), 3);
}

static void one_encoding(MapTest *test, const char *encoding)
{
    sqlite3 *before = test->db;
    char *path = map_test_path(test, encoding);
    sqlite3 *plain = sql_test_open_plain(path);
    map_test_run(plain, "PRAGMA encoding = %Q; CREATE TABLE t(a TEXT, b COLLATE NOCASE);", encoding);
    sql_test_run(plain,
                 "INSERT INTO t VALUES ('Ünï', 'aB'), ('😀', 'Ab'), ('', ''), ('x' || char(0) || 'y', 'AB'),"
                 " (CAST(x'00d800' AS TEXT), CAST(x'3dd8' AS TEXT)), (NULL, x'0102'), (12, 1.5)");
    sql_test_close(&plain);
    test->db = map_test_open(test, path);
    map_test_value(test, "t", "rowid", "a");
    map_test_list(test, "t",
                  "a, b, hex(a), hex(b), length(a), upper(a) || b, b = 'AB', a < b, CAST(a AS BLOB)");
    map_test_list(test, "(SELECT a || b AS c FROM t)", "c, hex(c), unicode(c), typeof(c)");
    map_test_same(test->db, "SELECT hex(a), hex(a || '€') FROM t",
                  "SELECT hex(value), hex(value || '€') FROM parallel_map('t', 'a')");
    sqlite3_free(path);
    sql_test_close(&test->db);
    test->db = before;
}

static void utf16_databases(void **state)
{
    one_encoding(*state, "UTF-16le");
    one_encoding(*state, "UTF-16be");
    one_encoding(*state, "UTF-8");
}

/* Byte order marks at the front of texts: SQLite takes one off a text in UTF-16 that it is handed. */
static void marks_in(MapTest *test, const char *encoding, int rows, const char *access)
{
    sqlite3 *before = test->db;
    char *path = map_test_path(test, "marks.db");
    test->db = map_test_open(test, path);
    map_test_run(
        test->db,
        "PRAGMA encoding = %Q; CREATE TABLE t(id INTEGER PRIMARY KEY, d BLOB, a TEXT);"
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < %d),"
        " v(i, d) AS (VALUES(0, x'fffe'), (1, x'feff'), (2, x'fffe4100'), (3, x'feff0041'), (4, x'fffefffe'),"
        "  (5, x'fefffffe'), (6, x'fffefeff'), (7, x'4100fffe'), (8, x'efbbbf41'), (9, x''))"
        "INSERT INTO t SELECT n.i, d, CAST(d AS TEXT) FROM n JOIN v ON v.i = n.i %% 10",
        encoding, rows);
    map_test_list(test, "t", "CAST(d AS TEXT) AS x, a, hex(a), length(a), a || 'y', CAST(a AS BLOB) = d");
    sql_test_expect(test->db, "SELECT access FROM parallel_map_runs ORDER BY run DESC LIMIT 1", access);
    map_test_value(test, "(SELECT a, id FROM t)", NULL, "a");
    map_test_list(test, "(SELECT a, d, id FROM t)", "a, hex(a), unicode(a), CAST(d AS TEXT) AS x");
    sql_test_run(test->db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (id, a AS x));"
                           "CREATE VIRTUAL TABLE temp.part USING parallel_map(source = t, partial = 1,"
                           " map = (id % 10 AS k, min(a) AS low, max(a) AS high), group_by = (id % 10));"
                           "CREATE VIRTUAL TABLE temp.given USING parallel_map(source = t,"
                           " map = (id, :p AS x, hex(:p) AS h, a = :p AS same), where = (id < 20));"
                           "CREATE VIRTUAL TABLE temp.fed USING parallel_map(source = (SELECT id, a FROM t"
                           " WHERE a = :p AND id < 50), map = (id, a AS x));"
                           "CREATE VIRTUAL TABLE temp.q USING parallel_query("
                           "SELECT id % 10 AS k, min(a) AS low FROM t GROUP BY id % 10)");
    map_test_same(test->db, "SELECT hex(CAST(a AS BLOB)), typeof(a) FROM t",
                  "SELECT hex(CAST(x AS BLOB)), typeof(x) FROM m");
    map_test_same(
        test->db,
        "SELECT id % 10, hex(CAST(min(a) AS BLOB)), hex(CAST(max(a) AS BLOB)) FROM t GROUP BY 1 ORDER BY 1",
        "SELECT k, hex(CAST(min(low) AS BLOB)), hex(CAST(max(high) AS BLOB)) FROM part GROUP BY k ORDER BY k");
    map_test_same(test->db, "SELECT id % 10, hex(CAST(min(a) AS BLOB)) FROM t GROUP BY 1 ORDER BY 1",
                  "SELECT k, hex(CAST(low AS BLOB)) FROM q ORDER BY k");
    map_test_same(
        test->db,
        "SELECT v.id, t.id, hex(CAST(v.a AS BLOB)), hex(v.a), t.a = v.a FROM t AS v, t WHERE v.id < 10 AND t.id < 20 ORDER BY 1, 2",
        "SELECT v.id, given.id, hex(CAST(x AS BLOB)), h, same FROM t AS v, given(v.a) WHERE v.id < 10 ORDER BY 1, 2");
    map_test_same(
        test->db,
        "SELECT v.id, t.id, hex(CAST(t.a AS BLOB)) FROM t AS v, t WHERE v.id < 10 AND t.a = v.a AND t.id < 50 ORDER BY 1, 2",
        "SELECT v.id, fed.id, hex(CAST(x AS BLOB)) FROM t AS v, fed(v.a) WHERE v.id < 10 ORDER BY 1, 2");
    map_test_same(
        test->db,
        "SELECT v.id, t.id FROM t AS v, t WHERE v.id < 10 AND t.id < 50 AND t.a = v.a ORDER BY 1, 2",
        "SELECT v.id, m.id FROM t AS v, m WHERE v.id < 10 AND m.id < 50 AND m.x = v.a ORDER BY 1, 2");
    sql_test_close(&test->db);
    assert_int_equal(unlink(path), 0);
    sqlite3_free(path);
    test->db = before;
}

static void byte_order_marks(void **state)
{
    static const char *const encodings[] = {"UTF-16le", "UTF-16be", "UTF-8"};
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        marks_in(*state, encodings[i], 60, "'feed'");
        marks_in(*state, encodings[i], 20000, "'partition'");
    }
}

static const char typed_schema[] =
    "CREATE TABLE typed(i INTEGER, r REAL, t TEXT, n NUMERIC, b BLOB, x, nc TEXT COLLATE NOCASE, rt COLLATE "
    "RTRIM,"
    "                   d DATE, g AS (t || '1'), h INT AS (i + 1) STORED);"
    "INSERT INTO typed(i, r, t, n, b, x, nc, rt, d) VALUES"
    "  (1, 1, 1, 1, 1, 1, 1, 1, 1), ('10', '10', '10', '10', '10', '10', 'abc', 'abc  ', '10'),"
    "  ('a', 'b', 'C', 'd', 'e', 'f', 'ABC', 'ABC', '2020-01-02'), (2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 'x', 'x ', "
    "2.5),"
    "  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (x'31', x'31', x'31', x'31', x'31', x'31', "
    "x'31', x'31', 0);"
    "CREATE TABLE keyed(t TEXT COLLATE NOCASE, i INT, PRIMARY KEY(t, i)) WITHOUT ROWID;"
    "INSERT INTO keyed VALUES ('b', 2), ('A', 10), ('a', 9), ('C', 1);"
    "CREATE VIEW looked AS SELECT i AS i, t, nc, r + 1 AS r1, CAST(x AS TEXT) AS ct FROM typed;"
    "CREATE VIEW nested AS SELECT r, t, r + 1 AS r1 FROM typed;"
    "CREATE VIEW merged AS SELECT nc AS m, i FROM typed UNION ALL SELECT t, i FROM keyed;"
    "CREATE VIEW joined AS SELECT typed.i AS a, keyed.t AS b FROM typed LEFT JOIN keyed ON keyed.i = "
    "typed.i;";

/* Affinity and collation of a source's columns hold inside the map. */
static void affinity_and_collation(void **state)
{
    MapTest *test = *state;
    static const char *const cases[][2] = {
        {"typed", "i = '10', r = '10', t = 10, n = '10', b = '10', x = '10', x = 10, d = '10', h > '2'"},
        {"typed", "i < t, t < i, r < t, n < x, b < i, x < t, d < i, g = 11, i || '', r || ''"},
        {"typed", "nc = 'ABC', nc = 'Abc ', rt = 'abc', rt = 'ABC', nc = rt, rt = nc, nc < 'abd', max(nc, "
                  "'ABD'), t = 'c'"},
        {"typed",
         "nc IN ('ABC', 'X'), i IN ('1', '10'), t IN (1, 10), i BETWEEN '1' AND '9', nullif(nc, 'aBc')"},
        {"typed", "CASE nc WHEN 'ABC' THEN 1 END, nc LIKE 'a%', nc GLOB 'a*', +i = '10', +nc = 'ABC', nc "
                  "COLLATE BINARY = 'ABC'"},
        {"typed", "typed.i, rowid, typed.rowid, _rowid_, oid, \"i\", [t], `nc`"},
        {"keyed", "t = 'A', i = '9', t, i, t < 'B'"},
        {"looked", "i = '10', t = 10, nc = 'ABC', r1 = '2', ct = 10, ct < 2, nc"},
        {"merged", "m = 'ABC', i = '10', m, typeof(m)"},
        {"joined", "a = '1', b = 'A', b IS NULL"},
        {"(SELECT i, nc FROM typed WHERE nc = 'abc')", "nc = 'ABC', i = '10'"},
        {"(SELECT i, nc FROM typed ORDER BY nc DESC LIMIT 3)", "nc = 'ABC', i = '10', source.i"},
        {"(SELECT CAST(x AS INTEGER) AS ci, CAST(x AS TEXT) AS ct, CAST(x AS REAL) AS cr, CAST(x AS NUMERIC) "
         "AS cn,"
         " CAST(x AS BLOB) AS cb, +i AS pi, x || '' AS e, nc COLLATE BINARY AS cc, t COLLATE NOCASE AS tc "
         "FROM typed)",
         "ci = '10', ct = 10, cr = '10', cn = '10', cb = '10', pi = '10', e = 10, cc = 'ABC', tc = 'c'"},
        {"(SELECT max(nc) AS m, count(*) AS c FROM typed GROUP BY i)", "m = 'ABC', c = '1'"},
        {"(SELECT DISTINCT nc, i FROM typed)", "nc = 'ABC', i = '10'"},
        {"(SELECT i, t FROM typed UNION SELECT i, nc FROM typed)", "t = 'ABC', i = '10'"},
        {"(WITH w AS (SELECT nc, i FROM typed) SELECT * FROM w)", "nc = 'ABC', i = '10'"},
        {"(WITH w(a) AS MATERIALIZED (SELECT nc FROM typed) SELECT * FROM w)", "a = 'ABC'"},
        {"(VALUES (1, 'a'), ('1', 'B'))", "column1 = '1', column2 = 'b', column1"},
        {"(SELECT (SELECT nc FROM typed LIMIT 1) AS s, 5 AS five, 'x' AS lit FROM keyed)",
         "s = 'X', five = '5', lit = 'X'"},
        {"(SELECT row_number() OVER (ORDER BY i) AS w, nc FROM typed)", "w = '1', nc = 'ABC'"},
        {"(SELECT value, key FROM json_each('[1,\"10\",\"a\"]'))", "value = '10', key = '1'"},
        /* Against an expression a column's affinity decides; against another column of no type it does not.
         */
        {"(SELECT t, count(*) AS n, b FROM typed GROUP BY t)",
         "n < t, n = t, t > n, n < b, n < nullif(t, 1)"},
        {"(SELECT t, i + 1 AS e, 10 AS ten, x FROM typed)",
         "e < t, ten < t, ten = t, e = x, ten < e, t < ten"},
        /* What is nested sees the affinities of a table's columns and a view's, and not a subquery's. */
        {"typed", "typeof((SELECT max(a.y) FROM (SELECT r AS y UNION ALL SELECT -2) AS a))"},
        {"nested", "typeof((SELECT max(a.y) FROM (SELECT r AS y UNION ALL SELECT -2) AS a)), r1, r1 < t"},
        {"(SELECT r FROM typed)", "typeof((SELECT max(a.y) FROM (SELECT r AS y UNION ALL SELECT -2) AS a))"},
        {"(SELECT r, r + 1 AS r1 FROM typed)",
         "typeof((SELECT max(a.y) FROM (SELECT r AS y UNION ALL SELECT -2) AS a)), r1"},
    };
    sql_test_run(test->db, typed_schema);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        map_test_list(test, cases[i][0], cases[i][1]);
}

/* The query around a map sees its columns as it would see those of a subquery. */
static void affinity_and_collation_of_the_result(void **state)
{
    MapTest *test = *state;
    sql_test_run(test->db, typed_schema);
    map_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = typed, map = (i, t AS u, nc, rt,"
                 "  r + 1 AS r1, CAST(x AS INT) AS ci, nc || '' AS e, d))");
    sql_test_run(test->db,
                 "CREATE TEMP VIEW o AS SELECT i, t AS u, nc, rt, r + 1 AS r1, CAST(x AS INT) AS ci,"
                 "  nc || '' AS e, d FROM main.typed");
    static const char *const queries[] = {
        "SELECT * FROM %s WHERE nc = 'ABC'",
        "SELECT * FROM %s WHERE i = '10'",
        "SELECT * FROM %s WHERE u = 10",
        "SELECT * FROM %s WHERE rt = 'abc'",
        "SELECT * FROM %s WHERE ci = '10'",
        "SELECT * FROM %s WHERE e = 'ABC'",
        "SELECT * FROM %s WHERE r1 < '3'",
        "SELECT DISTINCT nc FROM %s ORDER BY 1",
        "SELECT nc, count(*) FROM %s GROUP BY nc",
        "SELECT * FROM %s ORDER BY u DESC, nc",
        "SELECT i < u, u < i, nc = rt, d < u FROM %s",
        "SELECT a.i, b.i FROM %s AS a, %s AS b WHERE a.nc = b.nc ORDER BY 1, 2",
    };
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        char *expected = sqlite3_mprintf(queries[i], "o", "o"), *sql = sqlite3_mprintf(queries[i], "m", "m");
        map_test_same(test->db, expected, sql);
        sqlite3_free(expected);
        sqlite3_free(sql);
    }
}

/* The arguments of a call are its hidden columns. */
static void arguments_as_columns(void **state)
{
    MapTest *test = *state;
    map_test_prices(test->db);
    sql_test_expect(test->db,
                    "SELECT DISTINCT source, map, executor, workers, chunk FROM parallel_map('prices', 'p', "
                    "'threads', 2, 7)",
                    "'prices'|'p'|'threads'|2|7");
    sql_test_expect(test->db,
                    "SELECT DISTINCT source, map, executor, workers, chunk FROM parallel_map('prices', 'p', "
                    "NULL, NULL, 9)",
                    "'prices'|'p'|NULL|NULL|9");
    sql_test_expect(test->db, "SELECT DISTINCT executor, workers, chunk FROM parallel_map('prices', 'p')",
                    "NULL|NULL|NULL");
    sql_test_expect(test->db,
                    "SELECT count(*) FROM parallel_map WHERE source = 'prices' AND map = 'p' AND workers = 2 "
                    "AND value > 42",
                    "18");
    /* An argument that another table gives. */
    sql_test_expect(
        test->db,
        "SELECT count(*), sum(chunk) FROM (VALUES (1), (2)) AS c, parallel_map('prices', 'p', 'serial', 1, "
        "c.column1)",
        "40|60");
}

static void names_of_columns(void **state)
{
    MapTest *test = *state;
    sql_test_run(
        test->db,
        "CREATE TABLE \"a \"\"table\"\"\"(\"a \"\"b\"\"\", \"select\", [x y], \"\", \"'\", é, rowid);"
        "INSERT INTO \"a \"\"table\"\"\" VALUES (1, 2, 3, 4, 5, 6, 7);"
        "CREATE TABLE hidden(_rowid_, oid, rowid); INSERT INTO hidden VALUES (7, 8, 9);");
    const char *name = "\"a \"\"table\"\"\"";
    map_test_list(test, name, "*");
    map_test_list(test, name, "\"a \"\"b\"\"\", \"select\", [x y], \"'\", é, rowid, _rowid_");
    map_test_list(test, name, "1 + 1, 'a''b', \"select\" || 2, 3 AS \"\"\"\", 4 AS [b ]");
    map_test_list(test, name, "rowid, rowid, rowid AS ROWID, 1, 1");
    map_test_list(test, "hidden", "*, rowid, oid, _rowid_");
    map_test_list(test, "(SELECT 1 AS a, 2 AS a, 3 AS A, 4, 4)", "*");
    map_test_value(test, name, "_rowid_", "\"select\" + [x y]");
    map_test_value(test, "hidden", NULL, "rowid");
}

static void sources_without_columns_in_the_map(void **state)
{
    MapTest *test = *state;
    map_test_prices(test->db);
    assert_int_equal(map_test_list(test, "prices", "1"), 20);
    assert_int_equal(map_test_list(test, "prices", "'x', NULL, 2.5 -- a comment"), 20);
    assert_int_equal(map_test_value(test, "(SELECT 1 FROM prices)", NULL, "7 /* so */"), 20);
    sql_test_expect(test->db, "SELECT count(*) FROM parallel_map('prices', 'NULL')", "20");
    assert_int_equal(map_test_list(test, "prices", "rowid"), 20);
}

/* What a map may name beside functions: table-valued JSON, common table expressions, subqueries over its own
 * row. */
static void subqueries_in_the_map(void **state)
{
    MapTest *test = *state;
    sql_test_run(
        test->db,
        "CREATE TABLE j(a, p); INSERT INTO j VALUES ('[1,2,3]', 1), ('{\"x\":[4,5]}', 2), ('[]', 3)");
    static const char *const maps[] = {
        "(SELECT sum(value) FROM json_each(a))",
        "(SELECT count(*) FROM json_each(a))",
        "(SELECT group_concat(fullkey || type) FROM json_tree(a))",
        "(SELECT max(value + p) FROM json_each(j.a) WHERE value > p)",
        "p IN (SELECT value FROM json_each(a))",
        "EXISTS (SELECT 1 FROM json_each(a) AS e, json_tree(a) AS t WHERE e.value = t.atom)",
        "(WITH c(x) AS (VALUES (1), (2)) SELECT count(*) FROM c)",
        ("(WITH RECURSIVE c(x) AS (SELECT p UNION ALL SELECT x * 2 FROM c WHERE x < 100)"
         " SELECT max(x) FROM c)"),
        "(SELECT p + 1)",
        "(SELECT s.v FROM (SELECT p * 2 AS v) AS s)",
        "(SELECT count(*) FROM (SELECT 1 UNION ALL SELECT p))",
        "(SELECT row_count FROM (SELECT count(*) AS row_count FROM (VALUES (p), (2))))",
    };
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        map_test_value(test, "j", "rowid", maps[i]);
}

static void where_drops_rows(void **state)
{
    MapTest *test = *state;
    sql_test_run(test->db, typed_schema);
    static const char *const conditions[] = {
        "i = '10'",
        "t = 10",
        "nc = 'ABC'",
        "rt = 'abc' OR i IS NULL",
        "typeof(x) = 'blob'",
        "b > 2",
        "0",
        "1",
        "NULL",
        "rowid % 2",
        "x",
        "nc LIKE 'a%' -- comment",
        "(SELECT i > 1)",
        "i IN (1, 10) AND 1",
    };
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        map_test_run(test->db,
                     "CREATE VIRTUAL TABLE temp.w USING parallel_map(source = typed,"
                     " map = (rowid AS id, nc, b), where = (%s\n), chunk = 2)",
                     conditions[i]);
        char *expected = sqlite3_mprintf("SELECT rowid AS id, nc, b FROM typed WHERE (%s\n)", conditions[i]);
        map_test_same(test->db, expected, "SELECT * FROM w");
        sqlite3_free(expected);
        sql_test_run(test->db, "DROP TABLE w");
    }
}

static void partial_aggregates(void **state)
{
    MapTest *test = *state;
    sql_test_run(test->db, "CREATE TABLE s(k TEXT COLLATE NOCASE, v); INSERT INTO s"
                           " WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
                           " SELECT char(65 + i % 7 + 32 * (i % 2)), i FROM n");
    sql_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.whole USING parallel_map(source = s, partial = 1, chunk = 33,"
                 " map = (sum(v) AS s, count(*) AS n, min(v) AS low, max(lower(k)) AS high))");
    map_test_same(test->db, "SELECT sum(v), count(*), min(v), max(lower(k)) FROM s",
                  "SELECT sum(s), sum(n), min(low), max(high) FROM whole");
    sql_test_expect(test->db, "SELECT count(*) FROM whole", "31");
    sql_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.groups USING parallel_map(source = s, partial = 1, chunk = 33,"
                 " map = (k, sum(v) AS s, count(*) AS n), group_by = (k), where = (v > 100))");
    map_test_same(test->db, "SELECT lower(k), sum(v), count(*) FROM s WHERE v > 100 GROUP BY lower(k)",
                  "SELECT lower(k), sum(s), sum(n) FROM groups GROUP BY lower(k)");
    sql_test_run(test->db, "DELETE FROM s");
    sql_test_expect(test->db, "SELECT sum(s), count(*) FROM whole", "NULL|0");
}

static void any_order(void **state)
{
    MapTest *test = *state;
    map_test_prices(test->db);
    sql_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.u USING parallel_map(source = prices, chunk = 1, ordered = 0,"
                 " map = (id, increase_price_crazy(p, 10, 50000 * (20 - id)) AS r))");
    map_test_same(test->db,
                  "SELECT id, increase_price_crazy(p, 10, 50000 * (20 - id)) FROM prices ORDER BY id",
                  "SELECT * FROM u ORDER BY id");
    sql_test_expect(test->db, "SELECT count(*) FROM (SELECT * FROM u LIMIT 3)", "3");
}

static void one_instant(void **state)
{
    MapTest *test = *state;
    map_test_prices(test->db);
    map_test_chunk(test->db, 1);
    sql_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.w USING parallel_map(source = prices, map = (strftime('%f %J', "
                 "'now') AS now,"
                 " increase_price_crazy(p, 10, 100000), CURRENT_TIMESTAMP AS stamp, julianday() AS day))");
    sql_test_expect(test->db,
                    "SELECT count(DISTINCT now), count(DISTINCT stamp), count(DISTINCT day), count(*) FROM w",
                    "1|1|1|20");
    sql_test_expect(test->db, "SELECT abs(julianday('now') - max(day)) < 0.01 FROM w", "1");
}

static void wide_and_long(void **state)
{
    MapTest *test = *state;
    sqlite3_str *columns = sqlite3_str_new(NULL), *values = sqlite3_str_new(NULL);
    for (int i = 0; i < 1999; i++) {
        sqlite3_str_appendf(columns, "%sc%d", i ? ", " : "", i);
        sqlite3_str_appendf(values, "%s%d", i ? ", " : "", i);
    }
    char *names = sqlite3_str_finish(columns), *row = sqlite3_str_finish(values);
    map_test_run(test->db, "CREATE TABLE wide(%s); INSERT INTO wide VALUES (%s), (%s)", names, row, row);
    map_test_list(test, "wide", "*");
    map_test_list(test, "wide", names);
    map_test_value(test, "(SELECT * FROM wide)", NULL, "c0 + c1998");
    /* Many small columns made of none: the output is larger than any input. */
    sql_test_run(test->db,
                 "CREATE TABLE many AS WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
                 " WHERE i < 20000) SELECT i FROM n");
    map_test_chunk(test->db, 1000000000);
    map_test_list(test, "many",
                  "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30");
    map_test_list(test, "many", "i, printf('%.*c', i % 2000, 'y')");
    sqlite3_free(names);
    sqlite3_free(row);
}

/* A source with as many columns as SQLite allows, which has no rowid. */
static void as_many_columns_as_there_may_be(void **state)
{
    MapTest *test = *state;
    sqlite3_str *list = sqlite3_str_new(test->db);
    int columns = sqlite3_limit(test->db, SQLITE_LIMIT_COLUMN, -1);
    for (int i = 1; i <= columns; i++)
        sqlite3_str_appendf(list, "%si + %d AS c%d", i > 1 ? ", " : "", i, i);
    char *selection = sqlite3_str_finish(list);
    char *source = sqlite3_mprintf("(SELECT %s FROM n)", selection);
    char *last = sqlite3_mprintf("c1 || ' ' || c%d", columns);
    map_test_run(test->db,
                 "CREATE TABLE n(i); INSERT INTO n VALUES(1), (2), (3); CREATE VIEW v AS SELECT %s FROM n",
                 selection);
    assert_int_equal(map_test_value(test, source, NULL, last), 3);
    assert_int_equal(map_test_value(test, "v", NULL, last), 3);
    map_test_list(test, source, "*");
    sqlite3_free(selection);
    sqlite3_free(source);
    sqlite3_free(last);
}

/* The zone that is in effect in the host now, in workers that were started in another one too. */
static void time_zone_of_the_host(void **state)
{
    static const struct {
        const char *zone; /* NULL: none */
        bool in_effect;   /* set in the C library as well */
        bool unseen;      /* no worker has a task meanwhile */
    } changes[] = {{"UTC", true, false},      {"EST5EDT,M3.2.0,M11.1.0", true, false},
                   {"JST-9", false, false},   {NULL, true, false},
                   {"UTC-3", true, false},    {"UTC", false, false},
                   {"IST-5:30", true, false}, {"UTC-7", true, true},
                   {"UTC-2", false, false}};
    MapTest *test = *state;
    char *usual = getenv("TZ") ? strdup(getenv("TZ")) : NULL;
    map_test_run(test->db,
                 "CREATE TABLE n(d); INSERT INTO n WITH RECURSIVE c(i) AS (VALUES(0) UNION ALL SELECT "
                 "i + 1 FROM c WHERE i < 2999) SELECT datetime('2024-07-01', i || ' hours') FROM c");
    map_test_chunk(test->db, 100);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        if (changes[i].zone)
            setenv("TZ", changes[i].zone, 1);
        else
            unsetenv("TZ");
        if (changes[i].in_effect)
            tzset();
        if (changes[i].unseen) {
            map_test_run(test->db, "SELECT count(value) FROM parallel_map('n', 'datetime(d, ''localtime'')', "
                                   "'serial')");
            continue;
        }
        map_test_value(test, "n", "rowid", "datetime(d, 'localtime')");
        map_test_value(test, "n", "rowid", "datetime(d, 'utc') || increase_price_crazy(1, 0, 1000)");
    }
    if (usual)
        setenv("TZ", usual, 1);
    else
        unsetenv("TZ");
    tzset();
    free(usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(prices_of_the_experiment),
        MAP_TEST_EACH(random_prices),
        MAP_TEST_EACH(a_million_rows),
        MAP_TEST_EACH(row_counts_and_chunk_sizes),
        MAP_TEST_EACH(every_value),
        MAP_TEST_EACH(hundred_megabytes),
        MAP_TEST_EACH(utf16_databases),
        MAP_TEST_EACH(byte_order_marks),
        MAP_TEST_EACH(affinity_and_collation),
        MAP_TEST_EACH(affinity_and_collation_of_the_result),
        MAP_TEST_EACH(arguments_as_columns),
        MAP_TEST_EACH(names_of_columns),
        MAP_TEST_EACH(sources_without_columns_in_the_map),
        MAP_TEST_EACH(subqueries_in_the_map),
        MAP_TEST_EACH(where_drops_rows),
        MAP_TEST_EACH(partial_aggregates),
        MAP_TEST_EACH(any_order),
        MAP_TEST_EACH(one_instant),
        MAP_TEST_EACH(wide_and_long),
        MAP_TEST_EACH(as_many_columns_as_there_may_be),
        MAP_TEST_EACH(time_zone_of_the_host),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
