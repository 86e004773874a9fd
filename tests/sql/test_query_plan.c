/* How a SELECT is divided among workers, as parallel_query_plan says it: a case per rule or reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "executor_list.h"
#include "tests/support/sql_test.h"

typedef struct PlanTest {
    sqlite3 *db;
    char path[64], other[64];
} PlanTest;

static int make_database(void **state)
{
    PlanTest *test = calloc(1, sizeof *test);
    assert_non_null(test);
    sqlite3_snprintf(sizeof test->path, test->path, "/tmp/pricemap-plan-%d.db", (int)getpid());
    sqlite3_snprintf(sizeof test->other, test->other, "/tmp/pricemap-plan-%d.other", (int)getpid());
    unlink(test->path);
    unlink(test->other);
    test->db = sql_test_open_file(test->path);
    sql_test_run(
        test->db,
        "CREATE TABLE sales(id INTEGER PRIMARY KEY, item INT, day INT, p REAL, name TEXT COLLATE NOCASE, k, part);"
        "CREATE INDEX by_k ON sales(k, day); CREATE INDEX by_name ON sales(name); CREATE INDEX by_part ON sales(part);"
        "CREATE TABLE items(item INTEGER PRIMARY KEY, category TEXT, price REAL);"
        "CREATE TABLE days(day INT, kind TEXT); CREATE INDEX by_day ON days(day);"
        "CREATE TABLE pairs(a, b, PRIMARY KEY(a, b)) WITHOUT ROWID;"
        "CREATE TABLE made(a INTEGER, twice AS (a * 2), stored AS (a * 3) STORED);"
        "CREATE TABLE kept(a INTEGER, stored AS (a * 3) STORED);"
        "CREATE TABLE \"odd \"\" name\"(\"a \"\" b\", rowid TEXT);"
        "CREATE VIEW cheap AS SELECT id, p FROM sales WHERE p < 5;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
        " INSERT INTO sales SELECT i, i % 100, i % 7, i / 8.0, 'n' || (i % 20), i % 11, nullif(i % 3, 1) FROM n;"
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)"
        " INSERT INTO items SELECT i, 'c' || (i % 5), i FROM n;"
        "INSERT INTO days VALUES (0, 'x'), (1, 'y'), (2, 'x');"
        "INSERT INTO pairs SELECT id, p FROM sales; INSERT INTO made(a) SELECT id FROM sales;"
        "INSERT INTO kept(a) SELECT id FROM sales; INSERT INTO \"odd \"\" name\" SELECT p, name FROM sales");
    *state = test;
    return 0;
}

static int remove_database(void **state)
{
    PlanTest *test = *state;
    sql_test_close(&test->db);
    unlink(test->path);
    unlink(test->other);
    free(test);
    return 0;
}

/* The lines of a plan; for sqlite3_free. With an executor any table is cut. */
static char *plan_of(sqlite3 *db, const char *select, const char *executor)
{
    char *sql = sqlite3_mprintf("SELECT line FROM parallel_query_plan(%Q, %Q)", select, executor);
    sqlite3_stmt *statement = NULL;
    sqlite3_str *lines = sqlite3_str_new(NULL);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", select, sqlite3_errmsg(db));
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        sqlite3_str_appendf(lines, "%s\n", sqlite3_column_text(statement, 0));
    if (rc != SQLITE_DONE)
        fail_msg("%s: %s", select, sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return sqlite3_str_finish(lines);
}

/* The query has to give the rows of the SELECT, in their order where it has one. Sums are exact either way
   with these numbers. */
static void expect_rows(sqlite3 *db, const char *select)
{
    char *sql = sqlite3_mprintf(
        "CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (%s), executor = threads, workers = 2)",
        select);
    sql_test_run(db, sql);
    sqlite3_free(sql);
    if (strstr(select, "ORDER BY")) {
        char *plain = sql_test_rows(db, select), *rows = sql_test_rows(db, "SELECT * FROM q");
        if (strcmp(plain, rows) != 0)
            fail_msg("%s\n  gives\n%s\n  and by workers\n%s", select, plain, rows);
        sqlite3_free(plain);
        sqlite3_free(rows);
    } else {
        sql = sqlite3_mprintf("WITH plain AS MATERIALIZED (%s), rows AS MATERIALIZED (SELECT * FROM q) "
                              "SELECT (SELECT count(*) FROM rows) = (SELECT count(*) FROM plain), "
                              "(SELECT count(*) FROM (SELECT * FROM rows EXCEPT SELECT * FROM plain)), "
                              "(SELECT count(*) FROM (SELECT * FROM plain EXCEPT SELECT * FROM rows))",
                              select);
        char *compared = sql_test_rows(db, sql);
        if (strcmp(compared, "1|0|0") != 0)
            fail_msg("%s\n  compares as %s", select, compared);
        sqlite3_free(compared);
        sqlite3_free(sql);
    }
    sql_test_expect(db, "SELECT access, error FROM parallel_map_runs ORDER BY run DESC LIMIT 1",
                    "'partition'|NULL");
    sql_test_run(db, "DROP TABLE q");
}

/* Each of the texts has to stand in the plan, one after the other. */
static void expect_in_plan(sqlite3 *db, const char *select, const char *executor, const char *const *texts,
                           int count)
{
    char *lines = plan_of(db, select, executor);
    const char *rest = lines;
    for (int i = 0; i < count && texts[i]; i++) {
        const char *found = strstr(rest, texts[i]);
        if (!found)
            fail_msg("%s\n  has not '%s' (or not in that order) in\n%s", select, texts[i], lines);
        rest = found + strlen(texts[i]);
    }
    /* A parameter has no value here. */
    if (strncmp(lines, "Plain", 5) != 0 && !strpbrk(select, "?:"))
        expect_rows(db, select);
    sqlite3_free(lines);
}

enum { TEXTS = 6 };

typedef struct PlanCase {
    const char *select;
    const char *texts[TEXTS];
} PlanCase;

static void expect_cases(void **state, const char *executor, const PlanCase *cases, size_t count)
{
    const PlanTest *test = *state;
    for (size_t i = 0; i < count; i++)
        expect_in_plan(test->db, cases[i].select, executor, cases[i].texts, TEXTS);
}

#define EXPECT_CASES(state, executor, cases)                                                                 \
    expect_cases(state, executor, cases, sizeof(cases) / sizeof *(cases))

static void aggregates(void **state)
{
    static const PlanCase cases[] = {
        {"SELECT name, sum(p), count(*), avg(p), min(day), max(day), total(p) FROM sales GROUP BY name",
         {"Combine: GROUP BY name", "pricemap_sum(\"pricemap_parts\".\"c1\")",
          "coalesce(sum(\"pricemap_parts\".\"c2\"), 0)", "pricemap_avg(\"pricemap_parts\".\"c1\")",
          "pricemap_total(\"pricemap_parts\".\"c1\")",
          "Partial aggregate by name: exact sum(p), count(*), min(day), max(day)"}},
        {"SELECT name, sum(p) FROM sales GROUP BY name",
         {"Gather Merge: morsels of rowids of sales", "SCAN pricemap_morsel",
          "SEARCH sales USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"}},
        {"SELECT sum(p) FROM sales WHERE day > 3", {"Combine: one group", "Partial aggregate: exact sum(p)"}},
        {"SELECT count(name) FILTER (WHERE day > 3) FROM sales",
         {"coalesce(sum(\"pricemap_parts\".\"c0\"), 0)", "count(\"sales\".\"name\") FILTER (WHERE"}},
        {"SELECT name FROM sales GROUP BY name HAVING sum(p) > 3 AND name > 'b'",
         {"HAVING ((pricemap_sum(\"pricemap_parts\".\"c1\") > 3) AND (\"pricemap_parts\".\"c0\" > 'b'))"}},
        {"SELECT max(p + 1) - min(p) + count(*) FROM sales WHERE day", {"Combine: one group"}},
        {"SELECT DISTINCT name, day FROM sales ORDER BY 2, 1",
         {"Combine: DISTINCT, ORDER BY day, name", "SELECT DISTINCT", "Partial aggregate by name, day"}},
        {"SELECT DISTINCT count(*) FROM sales GROUP BY day", {"SELECT DISTINCT", "GROUP BY"}},
        {"SELECT day, count(DISTINCT name), sum(p) FROM sales GROUP BY day",
         {"count(DISTINCT \"pricemap_parts\".\"c1\")", "GROUP BY \"pricemap_parts\".\"c0\"",
          "Partial aggregate by day, name: exact sum(p)"}},
        {"SELECT count(DISTINCT name) FILTER (WHERE day > 3) FROM sales",
         {"count(DISTINCT \"pricemap_parts\".\"c0\") FILTER (WHERE", "Partial aggregate by name, day > 3"}},
        {"SELECT sum(p) FROM sales WHERE p < (SELECT max(k) FROM sales)",
         {"Combine: one group", "SCALAR SUBQUERY"}},
        {"SELECT day, sum(p) FROM sales GROUP BY day HAVING sum(p) > :least",
         {"> ?3)", "Partial aggregate by day"}},
        {"SELECT sum(p) FROM sales WHERE day > ?1 AND item < :k",
         {"\"day\" > ?3) AND (\"sales\".\"item\" < ?4)"}},
    };
    EXPECT_CASES(state, "threads", cases);
}

/* Workers leave out groups that cannot be among the first ones, where keys alone decide. */
static void first_groups(void **state)
{
    static const PlanCase cases[] = {
        {"SELECT name, day, sum(p) FROM sales GROUP BY name, day ORDER BY day DESC LIMIT 5 OFFSET 2",
         {"GROUP BY \"pricemap_parts\".\"c1\", \"pricemap_parts\".\"c0\" ORDER BY \"pricemap_parts\".\"c1\" DESC LIMIT 5 OFFSET 2",
          "at most 7", "ORDER BY 2 DESC, 1 LIMIT 7"}},
        {"SELECT item, sum(p) FROM sales GROUP BY item ORDER BY item LIMIT :n", {"LIMIT ?3"}},
    };
    EXPECT_CASES(state, "threads", cases);
    static const char *const whole[] = {
        "SELECT item, sum(p) FROM sales GROUP BY item ORDER BY sum(p) LIMIT 5",
        "SELECT item, sum(p) FROM sales GROUP BY item HAVING sum(p) > 3 ORDER BY item LIMIT 5",
        "SELECT item, count(DISTINCT day) FROM sales GROUP BY item ORDER BY item LIMIT 5",
        "SELECT item, sum(p) FROM sales GROUP BY item LIMIT 5",
    };
    const PlanTest *test = *state;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        char *lines = plan_of(test->db, whole[i], "threads");
        assert_null(strstr(lines, "at most"));
        assert_non_null(strstr(lines, "Partial aggregate"));
        sqlite3_free(lines);
    }
}

