/* parallel_query in stages: UNION ALL, and subqueries in FROM that are divided by themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/query_test.h"

static const char make_tables[] =
    "CREATE TABLE sales(id INTEGER PRIMARY KEY, item INT, day INT, p REAL, name TEXT COLLATE NOCASE, code TEXT);"
    "CREATE TABLE items(item INTEGER PRIMARY KEY, category TEXT, price REAL);"
    "CREATE TABLE returns(id INTEGER PRIMARY KEY, item INT, day INT, p REAL);"
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 4000)"
    "INSERT INTO sales SELECT i, i % 100, i % 7, i / 8.0, iif(i % 2, 'N', 'n') || (i % 10), i % 50 FROM n;"
    "INSERT INTO items SELECT DISTINCT item, 'c' || (item % 5), item / 2.0 FROM sales;"
    "INSERT INTO returns SELECT id, item, day, p + 1 FROM sales WHERE id % 3;"
    "CREATE VIEW late AS SELECT id, item, p AS price, name AS label FROM sales WHERE day > 2";

/* What is divided of a SELECT, by a text of its plan, and how often it stands there. */
static const struct {
    const char *select, *text;
    int count;
} selects[] = {
    {"SELECT id, p FROM sales WHERE day = 3 UNION ALL SELECT id, p FROM returns WHERE day = 5 ORDER BY p, 1 DESC",
     "Gather:", 2},
    {"SELECT day AS d, sum(p) FROM sales GROUP BY day UNION ALL SELECT item, sum(p) FROM returns GROUP BY item "
     "UNION ALL SELECT item, price FROM items UNION ALL SELECT 1, 'text' ORDER BY d, 2",
     "Gather Merge:", 2},
    {"SELECT name, count(*) FROM sales GROUP BY name UNION ALL SELECT name, -id FROM sales WHERE id < 30 "
     "ORDER BY 2 DESC, 1 LIMIT 19 OFFSET 4",
     "Gather", 2},
    {"WITH x AS (SELECT item, p FROM sales WHERE day > 3) SELECT count(p), max(item) FROM x UNION ALL SELECT "
     "max(p), min(item) FROM returns",
     "Gather", 2},
    {"SELECT s.day, max(s.p - x.a), count(x.n) FROM sales s CROSS JOIN (SELECT item, avg(p) AS a, count(*) AS n "
     "FROM returns GROUP BY item) AS x ON x.item = s.item GROUP BY s.day ORDER BY 1",
     "Stage pricemap_stage1", 1},
    {"SELECT s.id, x.code FROM sales s CROSS JOIN (SELECT DISTINCT code FROM sales WHERE p > 30) AS x ON x.code = "
     "s.item WHERE s.day = 2 ORDER BY s.id, x.code",
     "Gather", 2},
    {"WITH x AS MATERIALIZED (SELECT item, max(p) AS m FROM returns GROUP BY item) SELECT day, count(m) FROM sales "
     "CROSS JOIN x USING (item) GROUP BY day ORDER BY day",
     "Stage pricemap_stage1", 1},
    {"SELECT x.item, x.n, y.m FROM (SELECT item, count(day) AS n FROM sales GROUP BY item) x LEFT JOIN (SELECT item, "
     "max(p) AS m FROM returns WHERE day = 2 GROUP BY item) y USING (item) ORDER BY 1 LIMIT 9",
     "Gather Merge:", 2},
    {"SELECT sum(p) > (SELECT avg(price) FROM items), day FROM sales GROUP BY day UNION ALL SELECT p > (SELECT "
     "max(price) FROM items), day FROM returns WHERE id < 9 ORDER BY 2, 1",
     "pricemap_stage", 0},
    /* A value beside aggregates is divided where it is that of one row; with common tables, too. */
    {"SELECT day, sum(p) FROM sales GROUP BY day HAVING sum(p) > (SELECT avg(p) * 500 FROM returns WHERE day > 2) ORDER BY 1",
     "exact sum(p)", 2},
    {"WITH x AS (SELECT day, max(p) AS m FROM returns GROUP BY day) SELECT day, count(*) > (SELECT max(m) FROM x), (SELECT m "
     "FROM x WHERE day = 4) FROM sales GROUP BY day ORDER BY EXISTS (SELECT 1 FROM returns WHERE p = 3.5), 1",
     "Gather", 3},
    /* A view and a subquery that take rows of one table are that table in a join, as SQLite sees them, also
       for a subquery that names their columns. */
    {"SELECT i.category, sum(s.price), max(s.label) FROM late AS s JOIN items AS i USING (item) WHERE (SELECT count(*) FROM "
     "returns AS r WHERE r.id = s.id AND s.price > 9) > 0 GROUP BY 1 HAVING count(*) > 2 ORDER BY i.category DESC",
     "Gather Merge: morsels of rowids of sales", 1},
    {"SELECT x.i, late.label, x.c || late.price AS p FROM late CROSS JOIN (SELECT item AS i, category || '' AS c FROM items "
     "WHERE price < 40) AS x ON x.i = late.item LEFT JOIN returns USING (id) WHERE x.c > 'c1' ORDER BY p, late.id LIMIT 50",
     "SEARCH items USING INTEGER PRIMARY KEY", 1},
    /* Each group is one worker's, but a stage's rows come in the order in which its parts are merged. */
    {"SELECT s.id, group_concat(x.p) FROM returns s LEFT JOIN (SELECT DISTINCT item, p FROM sales) x ON x.item = s.item "
     "WHERE s.day = 3 GROUP BY s.id ORDER BY 1",
     "MATERIALIZE x", 1},
    /* What a subquery's columns have of affinities, and have not, stays. */
    {"SELECT s.id FROM sales s CROSS JOIN (SELECT day, count(*) % 7 AS n, max(category) AS c FROM returns JOIN items USING (item) GROUP BY day) x "
     "WHERE x.n = s.code AND x.c >= s.item AND s.p < 70 ORDER BY 1",
     "(+ \"x\".\"n\")", 1},
};

