/*
 * Aggregates that depend on the order of rows or on which values are equal, divided among workers: the rows
 * of the plain SELECT to the last byte, or the reason why it is left whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/sql_test.h"

typedef struct AggregatesTest {
    sqlite3 *db;
    char path[64];
} AggregatesTest;

/* Ties of all kinds in `v`: integers and reals that are equal, texts that NOCASE takes for equal, blobs,
   NULL; `late` is NULL in all rows but the last ones, `day` 12 has no other. */
static const char make_tables[] =
    "CREATE TABLE sales(id INTEGER PRIMARY KEY, item INT, day INT, p REAL, name TEXT COLLATE NOCASE, v, late,"
    " zero);"
    "CREATE TABLE items(item INTEGER PRIMARY KEY, category TEXT, price REAL);"
    "CREATE TABLE strict(id INTEGER PRIMARY KEY, a ANY) STRICT;"
    "CREATE INDEX by_item ON sales(item);"
    "CREATE TABLE ordered(f INT, g); CREATE INDEX by_two ON ordered(f, g);"
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 6000)"
    "INSERT INTO sales SELECT i, nullif(i * 7 % 101, 50), i % 13, i % 50 / 2.0,"
    " iif(i * 7 % 11 < 5, 'N', 'n') || (i % 10),"
    " CASE i * 5 % 7 WHEN 0 THEN i % 5 WHEN 1 THEN (i % 5) * 1.0 WHEN 2 THEN 't' || (i % 3) WHEN 3 THEN NULL"
    "  WHEN 4 THEN 'T' || (i % 3) WHEN 5 THEN CAST('t1' AS BLOB) ELSE '7' END,"
    " iif(i > 5900 AND i % 13 < 12, i % 4, NULL), iif(i % 2, 0.0, -0.0) FROM n;"
    "WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
    "INSERT INTO items SELECT i, 'c' || (i % 7), i / 4.0 FROM n;"
    "INSERT INTO ordered SELECT item % 13, 100 - item FROM items;"
    "INSERT INTO strict SELECT id, iif(id % 2, id % 3, (id % 3) * 1.0) FROM sales;";

static int make_database(void **state)
{
    AggregatesTest *test = calloc(1, sizeof *test);
    assert_non_null(test);
    sqlite3_snprintf(sizeof test->path, test->path, "/tmp/pricemap-aggregates-%d.db", (int)getpid());
    unlink(test->path);
    test->db = sql_test_open_file(test->path);
    sql_test_run(test->db, make_tables);
    *state = test;
    return 0;
}

static int remove_database(void **state)
{
    AggregatesTest *test = *state;
    sql_test_close(&test->db);
    unlink(test->path);
    free(test);
    return 0;
}

/* The query has to give the rows of the SELECT in the same order, and to be divided, or left whole for the
   reason. */
static void expect_same(sqlite3 *db, const char *select, const char *executor, const char *reason)
{
    char *sql = sqlite3_mprintf("CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (%s), %s)", select,
                                executor);
    sql_test_run(db, "DROP TABLE IF EXISTS temp.q");
    sql_test_run(db, sql);
    sqlite3_free(sql);
    char *plain = sql_test_rows(db, select), *rows = sql_test_rows(db, "SELECT * FROM q");
    if (strcmp(plain, rows) != 0)
        fail_msg("%s\n  gives\n%.2000s\n  and by workers\n%.2000s", select, plain, rows);
    sqlite3_free(plain);
    sqlite3_free(rows);
    char *run =
        sql_test_rows(db, "SELECT access || ': ' || reason FROM parallel_map_runs ORDER BY run DESC LIMIT 1");
    sql = reason ? sqlite3_mprintf("'whole: run whole: %s'", reason) : sqlite3_mprintf("'partition: ");
    if (strncmp(run, sql, strlen(sql)) != 0)
        fail_msg("%s\n  was run so: %s, not %s", select, run, sql);
    sqlite3_free(sql);
    sqlite3_free(run);
    sql_test_run(db, "DROP TABLE q");
}

typedef struct AggregateCase {
    /* NULL: it is divided. */
    const char *reason;
    const char *select;
} AggregateCase;