static void rows(void **state)
{
    static const PlanCase cases[] = {
        {"SELECT p, day FROM sales ORDER BY id, p",
         {"FROM \"pricemap_parts\" AS \"pricemap_parts\"\n", "ranges of rowids of sales, in their order",
          "ORDER BY 3, 1"}},
        {"SELECT p FROM sales WHERE p > 50 ORDER BY sales.rowid LIMIT 7 OFFSET 3",
         {"AS \"pricemap_parts\" LIMIT 7 OFFSET 3\n", "ranges of rowids", "at most 10"}},
        {"SELECT p FROM sales WHERE p > 50 ORDER BY id DESC", {"Gather Merge: morsels of rowids of sales"}},
        {"SELECT category, p FROM sales JOIN items USING (item) ORDER BY sales.id, price DESC",
         {"ranges of rowids of sales, in their order", "ORDER BY 3, 4 DESC"}},
        {"SELECT id, p * 2 FROM sales WHERE day > 3",
         {"Combine: as they come", "Gather: ranges of rowids of sales, in their order", "Rows: id, p * 2",
          "BETWEEN ?1 AND ?2"}},
        {"SELECT * FROM sales WHERE name LIKE '%7%'", {"Rows: id, item, day, p, name, k, part"}},
        {"SELECT id FROM sales WHERE p > 3 ORDER BY p DESC, name LIMIT 10 OFFSET 5",
         {"ORDER BY \"pricemap_parts\".\"c1\" DESC, \"pricemap_parts\".\"c2\", \"pricemap_parts\".\"c0\" LIMIT 10 OFFSET 5",
          "Gather Merge: morsels", "at most 15", "ORDER BY 2 DESC, 3, 1 LIMIT 15"}},
        {"SELECT 7, id, (SELECT 3) FROM sales WHERE p > 370 ORDER BY 1, 3, 2 DESC",
         {"ORDER BY \"pricemap_parts\".\"c2\", \"pricemap_parts\".\"c1\" DESC"}},
        {"SELECT id FROM sales WHERE p > 3 LIMIT 10", {"LIMIT 10", "ranges of rowids", "at most 10"}},
        {"SELECT p FROM sales ORDER BY name COLLATE BINARY, -day",
         {"ORDER BY", "Rows: p, name COLLATE BINARY, - day, rowid"}},
        {"SELECT id, (SELECT price FROM items WHERE items.item = sales.item) FROM sales WHERE day > 3",
         {"ranges of rowids of sales", "CORRELATED SCALAR SUBQUERY"}},
        {"SELECT id FROM sales WHERE item IN (SELECT item FROM items WHERE price > 3) AND +k",
         {"morsels of rowids of sales", "LIST SUBQUERY"}},
    };
    EXPECT_CASES(state, "threads", cases);
}

