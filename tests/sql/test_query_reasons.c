/* Why a SELECT is left whole, reason by reason, with the rows of the plain one; and names that mean different
   things in different clauses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/query_test.h"

static const char make_tables[] =
    "CREATE TABLE sales(id INTEGER PRIMARY KEY, item INT, day INT, p REAL, name TEXT, k INT);"
    "CREATE INDEX by_name ON sales(name); CREATE INDEX by_k ON sales(k);"
    "CREATE TABLE items(item INTEGER PRIMARY KEY, category TEXT, price REAL);"
    "CREATE TABLE days(day INT, kind TEXT);"
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 4000)"
    "INSERT INTO sales SELECT i, i % 100, i % 7, i / 8.0, 'n' || (i % 10), i % 50 FROM n;"
    "INSERT INTO items SELECT DISTINCT item, 'c' || (item % 5), item / 2.0 FROM sales;"
    "INSERT INTO days SELECT day, 'k' || (day % 2) FROM sales WHERE id < 8;"
    "CREATE VIEW pairs(a, b) AS VALUES (1, 'x'), (2, 'y');"
    "CREATE TABLE prices(item INT, day INT, p REAL, PRIMARY KEY(item, day)) WITHOUT ROWID;"
    "CREATE TABLE visits(day INT, visitors INT);"
    "INSERT INTO prices SELECT id, day, p FROM sales; INSERT INTO visits SELECT day, id FROM sales WHERE id < 2000;";

typedef struct ReasonCase {
    /* Least version of SQLite that knows what is written; 0: any. */
    int version;
    const char *reason, *select;
} ReasonCase;

static void expect_whole(const MapTest *test, const ReasonCase *of)
{
    if (sqlite3_libversion_number() >= of->version)
        query_test_expect_whole(test, of->select, of->reason);
}

static void selects_left_whole(void **state)
{
    static const ReasonCase cases[] = {
        {3039000, "RIGHT and FULL JOIN are not split",
         "SELECT count(p), max(price) FROM sales RIGHT JOIN items ON items.item = sales.day"},
        {3039000, "RIGHT and FULL JOIN are not split",
         "SELECT count(p), max(price) FROM sales FULL JOIN items ON items.item = sales.day"},
        {3044000, "group_concat(… ORDER BY …) is not split",
         "SELECT group_concat(name ORDER BY p DESC) FROM sales"},
        {0, "window functions are not split",
         "SELECT day, sum(count(*)) OVER (ORDER BY day) FROM sales GROUP BY day"},
        /* A table that a key would cut is left for one that nothing cuts. */
        {0, "the column item is neither grouped by nor in an aggregate",
         "SELECT prices.item, prices.day, group_concat(visitors) FROM prices JOIN visits ON visits.day = prices.day GROUP BY "
         "visits.visitors"},
        {0, "its view is not understood: VALUES are not split",
         "SELECT b, sum(p) FROM sales JOIN pairs ON a = day GROUP BY b ORDER BY b"},
        {0, "the name no such is not understood", "SELECT max(day), \"no such\" FROM sales"},
        {0, "a LEFT JOIN with a join in brackets is not split",
         "SELECT sum(p), count(kind) FROM sales LEFT JOIN (items CROSS JOIN days) ON items.item = sales.item"},
        {0, "USING and NATURAL with a join in brackets are not split",
         "SELECT sum(p), count(price) FROM sales JOIN (items CROSS JOIN days) USING (item)"},
        {0, "it reads a virtual table",
         "SELECT sum(p) FROM sales, json_each('[1, 2]') AS j WHERE j.value = day"},
        {0, "it has a LIMIT without ORDER BY",
         "SELECT count(*) FROM (SELECT id FROM sales WHERE item IN (SELECT item FROM items) AND +k LIMIT "
         "5)"},
        {0, "no row has the rowids that would be cut",
         "SELECT sum(p), count(*) FROM sales WHERE id > 100000"},
        {0, "what is joined before sales would be read again for each part",
         "SELECT kind, sum(p) FROM (SELECT day, kind FROM days UNION SELECT item, category FROM items) AS d "
         "CROSS JOIN sales ON sales.id = d.day GROUP BY kind"},
        {0, "changes() is not about values alone", "SELECT max(p), changes() FROM sales"},
        {0, "randomblob() is not about values alone", "SELECT sum(length(randomblob(day + 1))) FROM sales"},
        {0, "an aggregate in a subquery belongs to the query around it",
         "SELECT (SELECT sum(sales.p) FROM items WHERE item = 3) FROM sales"},
        {0, "a subquery beside aggregates is not split",
         "SELECT day, max(p) > (SELECT price FROM items WHERE item = day) FROM sales GROUP BY day ORDER BY 1"},
        {0, "EXCEPT is not split", "SELECT day FROM sales EXCEPT SELECT item FROM items ORDER BY 1"},
        {0, "INTERSECT is not split", "SELECT day FROM sales INTERSECT SELECT item FROM items ORDER BY 1"},
        {0, "the separator of group_concat is no constant",
         "SELECT day, group_concat(k, day) FROM sales GROUP BY day"},
    };
    MapTest *test = *state;
    query_test_open(test, make_tables);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_whole(test, &cases[i]);
}