static void expect_cases(void **state, const AggregateCase *cases, size_t count)
{
    static const char *const executors[] = {"executor = serial", "executor = threads, workers = 3",
                                            "executor = processes, workers = 2"};
    const AggregatesTest *test = *state;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sizeof executors / sizeof *executors; j++)
            expect_same(test->db, cases[i].select, executors[j], cases[i].reason);
}

#define EXPECT_CASES(state, cases) expect_cases(state, cases, sizeof(cases) / sizeof *(cases))

static const char by_order[] = "group_concat depends on the order of the rows";

static void texts_are_joined_in_order(void **state)
{
    static const AggregateCase cases[] = {
        {NULL, "SELECT day, group_concat(v), group_concat(name, '; '), count(*) FROM sales GROUP BY day"},
        {NULL, "SELECT group_concat(id) FROM sales WHERE day"},
        {NULL, "SELECT group_concat(name, NULL), group_concat('', ''), group_concat(NULL) FROM sales"},
        {NULL,
         "SELECT day, group_concat(p) FILTER (WHERE item > 90) FROM sales GROUP BY day ORDER BY day DESC"},
        {NULL, "SELECT group_concat(p) FILTER (WHERE item > 900), group_concat(v, x'00ff') FROM sales"},
        {NULL,
         "SELECT name, group_concat(id) AS ids FROM sales GROUP BY name HAVING ids > '3' ORDER BY ids LIMIT 4"},
        {NULL, "SELECT group_concat(p) FROM sales WHERE item = 3"},
        {NULL, "SELECT group_concat(p) FROM sales WHERE id > 300 AND id < 5000"},
        {NULL,
         "SELECT sales.day, group_concat(items.category) FROM sales CROSS JOIN items USING (item) GROUP BY 1"},
        {NULL,
         "SELECT day, group_concat(category || name) FROM sales LEFT JOIN items ON items.item = sales.day "
         "GROUP BY day"},
        {NULL, "SELECT day, group_concat(b) FROM (SELECT day, v AS b FROM sales WHERE p > 3) GROUP BY day"},
        {by_order, "SELECT item, group_concat(id) FROM sales GROUP BY item"},
        {by_order, "SELECT group_concat(p) FROM sales WHERE item IN (3, 1, 2)"},
        {by_order, "SELECT group_concat(p) FROM sales WHERE item = 3 OR item = 2"},
        {by_order, "SELECT group_concat(p), count(DISTINCT name) FROM sales"},
        {NULL, "SELECT count(*), group_concat(id) FROM items CROSS JOIN sales WHERE sales.day < items.item"},
        {"the separator of group_concat is no constant", "SELECT group_concat(p, name) FROM sales"},
    };
    EXPECT_CASES(state, cases);
}

static void json_is_joined_in_order(void **state)
{
    static const AggregateCase cases[] = {
        {NULL, "SELECT day, json_group_array(p), json_group_object(name, id) FROM sales GROUP BY day"},
        {NULL, "SELECT json_group_array(json_object('a', item, 'b', json_array(name))) FROM sales WHERE day"},
        {NULL,
         "SELECT json_group_array(late), json_group_object(id, late), json_group_array(zero) FROM sales"},
        {NULL,
         "SELECT json_group_array(id) FILTER (WHERE day > 100), json_group_object(id, p) FILTER (WHERE p < 0) "
         "FROM sales"},
        {NULL, "SELECT day, json_group_array(name) FILTER (WHERE id > 5500) AS names FROM sales GROUP BY day "
               "HAVING names > '[' ORDER BY names DESC"},
        /* A text that is made of parts is known to be JSON. */
        {NULL,
         "SELECT json_array(j), json_type(j) FROM (SELECT day, json_group_array(p) AS j FROM sales GROUP BY day)"},
        {"json_array over aggregates is not split", "SELECT json_array(json_group_array(p)) FROM sales"},
        {"json_group_array depends on the order of the rows",
         "SELECT item, json_group_array(p) FROM sales GROUP BY item"},
        {"json_group_array(DISTINCT …) is not split", "SELECT json_group_array(DISTINCT p) FROM sales"},
    };
    EXPECT_CASES(state, cases);
}