static void whole_groups(void **state)
{
    static const PlanCase cases[] = {
        {"SELECT id, name, count(*), sum(price) FROM sales JOIN items USING (item) GROUP BY id HAVING count(*) > 0",
         {"Gather: ranges of rowids of sales", "Whole groups: id, name, count(*), sum(price)",
          "HAVING (count(*) > 0)"}},
        {"SELECT sales.rowid, group_concat(price) FROM sales, items WHERE items.item < sales.day GROUP BY sales.rowid ORDER BY 2 LIMIT 4",
         {"Combine: ORDER BY group_concat(price), LIMIT 4", "Whole groups", "at most 4"}},
    };
    EXPECT_CASES(state, "threads", cases);
}

static void joins(void **state)
{
    static const PlanCase cases[] = {
        {"SELECT category, sum(p) FROM sales JOIN items USING (item) GROUP BY category",
         {"CROSS JOIN \"main\".\"sales\" AS \"sales\" CROSS JOIN \"main\".\"items\" AS \"items\" WHERE",
          "SCAN pricemap_morsel", "SEARCH sales", "SEARCH items USING INTEGER PRIMARY KEY (rowid=?)"}},
        {"SELECT category, sum(p) FROM items AS i, sales AS s WHERE i.item = s.item GROUP BY 1",
         {"CROSS JOIN \"main\".\"sales\" AS \"s\" CROSS JOIN \"main\".\"items\" AS \"i\""}},
        {"SELECT category, count(kind) FROM sales NATURAL JOIN items LEFT JOIN days ON days.day = sales.day GROUP BY category",
         {"LEFT JOIN \"main\".\"days\" AS \"days\" ON (\"days\".\"day\" = \"sales\".\"day\") WHERE",
          "SEARCH days USING INDEX by_day (day=?) LEFT-JOIN"}},
        {"SELECT count(a.p + b.p) FROM sales a CROSS JOIN sales b ON b.id = a.id + 1",
         {"\"sales\" AS \"a\" CROSS JOIN \"main\".\"sales\" AS \"b\" WHERE", "SEARCH a", "SEARCH b"}},
        {"SELECT sum(p) FROM (sales JOIN items ON items.item = sales.item)",
         {"Partial aggregate: exact sum(p)"}},
        {"SELECT * FROM sales LEFT JOIN items ON items.item = sales.item AND price > 3 WHERE items.item IS NULL",
         {"LEFT JOIN \"main\".\"items\" AS \"items\" ON (("}},
        {"WITH x AS MATERIALIZED (SELECT category, max(price) AS m FROM items GROUP BY category) "
         "SELECT x.category, sum(p) FROM sales JOIN items USING (item) CROSS JOIN x WHERE x.category = items.category GROUP BY 1",
         {"WITH \"x\" AS MATERIALIZED", "pricemap_morsel"}},
    };
    EXPECT_CASES(state, "threads", cases);
}