/* Under `auto`, for which small tables are not cut. */
static void plans_left_whole(void **state)
{
    static const char *const cases[][2] = {
        {"SELECT count(p) FROM days CROSS JOIN sales ON sales.day = days.day",
         "Plain: sales is found by an index that is made for the query"},
        {"SELECT max(k) FROM sales", "Plain: an index of sales answers it at once"},
        {"SELECT sum(price) FROM items", "Plain: its tables are small"},
    };
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        query_test_expect_plan(db, cases[i][0], cases[i][1]);
}

static void add_product(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    double *product = sqlite3_aggregate_context(context, sizeof *product);
    if (product)
        *product = *product + sqlite3_value_double(argv[0]) * argc;
}

static void give_product(sqlite3_context *context)
{
    double *product = sqlite3_aggregate_context(context, 0);
    sqlite3_result_double(context, product ? *product : 0);
}

/* An aggregate of the host's has no parts. */
static void aggregates_of_the_host(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    assert_int_equal(sqlite3_create_function_v2(db, "host_sum", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                                NULL, add_product, give_product, NULL),
                     SQLITE_OK);
    query_test_expect_whole(test, "SELECT day, host_sum(p) FROM sales GROUP BY day ORDER BY day",
                            "the aggregate host_sum(1) is not split");
}

/* In GROUP BY a column goes before an alias, in ORDER BY after it; WHERE and HAVING may name an alias. */
static void names_of_two_meanings(void **state)
{
    static const char *const selects[] = {
        "SELECT -day AS day, count(*) FROM sales GROUP BY day ORDER BY day",
        "SELECT -p AS p, id FROM sales WHERE p > 490 ORDER BY p, id",
        "SELECT id, day + 1 AS later FROM sales WHERE later > 6 AND p > 480 ORDER BY later, id",
        "SELECT day % 3 AS d, sum(k) AS s FROM sales GROUP BY d HAVING s > 10 ORDER BY s DESC, d",
        "SELECT \"day\", [name], `k` FROM sales WHERE \"p\" > 495 ORDER BY \"id\"",
        "SELECT max(p) AS \"max(k)\", max(k) FROM sales GROUP BY name ORDER BY \"max(k)\"",
        "SELECT sum(k) AS k, max(k) AS m FROM sales GROUP BY name ORDER BY k, m",
    };
    MapTest *test = *state;
    query_test_open(test, make_tables);
    for (size_t i = 0; i < sizeof selects / sizeof *selects; i++)
        query_test_expect_divided(test, selects[i], "SELECT");
}

/* Errors of rows that the plain SELECT does not come to, or does. */
static void errors_of_other_rows(void **state)
{
    static const char *const selects[] = {
        "SELECT abs(iif(id = 3990, -9223372036854775808, id)) FROM sales WHERE day > 0 LIMIT 3",
        "SELECT abs(iif(id = 3990, -9223372036854775808, id)) FROM sales WHERE day > 0 ORDER BY id LIMIT 3",
        "SELECT id FROM sales WHERE day = 3 OR abs(iif(day = 3, -9223372036854775808, id)) < 9 ORDER BY id LIMIT 5",
        "SELECT max(iif(day > 7, abs(-9223372036854775808), k)) FROM sales",
    };
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    for (size_t i = 0; i < sizeof selects / sizeof *selects; i++) {
        char *why = NULL;
        query_test_compare(test, selects[i], &why);
        sqlite3_free(why);
    }
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.r USING parallel_query(SELECT day, "
                     "max(abs(iif(id = 3990, -9223372036854775808, id))) FROM sales GROUP BY day)");
    sql_test_expect_error(db, "SELECT * FROM r", SQLITE_ERROR, "integer overflow");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_WITH(selects_left_whole, "threads"),
        MAP_TEST(plans_left_whole),
        MAP_TEST_WITH(aggregates_of_the_host, "threads"),
        MAP_TEST_WITH(names_of_two_meanings, "threads"),
        MAP_TEST_EACH(errors_of_other_rows),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