/* Values that are equal count once: 1 and 1.0, texts by the collation, 0.0 and -0.0, not '7' and 7 nor a text
   and a blob; which of them is taken is the first one of the plain query. */
static void distinct_values(void **state)
{
    static const AggregateCase cases[] = {
        {NULL,
         "SELECT sum(DISTINCT item), avg(DISTINCT day), total(DISTINCT p), count(DISTINCT name), sum(p), "
         "count(*), max(p), min(name COLLATE BINARY) FROM sales"},
        {NULL, "SELECT day, sum(DISTINCT p) FROM sales GROUP BY day HAVING sum(DISTINCT p) > 3 ORDER BY "
               "avg(DISTINCT item) DESC"},
        {NULL,
         "SELECT count(DISTINCT v), sum(DISTINCT v), total(DISTINCT v), group_concat(DISTINCT v) FROM sales"},
        {NULL,
         "SELECT day, group_concat(DISTINCT v), group_concat(DISTINCT name), sum(DISTINCT v), max(p), min(p) "
         "FROM sales GROUP BY day"},
        {NULL, "SELECT group_concat(DISTINCT name), group_concat(DISTINCT name COLLATE BINARY), "
               "count(DISTINCT name COLLATE BINARY), count(DISTINCT v COLLATE NOCASE) FROM sales"},
        {NULL,
         "SELECT sum(DISTINCT v) FILTER (WHERE id > 3000), group_concat(DISTINCT v) FILTER (WHERE p > 7), "
         "count(DISTINCT v) FILTER (WHERE v > 2), avg(DISTINCT p) FILTER (WHERE day) FROM sales"},
        {NULL, "SELECT sum(DISTINCT a), group_concat(DISTINCT a) FROM strict"},
        {NULL, "SELECT sum(DISTINCT zero), group_concat(DISTINCT zero), count(DISTINCT zero) FROM sales"},
        {NULL,
         "SELECT sum(DISTINCT late), total(DISTINCT late), avg(DISTINCT late), group_concat(DISTINCT late), "
         "count(DISTINCT late) FROM sales WHERE id < 3000"},
        {NULL,
         "SELECT category, sum(DISTINCT price), count(DISTINCT sales.name) FROM sales CROSS JOIN items USING "
         "(item) GROUP BY category ORDER BY 1"},
        {NULL, "SELECT sum(DISTINCT id) + sum(DISTINCT b) FROM (SELECT id, day AS b FROM sales WHERE p > 3)"},
        /* Over joins, too, where all loops walk by rowids. */
        {NULL, "SELECT sum(DISTINCT v) FROM sales CROSS JOIN items USING (item)"},
        {NULL, "SELECT sum(DISTINCT a) FROM strict CROSS JOIN items ON items.item = strict.id"},
        {NULL,
         "SELECT category, group_concat(DISTINCT name), group_concat(DISTINCT v), avg(DISTINCT zero), sum(DISTINCT "
         "late) FROM sales CROSS JOIN items USING (item) GROUP BY category"},
        {NULL,
         "SELECT day, group_concat(DISTINCT category), sum(DISTINCT a) FROM sales CROSS JOIN items ON items.item < "
         "sales.day LEFT JOIN strict ON strict.id = items.item - 3 WHERE sales.id < 2500 GROUP BY day"},
        {NULL,
         "SELECT s.day, group_concat(DISTINCT o.name), sum(DISTINCT o.v), total(DISTINCT s.v) FROM sales s CROSS JOIN "
         "sales o ON o.item = s.day WHERE s.id < 300 GROUP BY s.day"},
        {"group_concat(DISTINCT …) depends on the order of the rows",
         "SELECT s.day, group_concat(DISTINCT o.name) FROM sales s CROSS JOIN sales o ON o.item = s.day AND o.item IN (3, "
         "5, 4) WHERE s.id < 300 GROUP BY s.day"},
        {"group_concat(DISTINCT …) depends on the order of the rows",
         "SELECT group_concat(DISTINCT g) FROM sales CROSS JOIN ordered ON ordered.f = sales.day"},
        {"sum(DISTINCT …) depends on the order of the rows",
         "SELECT sum(DISTINCT v) FROM sales CROSS JOIN (SELECT DISTINCT day AS d FROM sales) AS x ON x.d = sales.item"},
        {"a subquery in sum(DISTINCT …) is not split", "SELECT sum(DISTINCT (SELECT p)) FROM sales"},
    };
    EXPECT_CASES(state, cases);
    const AggregatesTest *test = *state;
    sql_test_run(test->db, "SELECT parallel_map_config('sums', 'sqlite')");
    expect_same(test->db, "SELECT sum(DISTINCT p) FROM sales", "executor = serial",
                "sums are left to SQLite by the setting sums");
    sql_test_run(test->db, "SELECT parallel_map_config('sums', 'exact')");
}