static int times(const char *lines, const char *text)
{
    int count = 0;
    for (const char *at = strstr(lines, text); at; at = strstr(at + 1, text))
        count++;
    return count;
}

static void selects_in_stages(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    for (size_t i = 0; i < sizeof selects / sizeof *selects; i++) {
        char *sql =
            sqlite3_mprintf("SELECT line FROM parallel_query_plan(%Q) WHERE line NOT LIKE '%%SQL:%%' OR "
                            "line LIKE '%%(+%%'",
                            selects[i].select);
        char *lines = sql_test_rows(db, sql);
        int count = times(lines, selects[i].text);
        if (selects[i].count ? count != selects[i].count : !count)
            fail_msg("%s\n  has '%s' %d times in\n%s", selects[i].select, selects[i].text, count, lines);
        sqlite3_free(lines);
        sqlite3_free(sql);
        query_test_expect_divided(test, selects[i].select, "SELECT");
    }
}

static void parameters_of_stages(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(
        db, "CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT count(*), :name AS n FROM sales WHERE "
            "day = :day UNION ALL SELECT max(id), typeof(:day) FROM returns WHERE day > :day LIMIT :most)");
    sql_test_expect(db, "SELECT * FROM q('a', 3, 5)", "572|'a'\n3995|'integer'");
    sql_test_expect(db, "SELECT * FROM q('a', 3, 1)", "572|'a'");
}