/* Subqueries and views that stand alone in FROM: their tables are cut within them. */
static void nested_tables(void **state)
{
    static const PlanCase cases[] = {
        {"SELECT sum(id) FROM cheap",
         {"FROM (SELECT \"sales\".\"id\", \"sales\".\"p\" FROM \"pricemap_morsel\"", "AS \"cheap\"",
          "SEARCH sales"}},
        {"SELECT kind, sum(v) FROM (SELECT category AS kind, p * price AS v FROM sales, items WHERE items.item = "
         "sales.item) AS s WHERE v > 2 GROUP BY kind",
         {"CROSS JOIN \"main\".\"sales\"", "SEARCH sales", "SEARCH items"}},
        {"SELECT n FROM (SELECT x.id AS n, x.p FROM (SELECT * FROM sales WHERE day > 2) AS x) WHERE p > 3",
         {"ranges of rowids of sales", "BETWEEN ?1 AND ?2"}},
        {"WITH x AS (SELECT p, day FROM sales WHERE k) SELECT day, sum(p) FROM x GROUP BY day",
         {"morsels of rowids of sales"}},
        {"SELECT id, count(*) FROM (SELECT id, price FROM sales JOIN items) GROUP BY id", {"Whole groups"}},
    };
    EXPECT_CASES(state, "threads", cases);
}