/* The row of the min or max, of equal ones the first, and the last row where there are only NULLs. */
static void columns_beside_min_and_max(void **state)
{
    static const char several[] = "the column id is neither grouped by nor in an aggregate";
    static const char by_row[] = "the column id is of a row that depends on the order of the rows";
    static const AggregateCase cases[] = {
        {NULL, "SELECT max(day), id, p, name FROM sales"},
        {NULL, "SELECT min(p), id, v FROM sales WHERE id > 77"},
        {NULL, "SELECT min(late), id, name FROM sales WHERE id < 3000"},
        {NULL, "SELECT max(late), id, name FROM sales"},
        {NULL, "SELECT min(late), id, upper(name) || v FROM sales WHERE +id > 90000"},
        {NULL, "SELECT day, max(late), id, count(*), sum(p), group_concat(late) FROM sales GROUP BY day"},
        {NULL, "SELECT name, min(v), id, p + day FROM sales GROUP BY name"},
        {NULL, "SELECT max(name), id, name FROM sales WHERE v NOT NULL"},
        {NULL, "SELECT max(name COLLATE BINARY), id FROM sales"},
        {NULL,
         "SELECT day, max(p) AS m, id FROM sales GROUP BY day HAVING id < 100 AND m > 1 ORDER BY v, id LIMIT 5"},
        {NULL, "SELECT day, id FROM sales GROUP BY day HAVING min(p) = min(p) ORDER BY min(p), id"},
        {NULL,
         "SELECT category, max(price), sales.id, sales.v FROM sales LEFT JOIN items ON items.item = sales.day "
         "GROUP BY category"},
        {several, "SELECT day, max(p), min(p), id FROM sales GROUP BY day"},
        {several, "SELECT day, id, count(*) FROM sales GROUP BY day"},
        {by_row, "SELECT max(p) FILTER (WHERE day > 3), id FROM sales"},
        {by_row, "SELECT max(p), id, count(DISTINCT name) FROM sales"},
        {by_row, "SELECT item, max(p), id FROM sales GROUP BY item"},
        {by_row, "SELECT min(late), id FROM sales WHERE late IS NULL AND v"},
        {by_row, "SELECT max(late), id FROM (SELECT * FROM sales WHERE late IS +NULL) WHERE p > 3"},
        {"an index of sales answers it at once", "SELECT max(id), p FROM sales"},
        {"an index of sales answers it at once", "SELECT min(id), p FROM sales WHERE day = 5"},
        {"an index of sales answers it at once", "SELECT max(item), id FROM sales"},
        {"a column of no group over a grouped subquery is not split",
         "SELECT d, max(n) FROM (SELECT day AS d, count(*) AS n FROM sales GROUP BY day)"},
    };
    EXPECT_CASES(state, cases);
}