/* A stage's rows have a bound; a part's error leads to the plain statement's own. */
static void stages_that_fail(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(
        db,
        "CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT zeroblob(20000) AS z FROM sales UNION ALL "
        "SELECT p FROM returns WHERE id < 5)");
    sql_test_expect(db, "SELECT count(*), sum(length(z)) FROM q", "4003|80000012");
    sql_test_expect(db,
                    "SELECT access, reason LIKE '% take %' FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                    "'whole'|1");
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.r USING parallel_query(SELECT count(p) FROM sales UNION ALL "
                     "SELECT sum(abs(iif(id = 3998, -9223372036854775808, day))) FROM returns)");
    sql_test_expect_error(db, "SELECT * FROM r", SQLITE_ERROR, "integer overflow");
}

/* Conditions around a UNION ALL, which SQLite may move into each of its SELECTs, compare as they do there. */
static void conditions_around_unions(void **state)
{
    static const char *const cases[] = {
        "SELECT q FROM (SELECT id AS q FROM sales UNION ALL SELECT code FROM texts) WHERE q < 5 ORDER BY q",
        "SELECT count(*) FROM (SELECT code AS q FROM texts UNION ALL SELECT id FROM sales) AS x JOIN items ON x.q = "
        "'3' AND items.item = 3",
        "SELECT y.n FROM (SELECT q, count(*) AS n FROM (SELECT id AS q FROM sales UNION ALL SELECT code FROM texts) "
        "GROUP BY q) AS y WHERE y.q < 5 ORDER BY 1",
        "SELECT q FROM (SELECT name AS q FROM sales UNION ALL SELECT category FROM items) WHERE q = 'N1' OR q = 'C2' "
        "ORDER BY q",
    };
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(db, "CREATE TABLE texts(code); INSERT INTO texts SELECT CAST(id AS TEXT) FROM returns");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *why = NULL;
        query_test_compare(test, cases[i], &why);
        sqlite3_free(why);
    }
    query_test_expect_divided(
        test,
        "SELECT q, count(*) FROM (SELECT day AS q FROM sales WHERE p > 3 UNION ALL SELECT day + 1 FROM returns) "
        "GROUP BY q ORDER BY q",
        "SELECT");
    query_test_expect_divided(test,
                              "SELECT count(*) FROM (SELECT day AS q FROM sales UNION ALL SELECT day FROM "
                              "returns) WHERE q > 3",
                              "SELECT");
}

/* The columns of a UNION ALL have values that are not of their affinity. */
static void values_of_other_affinity(void **state)
{
    static const char *const cases[] = {
        "SELECT q, typeof(q), count(*) FROM (SELECT name AS q FROM sales UNION ALL SELECT item FROM items) GROUP BY q ORDER BY q, 2",
        "SELECT min(q) FROM (SELECT name AS q FROM sales UNION ALL SELECT item FROM items)",
        "SELECT q FROM (SELECT category AS q FROM items UNION ALL SELECT item FROM items) UNION ALL SELECT max(id) "
        "FROM sales ORDER BY 1",
        "SELECT max(id), (SELECT q FROM (SELECT category AS q FROM items UNION ALL SELECT item FROM items) WHERE "
        "typeof(q) = 'integer' ORDER BY q LIMIT 1) FROM sales",
        "SELECT DISTINCT typeof(q) FROM (SELECT p AS q FROM sales UNION ALL SELECT item FROM items) ORDER BY 1",
    };
    MapTest *test = *state;
    query_test_open(test, make_tables);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *why = NULL;
        query_test_compare(test, cases[i], &why);
        sqlite3_free(why);
    }
    query_test_expect_divided(test,
                              "SELECT count(*), max(q), min(q) FROM (SELECT p AS q FROM sales UNION ALL "
                              "SELECT -p FROM returns)",
                              "SELECT");
}

/* What is divided of a SELECT whose own loop is not: a text of its plan, and how often it stands there. The
   SELECT itself is computed as it stands. */