/* What stands around a grouped subquery is done by the combining query. */
static void layers(void **state)
{
    static const PlanCase cases[] = {
        {"SELECT n, count(*) FROM (SELECT item, count(kind) AS n FROM sales LEFT JOIN days ON days.day = sales.day "
         "WHERE p > 3 GROUP BY item) AS s GROUP BY n ORDER BY 1",
         {"SELECT \"s\".\"n\", count(*) FROM (SELECT \"pricemap_parts\".\"c0\" AS \"item\"",
          "GROUP BY \"pricemap_parts\".\"c0\") AS \"s\" GROUP BY \"s\".\"n\" ORDER BY 1",
          "Partial aggregate by item"}},
        {"SELECT s * 2 AS d FROM (SELECT day, sum(p) AS s FROM sales GROUP BY day) WHERE s > :least AND day > '1'",
         {"> ?3)", "Partial aggregate by day"}},
        {"WITH x AS (SELECT day, sum(p) AS s FROM sales GROUP BY day) SELECT max(s), count(*) FROM x",
         {"max(\"x\".\"s\")", "Partial aggregate by day"}},
        {"SELECT max(p) FROM (SELECT p FROM sales WHERE k ORDER BY p DESC LIMIT 10) WHERE p < 370",
         {"at most 10"}},
        {"SELECT * FROM (SELECT DISTINCT name COLLATE NOCASE AS n FROM sales WHERE p) WHERE n = 'N7'",
         {"AS \"n\"", "= 'N7'"}},
    };
    EXPECT_CASES(state, "threads", cases);
}

/* A table that is found by several indexes is no hindrance after the one that is cut. */
static void several_indexes(void **state)
{
    const PlanTest *test = *state;
    sql_test_run(test->db,
                 "CREATE INDEX by_category ON items(category); CREATE INDEX by_price ON items(price)");
    static const PlanCase cases[] = {
        {"SELECT count(p + price) FROM sales CROSS JOIN items WHERE sales.day AND (category = 'c' || sales.day OR price = sales.day)",
         {"SEARCH sales", "MULTI-INDEX OR", "INDEX 1", "SEARCH items USING INDEX by_category"}},
    };
    EXPECT_CASES(state, "threads", cases);
    sql_test_run(test->db, "DROP INDEX by_category; DROP INDEX by_price");
}

/* Subqueries beside aggregates are stages of their own. */
static void stages(void **state)
{
    static const PlanCase cases[] = {
        {"SELECT day, sum(p) FROM sales GROUP BY day HAVING sum(p) > (SELECT avg(price) FROM items)",
         {"Stage pricemap_stage1 (once):", "exact sum(price)", "Combine: GROUP BY day",
          "(+ \"pricemap_stage1\".\"c0\") AS \"c0\" FROM \"pricemap_stage1\""}},
        {"SELECT day > (SELECT avg(item) FROM items), count(p) FROM sales GROUP BY day ORDER BY EXISTS (SELECT 1), 2, 1",
         {"Stage pricemap_stage1", "Stage pricemap_stage2", "EXISTS (SELECT"}},
    };
    EXPECT_CASES(state, "threads", cases);
}

/* Affinity and collation of what the parts' columns stand for are those of the expressions. */
static void columns_of_parts(void **state)
{
    static const PlanCase cases[] = {
        {"SELECT k + 1, sum(p) FROM sales GROUP BY k + 1 HAVING k + 1 = '3'",
         {"SELECT (+ \"pricemap_parts\".\"c0\")", "HAVING ((+ \"pricemap_parts\".\"c0\") = '3')"}},
        {"SELECT day COLLATE NOCASE, sum(p) FROM sales GROUP BY day COLLATE NOCASE HAVING 'a' = day COLLATE NOCASE",
         {"('a' = (\"pricemap_parts\".\"c0\" COLLATE \"NOCASE\"))"}},
        {"SELECT max(name COLLATE RTRIM), sum(p) FROM sales",
         {"max((\"pricemap_parts\".\"c0\" COLLATE \"RTRIM\"))"}},
    };
    EXPECT_CASES(state, "threads", cases);
}