/* All rows of a group are of the same row of another table, whose rowid is a key or equals one. */
static void columns_that_the_keys_determine(void **state)
{
    static const char other[] = "the column category is neither grouped by nor in an aggregate";
    static const AggregateCase cases[] = {
        {NULL,
         "SELECT items.item, category, sum(p), max(p), min(p) FROM sales CROSS JOIN items USING (item) GROUP BY "
         "items.item"},
        {NULL,
         "SELECT item, category, sum(p) FROM sales CROSS JOIN items USING (item) GROUP BY item ORDER BY category "
         "DESC, price"},
        {NULL,
         "SELECT category || 'x', count(DISTINCT name) FROM sales LEFT JOIN items ON items.item = sales.item AND "
         "sales.p > 3 GROUP BY items.item ORDER BY items.item"},
        {other,
         "SELECT sales.item, category, sum(p) FROM sales LEFT JOIN items ON items.item = sales.item AND "
         "sales.p > 3 GROUP BY sales.item"},
        {other, "SELECT sales.day, category FROM sales CROSS JOIN items USING (item) GROUP BY sales.day"},
        {other,
         "SELECT sales.item COLLATE NOCASE, category FROM sales CROSS JOIN items USING (item) GROUP BY 1"},
    };
    EXPECT_CASES(state, cases);
}

/* A walk from the end gives its rows in another order. */
static void backward_walks(void **state)
{
    const AggregatesTest *test = *state;
    sql_test_run(test->db, "PRAGMA reverse_unordered_selects = 1");
    for (int i = 0; i < 2; i++) {
        static const char *const selects[] = {"SELECT day, group_concat(id) FROM sales GROUP BY day",
                                              "SELECT max(day), id FROM sales WHERE v"};
        char *plain = sql_test_rows(test->db, selects[i]);
        char *sql =
            sqlite3_mprintf("CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (%s), executor = "
                            "threads, workers = 2)",
                            selects[i]);
        sql_test_run(test->db, sql);
        char *rows = sql_test_rows(test->db, "SELECT * FROM q");
        assert_string_equal(rows, plain);
        sql_test_run(test->db, "DROP TABLE q");
        sqlite3_free(rows);
        sqlite3_free(plain);
        sqlite3_free(sql);
    }
    sql_test_run(test->db, "PRAGMA reverse_unordered_selects = 0");
}

/* A separator that is a parameter is bound in both queries; what is long stays whole, and the memory of parts
   is bounded for texts too. */
static void separators_and_sizes(void **state)
{
    const AggregatesTest *test = *state;
    sqlite3 *db = test->db;
    sql_test_run(
        db,
        "CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (SELECT day, group_concat(id, :by) FROM "
        "sales GROUP BY day), executor = threads, workers = 2)");
    char *plain = sql_test_rows(db, "SELECT day, group_concat(id, ' + '), ' + ' FROM sales GROUP BY day");
    char *rows = sql_test_rows(db, "SELECT *, by FROM q(' + ')");
    assert_string_equal(rows, plain);
    sqlite3_free(rows);
    sqlite3_free(plain);
    sql_test_run(db, "DROP TABLE q");
    sql_test_expect(db, "SELECT access FROM parallel_map_runs ORDER BY run DESC LIMIT 1", "'partition'");
    expect_same(db, "SELECT length(group_concat(printf('%.*c', 2000, 'x'))) FROM sales WHERE p >= 0",
                "executor = threads, workers = 2", NULL);
    expect_same(db, "SELECT length(group_concat(printf('%.*c', 16000, 'x'))) FROM sales WHERE p >= 0",
                "executor = threads, workers = 2", "the partial rows take more than 64 MB");
}

/* An overflow depends on the order of the values: SQLite says whether there is one. */
static void overflows_of_distinct_sums(void **state)
{
    const AggregatesTest *test = *state;
    sql_test_run(test->db,
                 "CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (SELECT sum(DISTINCT "
                 "9223372036854775000 + id) FROM sales WHERE id < 800), executor = threads, workers = 2)");
    sql_test_expect_error(test->db, "SELECT * FROM q", SQLITE_ERROR, "integer overflow");
    sql_test_run(test->db, "DROP TABLE q");
    expect_same(
        test->db,
        "SELECT sum(DISTINCT iif(id % 2, 1, -1) * (9223372036854775000 + id)) FROM sales WHERE id < 800",
        "executor = threads, workers = 2", "the parts cannot be combined: integer overflow");
}