static const struct {
    const char *select, *text;
    int count;
} inner_selects[] = {
    /* The values of an IN, by which the outer loop finds its rows. */
    {"SELECT category, count(*), sum(price) FROM items WHERE item IN (SELECT item FROM sales GROUP BY item HAVING sum(p) > "
     "9900) GROUP BY category ORDER BY 1",
     "Gather Merge:", 1},
    {"SELECT item FROM items WHERE category IN (SELECT 'c' || day FROM returns WHERE p > 400) AND item NOT IN (SELECT "
     "max(item) FROM sales GROUP BY day) ORDER BY item",
     "Gather", 2},
    /* A view and a common table that are read twice are computed once. */
    {"SELECT i.category, v.m FROM items i, sums v WHERE i.item = v.item AND v.m = (SELECT max(m) FROM sums) ORDER BY 1",
     "Gather Merge:", 1},
    {"WITH r(no, m) AS (SELECT item, sum(p) FROM sales WHERE day > 1 GROUP BY item) SELECT items.item, m FROM items, r "
     "WHERE item = no AND m = (SELECT max(m) FROM r) ORDER BY item",
     "Gather Merge:", 1},
    {"WITH r AS (SELECT item, count(p) AS n FROM sales GROUP BY item) SELECT (SELECT max(n) FROM r) - (SELECT min(n) FROM "
     "r), category FROM items WHERE item < (SELECT count(*) / 30 FROM r) ORDER BY item",
     "Gather Merge:", 1},
    {"SELECT s FROM (SELECT sum(p) AS s FROM sales) WHERE s > (SELECT 3)", "Gather:", 1},
    /* A value, in a subquery that needs columns of the SELECT around it, too. */
    {"SELECT category, price > (SELECT avg(p) FROM returns WHERE day < 5) FROM items ORDER BY item LIMIT 7",
     "Partial aggregate", 1},
    {"SELECT i.item, (SELECT count(*) FROM items AS o WHERE o.category = i.category AND o.item IN (SELECT item FROM sales "
     "WHERE p > 490)) FROM items i WHERE i.item < 20 ORDER BY 1",
     "Gather:", 1},
    /* Texts that are joined in order are computed as they stand, beside a stage. */
    {"SELECT item, (SELECT group_concat(m) FROM (SELECT item AS m FROM sales WHERE p < 2 ORDER BY p DESC LIMIT 9)) FROM items "
     "WHERE item IN (SELECT max(item) FROM returns GROUP BY day) ORDER BY 1",
     "Gather Merge:", 1},
    /* Two SELECTs around the innermost: both are computed as they stand, at once. */
    {"SELECT category FROM items WHERE item IN (SELECT max(item) FROM items WHERE item IN (SELECT item FROM sales WHERE p < "
     "20 GROUP BY item) GROUP BY category HAVING count(*) > 1) ORDER BY 1",
     "As it stands", 1},
    /* Conditions of the SELECT stay beside those of a subquery that it takes rows of. */
    {"SELECT half FROM (SELECT item, price / 2 AS half FROM items WHERE item < 90) WHERE half > 20 AND +item IN (SELECT item "
     "FROM sales WHERE p > 300 GROUP BY item) ORDER BY half",
     "Gather Merge:", 1},
    /* Affinities of the stage's columns, and their lack of one. */
    {"SELECT item FROM items WHERE item IN (SELECT CAST(max(day) AS TEXT) FROM sales GROUP BY name) ORDER BY 1",
     "Gather Merge:", 1},
    {"SELECT item, category FROM items WHERE category || '' IN (SELECT 'C' || code FROM sales WHERE p < 1 GROUP BY code) OR "
     "item = (SELECT max(code) FROM sales) ORDER BY 1",
     "Gather Merge:", 1},
};

static void selects_around_stages(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(db, "CREATE VIEW sums AS SELECT item, sum(p) AS m FROM returns GROUP BY item");
    for (size_t i = 0; i < sizeof inner_selects / sizeof *inner_selects; i++) {
        const char *select = inner_selects[i].select;
        char *sql = sqlite3_mprintf("SELECT line FROM parallel_query_plan(%Q) WHERE line NOT LIKE '%%SQL:%%'",
                                    select);
        char *lines = sql_test_rows(db, sql);
        if (times(lines, inner_selects[i].text) != inner_selects[i].count || !strstr(lines, "As it stands"))
            fail_msg("%s\n  has '%s' not %d times, or not as it stands, in\n%s", select,
                     inner_selects[i].text, inner_selects[i].count, lines);
        sqlite3_free(lines);
        sqlite3_free(sql);
        query_test_expect_divided(test, select, "SELECT");
    }
}

/* Rows of a stage come in another order than those of the subquery: what depends on that stays whole, and so
   does what would be read by other loops, or is no more than its table. */