/* Why a SELECT is left whole. */
static void left_whole(void **state)
{
    static const PlanCase cases[] = {
        {"SELECT count(*) FROM sales", {"Plain: SQLite counts the rows without reading them\n"}},
        {"SELECT part FROM sales", {"Plain: an index answers it without reading the table sales\n"}},
        {"SELECT max(k) FROM sales", {"Plain: an index of sales answers it at once\n"}},
        {"SELECT * FROM sales LIMIT 5", {"Plain: its LIMIT ends it after its first rows\n"}},
        {"SELECT * FROM sales WHERE id = 5", {"Plain: a row of sales is found by its rowid\n"}},
        {"SELECT * FROM sales WHERE k > 5 AND p > 2 AND k < day",
         {"Plain: sales is searched by a range of an index\n"}},
        {"SELECT 1", {"Plain: it reads no table\n"}},
        {"SELECT day, id FROM sales ORDER BY 2 COLLATE NOCASE DESC", {"Plain: a position in ORDER BY"}},
        {"SELECT day, id FROM sales ORDER BY +1, 0x2 DESC", {"Plain: a position in ORDER BY"}},
        {"SELECT name, p FROM sales GROUP BY name",
         {"Plain: the column p is neither grouped by nor in an aggregate\n"}},
        {"SELECT group_concat(p, name) FROM sales",
         {"Plain: the separator of group_concat is no constant\n"}},
        {"SELECT day, sum(p) > (SELECT price FROM items WHERE item = day) FROM sales GROUP BY day",
         {"Plain: a subquery beside aggregates is not split\n"}},
        {"SELECT id, row_number() OVER () FROM sales", {"Plain: window functions are not split\n"}},
        {"SELECT p FROM sales UNION SELECT price FROM items", {"Plain: UNION is not split\n"}},
        {"VALUES (1)", {"Plain: VALUES are not split\n"}},
        {"SELECT random(), p FROM sales", {"Plain: random() is not about values alone\n"}},
        {"SELECT sum(twice) FROM made", {"Plain: made has a column that is computed when it is read\n"}},
        {"SELECT sum(value) FROM json_each('[1]')", {"Plain: it reads a virtual table\n"}},
        {"SELECT name FROM sqlite_schema", {"Plain: the table sqlite_schema is not found\n"}},
        {"SELECT p FROM sales WHERE day > 2 LIMIT (SELECT 5)", {"Plain: a subquery in LIMIT is not split\n"}},
        {"SELECT day IN (SELECT name FROM sales), sum(p) FROM sales GROUP BY day",
         {"Plain: a subquery beside aggregates is not split\n"}},
        {"SELECT * FROM sales ORDER BY id LIMIT 5",
         {"Plain: its first rows come in their order, and its LIMIT ends it after them\n"}},
        {"SELECT k, sum(p) FROM sales GROUP BY k LIMIT 5",
         {"Plain: its first rows come in their order, and its LIMIT ends it after them\n"}},
        {"SELECT DISTINCT p, EXISTS (SELECT 1 FROM items WHERE price = p) FROM sales",
         {"Plain: a subquery in GROUP BY or DISTINCT is not split\n"}},
        {"SELECT count(a.p + b.p) FROM sales AS a CROSS JOIN sales AS b WHERE a.id IN (1, 2, 3) AND b.p > a.p",
         {"Plain: a row of a is found by its rowid\n"}},
        {"SELECT sum(s) FROM (SELECT day, sum(p) AS s FROM sales GROUP BY day)",
         {"Plain: sum over a grouped subquery is not split\n"}},
        {"SELECT (SELECT 3), sum(s) FROM (SELECT day, sum(p) AS s FROM sales GROUP BY day)",
         {"Plain: a subquery around a grouped one is not split\n"}},
        {"SELECT json_array(day), sum(p) FROM sales GROUP BY day",
         {"Plain: json_array over aggregates is not split\n"}},
        {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT * FROM n, sales",
         {"Plain: WITH RECURSIVE is not split\n"}},
        {"SELECT (SELECT sum(sales.p) FROM items) FROM sales",
         {"Plain: an aggregate in a subquery belongs to the query around it\n"}},
        {"SELECT p FROM sales WHERE k = 1 OR name = 'x'",
         {"Plain: several indexes are searched for sales\n"}},
    };
    EXPECT_CASES(state, "auto", cases);
    const PlanTest *test = *state;
    sql_test_run(test->db, "CREATE TEMP TABLE own(a); INSERT INTO own SELECT p FROM sales");
    char *lines = plan_of(test->db, "SELECT sum(a) FROM own", "threads");
    assert_string_equal(lines, "Plain: workers cannot read temporary tables\n");
    sqlite3_free(lines);
    lines = plan_of(test->db, "SELECT sum(a + p) FROM own, sales", "threads");
    assert_string_equal(lines, "Plain: its tables are in several databases\n");
    sqlite3_free(lines);
    sql_test_run(test->db, "DROP TABLE own");
}

static void odd_names_and_stored_columns(void **state)
{
    static const PlanCase cases[] = {
        {"SELECT sum(\"a \"\" b\"), max(rowid) FROM \"odd \"\" name\" WHERE rowid <> 'n1'",
         {"max(\"pricemap_parts\".\"c1\")", "max(\"odd \"\" name\".\"rowid\")",
          "\"odd \"\" name\".\"_rowid_\" BETWEEN"}},
        {"SELECT sum(stored) FROM kept", {"Partial aggregate: exact sum(stored)"}},
    };
    EXPECT_CASES(state, "threads", cases);
}