/* Ranges of a key come in its order, where the index has the least first. */
static void ranges_of_a_key(void **state)
{
    static const AggregateCase cases[] = {
        {NULL, "SELECT group_concat(a), max(b % 7), count(*) FROM pairs WHERE b > 3"},
        {"pairs has no rowids, and no key that divides it", "SELECT max(b % 7), a, b FROM pairs"},
        {NULL, "SELECT b % 5, json_group_array(a), group_concat(b) FROM pairs GROUP BY b % 5"},
        {"json_group_array depends on the order of the rows", "SELECT json_group_array(a) FROM backward"},
        {"group_concat(DISTINCT …) depends on the order of the rows",
         "SELECT group_concat(DISTINCT b) FROM pairs"},
        {NULL, "SELECT a, group_concat(b) FROM pairs GROUP BY a"},
        {"its groups depend on the order of rows, which are walked backward",
         "SELECT a, group_concat(b) FROM pairs GROUP BY a ORDER BY a DESC"},
        {NULL, "SELECT a, sum(b) FROM pairs GROUP BY a ORDER BY a DESC"},
    };
    const AggregatesTest *test = *state;
    sql_test_run(
        test->db,
        "CREATE TABLE pairs(a INT, b INT, PRIMARY KEY(a, b)) WITHOUT ROWID;"
        "CREATE TABLE backward(a INT, b INT, PRIMARY KEY(a DESC, b)) WITHOUT ROWID;"
        "INSERT INTO pairs SELECT id * 7919 % 2003, id FROM sales; INSERT INTO backward SELECT a, b FROM pairs");
    EXPECT_CASES(state, cases);
    sql_test_run(test->db,
                 "DROP TABLE pairs; DROP TABLE backward; CREATE TABLE down(id INTEGER PRIMARY KEY, h, x);"
                 "CREATE INDEX by_h ON down(h DESC, x);"
                 "INSERT INTO down SELECT id, id * 7919 % 997, id * 31 % 17 FROM sales");
    expect_same(
        test->db,
        "SELECT h, group_concat(id) AS ids FROM down WHERE x > (SELECT 2) AND h >= 3 GROUP BY h ORDER BY 2",
        "executor = threads, workers = 2", "down is searched by a range of an index");
    sql_test_run(test->db, "DROP TABLE down");
}

/* The plan says where the order of rows counts. */
static void plans_say_the_order(void **state)
{
    const AggregatesTest *test = *state;
    sql_test_expect(
        test->db,
        "SELECT trim(line) FROM parallel_query_plan('SELECT day, group_concat(p) FROM sales GROUP BY "
        "day', 'threads') WHERE line LIKE '%Partial%'",
        "'Partial aggregate by day: group_concat(p), in the order of the rows'");
    sql_test_expect(
        test->db,
        "SELECT trim(line) FROM parallel_query_plan('SELECT sum(DISTINCT p), sum(p), "
        "group_concat(DISTINCT v) FROM sales', 'threads') WHERE line LIKE '%Partial%' OR line LIKE "
        "'%Gather%'",
        "'Gather: morsels of rowids of sales'\n"
        "'Partial aggregate by p, v: exact sum(p), min(rowid), in the order of the rows'");
    sql_test_expect(
        test->db,
        "SELECT trim(line) FROM parallel_query_plan('SELECT day, sum(DISTINCT p) FROM sales GROUP BY "
        "day', 'threads') WHERE line LIKE '%Partial%' OR line LIKE '%Gather%'",
        "'Gather Merge: morsels of rowids of sales'\n'Partial aggregate by day, p'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_joined_in_order),
        cmocka_unit_test(json_is_joined_in_order),
        cmocka_unit_test(distinct_values),
        cmocka_unit_test(columns_beside_min_and_max),
        cmocka_unit_test(columns_that_the_keys_determine),
        cmocka_unit_test(backward_walks),
        cmocka_unit_test(ranges_of_a_key),
        cmocka_unit_test(plans_say_the_order),
        cmocka_unit_test(separators_and_sizes),
        cmocka_unit_test(overflows_of_distinct_sums),
    };
    return cmocka_run_group_tests(tests, make_database, remove_database);
}