static void left_around_stages(void **state)
{
    static const char *const cases[] = {
        "SELECT count(*), group_concat(category) FROM items JOIN (SELECT item, sum(p) AS m FROM sales GROUP BY item) AS x "
        "USING (item) WHERE items.item < 50 AND m > 1",
        "SELECT (SELECT m FROM sums WHERE sums.item % 7 = items.item), sum(m) FROM items JOIN sums USING (item)",
        "SELECT item, (SELECT total(m) FROM sums) FROM items WHERE item < (SELECT avg(m) FROM sums)",
        "SELECT item FROM items WHERE item IN (SELECT day FROM sales)",
        /* A value is that of the first row. */
        "SELECT category FROM items WHERE item = (SELECT code FROM sales WHERE p > 300)",
        "SELECT category FROM items WHERE item = (SELECT max(p) FROM sales WHERE p < 50 GROUP BY day)",
        "SELECT item FROM items WHERE item IN (SELECT day FROM sales WHERE random() > 0)",
        /* The SELECT of an IN, and a UNION, say by which collation they compare, and with which affinity. */
        "SELECT item FROM items WHERE category IN (SELECT day FROM sales WHERE p > 9 UNION ALL SELECT code || '' FROM sales "
        "WHERE p > 9)",
        "SELECT day, max(code) || '' IN (SELECT day FROM returns UNION SELECT code || '' FROM sales) FROM sales GROUP BY day",
        "SELECT item FROM items WHERE item < 9 AND category IN (SELECT 'C' || day COLLATE NOCASE FROM returns WHERE p > 400)",
        "SELECT day, max(code) IN (SELECT name COLLATE NOCASE FROM sales WHERE p > 9) FROM sales GROUP BY day",
        "SELECT count(*) FROM (SELECT 'N' || day FROM sales WHERE p < 90 UNION SELECT name FROM sales WHERE p < 90)",
    };
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(db, "CREATE VIEW sums AS SELECT item, sum(p) AS m FROM returns GROUP BY item");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        query_test_expect_plan(db, cases[i], "Plain: ");
    /* The table that some versions of SQLite make of y has the affinities of its first SELECT. */
    sql_test_run(
        db,
        "CREATE VIRTUAL TABLE temp.affine USING parallel_query(SELECT y.n, count(*) FROM items x JOIN (SELECT item, "
        "item AS n FROM items UNION ALL SELECT item, CAST(item AS TEXT) FROM items) y ON +x.item = "
        "coalesce(y.item, 1) GROUP BY y.n HAVING count(*) < (SELECT avg(p) FROM returns))");
    map_test_same(
        db,
        "SELECT y.n, count(*) FROM items x JOIN (SELECT item, item AS n FROM items UNION ALL SELECT item, CAST(item AS "
        "TEXT) FROM items) y ON +x.item = coalesce(y.item, 1) GROUP BY y.n HAVING count(*) < (SELECT avg(p) FROM "
        "returns)",
        "SELECT * FROM affine");
}

/* What is no UNION ALL, or is sorted by what the stages do not have, stays whole. */
static void left_whole(void **state)
{
    static const char *const cases[][2] = {
        {"SELECT p FROM sales UNION SELECT price FROM items", "Plain: UNION is not split"},
        {"SELECT p FROM sales UNION ALL SELECT price FROM items EXCEPT SELECT 1",
         "Plain: EXCEPT is not split"},
        {"SELECT name, 1 FROM sales UNION ALL SELECT code, 2 FROM sales ORDER BY 1",
         "Plain: the parts of its UNION ALL compare differently"},
        {"SELECT p FROM sales UNION ALL SELECT price FROM items ORDER BY p COLLATE NOCASE",
         "Plain: the ORDER BY of its UNION ALL is not understood"},
        {"SELECT price FROM items UNION ALL SELECT 5", "Plain: its tables are small"},
        {"SELECT p FROM sales UNION ALL SELECT 5 LIMIT (SELECT 3)", "Plain: a subquery around"},
    };
    sqlite3 *db = query_test_open(*state, make_tables);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        query_test_expect_plan(db, cases[i][0], cases[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(selects_in_stages),        MAP_TEST_EACH(parameters_of_stages),
        MAP_TEST_EACH(stages_that_fail),         MAP_TEST(conditions_around_unions),
        MAP_TEST_EACH(values_of_other_affinity), MAP_TEST(left_whole),
        MAP_TEST_EACH(selects_around_stages),    MAP_TEST(left_around_stages),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