/* A small table before the one that is cut is walked for each range; a named executor cuts the large one all
   the same. */
static void small_tables_first(void **state)
{
    static const PlanCase cases[] = {
        {"SELECT kind, sum(p) FROM days CROSS JOIN sales WHERE sales.day < days.day GROUP BY kind",
         {"morsels of rowids of sales", "SCAN pricemap_morsel", "SCAN days",
          "SEARCH sales USING INTEGER PRIMARY KEY"}},
        {"SELECT kind, sum(price) FROM days CROSS JOIN items WHERE items.item > days.day GROUP BY kind",
         {"morsels of rowids of days"}},
    };
    EXPECT_CASES(state, "threads", cases);
}

/* Without an executor, `auto` plans: a small table is not worth a cut. */
static void small_tables(void **state)
{
    const PlanTest *test = *state;
    sql_test_expect(test->db, "SELECT line FROM parallel_query_plan('SELECT sum(price) FROM items')",
                    "'Plain: its tables are small'");
    sql_test_expect(test->db,
                    "SELECT line FROM parallel_query_plan('SELECT sum(price) FROM items', 'serial') LIMIT 1",
                    "'Combine: one group'");
    sql_test_expect(test->db, "SELECT line FROM parallel_query_plan('SELECT sum(p) FROM sales') LIMIT 1",
                    "'Combine: one group'");
    sql_test_expect(
        test->db,
        "SELECT line LIKE 'Gather%of sales', count(*) FROM parallel_query_plan("
        "'SELECT sum(p) FROM items JOIN sales ON sales.k = items.item') WHERE line LIKE '%Gather%' "
        "OR line LIKE 'Plain%'",
        "0|1");
}

/* The file may be attached; in memory there is none. */
static void other_databases(void **state)
{
    const PlanTest *test = *state;
    sqlite3 *db = sql_test_open();
    char *sql = sqlite3_mprintf("ATTACH %Q AS \"o t\"", test->path);
    sql_test_run(db, sql);
    sqlite3_free(sql);
    sql_test_expect(
        db,
        "SELECT count(*) FROM parallel_query_plan('SELECT \"o t\".sales.name, sum(p) FROM \"o t\".sales, items "
        "WHERE items.item = sales.item GROUP BY 1', 'threads') WHERE line LIKE '%FROM \"pricemap_morsel\"%\"main\".\"sales\"%'",
        "1");
    sql_test_run(db, "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    sql_test_expect(db, "SELECT line FROM parallel_query_plan('SELECT sum(a) FROM t', 'threads')",
                    "'Plain: its database is in no file that workers can read'");
    sql_test_close(&db);
    /* A file is a claim: a table of it could stand for the ranges. */
    sql_test_run(test->db, "CREATE TABLE Pricemap_Morsel(first_rowid, last_rowid)");
    sql_test_expect(test->db, "SELECT line FROM parallel_query_plan('SELECT sum(p) FROM sales', 'threads')",
                    "'Plain: its file has a table pricemap_morsel'");
    sql_test_run(test->db, "DROP TABLE pricemap_morsel");
}

static int deny_column(void *arg, int action, const char *table, const char *column, const char *schema,
                       const char *trigger)
{
    (void)schema;
    (void)trigger;
    bool is = action == SQLITE_READ && table && !strcmp(table, "items") && !strcmp(column, "price");
    return is ? *(const int *)arg : SQLITE_OK;
}

/* What the host's authorizer denies is an error as in the plain SELECT; what it has ignored no worker reads.
 */
static void authorizers(void **state)
{
    const PlanTest *test = *state;
    int answer = SQLITE_DENY;
    sqlite3_set_authorizer(test->db, deny_column, &answer);
    sql_test_expect_error(test->db,
                          "SELECT * FROM parallel_query_plan('SELECT sum(price) FROM items', 'threads')",
                          SQLITE_AUTH, "access to items.price is prohibited");
    sql_test_expect(
        test->db,
        "SELECT line LIKE 'Combine%' FROM parallel_query_plan('SELECT sum(item) FROM items WHERE category', 'threads') LIMIT 1",
        "1");
    answer = SQLITE_IGNORE;
    sql_test_expect(test->db,
                    "SELECT line FROM parallel_query_plan('SELECT sum(price) FROM items', 'threads')",
                    "'Plain: it is not understood as SQLite understands it'");
    sqlite3_set_authorizer(test->db, NULL, NULL);
}

static void own_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    sqlite3_result_value(context, argv[0]);
}

/* A function that the host has defined is not the worker's. */
static void functions(void **state)
{
    const PlanTest *test = *state;
    assert_int_equal(
        sqlite3_create_function(test->db, "mine", 1, SQLITE_UTF8, NULL, own_function, NULL, NULL), SQLITE_OK);
    sql_test_expect(test->db,
                    "SELECT line LIKE 'Plain: workers cannot prepare it: no such function: mine' FROM "
                    "parallel_query_plan('SELECT sum(mine(p)) FROM sales', 'threads')",
                    "1");
    assert_int_equal(
        sqlite3_create_function(test->db, "upper", 1, SQLITE_UTF8, NULL, own_function, NULL, NULL),
        SQLITE_OK);
    sql_test_expect(test->db,
                    "SELECT line LIKE 'Plain: upper() was defined by the host%' FROM "
                    "parallel_query_plan('SELECT max(upper(name)) FROM sales WHERE day', 'threads')",
                    "1");
    sql_test_expect(
        test->db,
        "SELECT line LIKE 'Combine%' FROM "
        "parallel_query_plan('SELECT sum(increase_price_crazy(p)) FROM sales', 'threads') LIMIT 1",
        "1");
    sqlite3_create_function(test->db, "upper", 1, SQLITE_UTF8, NULL, NULL, NULL, NULL);
}

static void errors(void **state)
{
    const PlanTest *test = *state;
    sql_test_expect_error(test->db, "SELECT * FROM parallel_query_plan", SQLITE_ERROR,
                          "parallel_query_plan: query: a SELECT has to be given");
    sql_test_expect_error(test->db, "SELECT * FROM parallel_query_plan('SELECT absent FROM sales')",
                          SQLITE_ERROR, "no such column: absent");
    sql_test_expect_error(test->db, "SELECT * FROM parallel_query_plan('SELEC')", SQLITE_ERROR,
                          "near \"SELEC\": syntax error");
    sql_test_expect_error(test->db, "SELECT * FROM parallel_query_plan('')", SQLITE_ERROR,
                          "parallel_query: there is no statement");
    sql_test_expect_error(test->db, "SELECT * FROM parallel_query_plan('SELECT 1; SELECT 2')", SQLITE_ERROR,
                          "parallel_query: there is more than one statement");
    sql_test_expect_error(test->db, "SELECT * FROM parallel_query_plan('DELETE FROM sales')", SQLITE_ERROR,
                          "parallel_query: it has to be a SELECT");
    sql_test_expect_error(test->db, "SELECT * FROM parallel_query_plan('EXPLAIN SELECT 1')", SQLITE_ERROR,
                          "parallel_query: it has to be a SELECT");
    sql_test_expect_error(test->db, "SELECT * FROM parallel_query_plan('SELECT 1', 'nobody')", SQLITE_ERROR,
                          "parallel_query_plan: executor is 'nobody': expected " EXECUTOR_CHOICES);
    sql_test_expect_error(test->db, "CREATE VIRTUAL TABLE temp.x USING parallel_query_plan('SELECT 1')",
                          SQLITE_ERROR, "no such module: parallel_query_plan");
    /* A comment or a semicolon at the end is none of the statement. */
    sql_test_expect(test->db, "SELECT line FROM parallel_query_plan('SELECT 1; -- the end')",
                    "'Plain: it reads no table'");
    /* No statement of an untrusted file can call it. */
    sql_test_run(test->db, "CREATE VIEW asking AS SELECT line FROM parallel_query_plan('SELECT 1')");
    sql_test_expect_error(test->db, "SELECT * FROM asking", SQLITE_ERROR,
                          "unsafe use of virtual table \"parallel_query_plan\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aggregates),
        cmocka_unit_test(first_groups),
        cmocka_unit_test(rows),
        cmocka_unit_test(whole_groups),
        cmocka_unit_test(joins),
        cmocka_unit_test(nested_tables),
        cmocka_unit_test(small_tables_first),
        cmocka_unit_test(layers),
        cmocka_unit_test(several_indexes),
        cmocka_unit_test(stages),
        cmocka_unit_test(columns_of_parts),
        cmocka_unit_test(left_whole),
        cmocka_unit_test(odd_names_and_stored_columns),
        cmocka_unit_test(small_tables),
        cmocka_unit_test(other_databases),
        cmocka_unit_test(authorizers),
        cmocka_unit_test(functions),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, make_database, remove_database);
}
