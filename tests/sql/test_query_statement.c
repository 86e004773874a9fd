/* The SELECT of a query as it is written, and its columns as the host's authorizer lets them be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/query_test.h"

static const char make_tables[] =
    "CREATE TABLE sales(id INTEGER PRIMARY KEY, day INT, name TEXT COLLATE NOCASE);"
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
    "INSERT INTO sales SELECT i, i % 7, 'n' || (i % 10) FROM n;";

/* Comments, semicolons and white space around the SELECT are what they are to SQLite; a last comment may have
   no end. */
static void texts_around_the_select(void **state)
{
    static const char *const texts[] = {
        "%s /* without an end",
        "%s/* without -- an end ;",
        "%s -- to the end",
        "%s--",
        "%s;",
        "%s ; -- after it",
        "%s; /* after it, without an end",
        "%s;;  /* a */ ; ",
        "-- before\n%s",
        "/* before ; */ %s",
        " \n; %s",
        "%s /* a ' */ -- b \"\n /**/",
    };
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = sqlite3_mprintf(texts[i], "SELECT max(day), ';--', '/*' FROM sales");
        char *sql = sqlite3_mprintf("SELECT line FROM parallel_query_plan(%Q) LIMIT 1", text);
        sql_test_expect(db, sql, "'Combine: one group'");
        sqlite3_free(sql);
        sqlite3_free(text);
    }
}

/* In CREATE VIRTUAL TABLE a comment without an end has no bracket after it; what SQLite takes is taken. */
static void texts_of_tables(void **state)
{
    static const char *const texts[] = {
        "SELECT max(day) FROM sales -- to the end\n",
        "SELECT max(day) FROM sales; -- to the end\n",
        "/* before */ SELECT max(day) FROM sales /* after */;",
        "-- before\nSELECT max(day) FROM sales",
        "(SELECT max(day) FROM sales -- to the end\n)",
        "query = (SELECT max(day) FROM sales -- to the end\n), workers = 2",
        "query = (; SELECT max(day) FROM sales;)",
    };
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        map_test_run(db, "CREATE VIRTUAL TABLE temp.q USING parallel_query(%s)", texts[i]);
        sql_test_expect(db, "SELECT * FROM q", "6");
        sql_test_run(db, "DROP TABLE q");
    }
    sql_test_expect_error(
        db, "CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT max(day) FROM sales; SELECT 2)",
        SQLITE_ERROR, "parallel_query: there is more than one statement");
    sql_test_expect_error(db, "SELECT * FROM parallel_query_plan('/* nothing')", SQLITE_ERROR,
                          "parallel_query: there is no statement");
    sql_test_expect_error(db, "SELECT * FROM parallel_query_plan('SELECT 1; SELECT 2')", SQLITE_ERROR,
                          "parallel_query: there is more than one statement");
}

/* ---- ignored columns ---- */

typedef struct Ignored {
    const char *column;
} Ignored;

static int ignore(void *arg, int action, const char *first, const char *second, const char *schema,
                  const char *trigger)
{
    const Ignored *ignored = arg;
    (void)schema;
    (void)trigger;
    bool read = action == SQLITE_READ && first && second && !strcmp(first, "sales");
    return read && ignored->column && !strcmp(second, ignored->column) ? SQLITE_IGNORE : SQLITE_OK;
}

/* A column of the result that an authorizer ignores, which was set after the table was made, is NULL as in
   the plain SELECT, and a value again without the authorizer. */
static void columns_ignored_later(void **state)
{
    static const char *const selects[] = {
        "SELECT day, count(*), max(name) FROM sales GROUP BY day ORDER BY 1",
        "SELECT id, sales.day, name FROM sales WHERE day < 2 ORDER BY id LIMIT 30",
        "SELECT DISTINCT name FROM sales ORDER BY name",
        "SELECT sum(day + id), min(name) FROM sales",
        "SELECT day, name FROM sales WHERE id < 3 UNION ALL SELECT name, day FROM sales WHERE id > 4998",
        "SELECT name AS n, day + 1 FROM sales WHERE id < 9",
    };
    static const char *const columns[] = {"day", "name", "id", NULL};
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    for (size_t i = 0; i < sizeof selects / sizeof *selects; i++) {
        Ignored ignored = {NULL};
        map_test_run(db, "CREATE VIRTUAL TABLE temp.q USING parallel_query(%s)", selects[i]);
        for (size_t j = 0; j < sizeof columns / sizeof *columns; j++) {
            ignored.column = columns[j];
            sqlite3_set_authorizer(db, ignore, &ignored);
            char *plain = sql_test_rows(db, selects[i]), *rows = sql_test_rows(db, "SELECT * FROM q");
            if (strcmp(plain, rows) != 0)
                fail_msg("%s\n  without %s gives\n%s\n  and by workers\n%s", selects[i],
                         columns[j] ? columns[j] : "nothing", plain, rows);
            sqlite3_free(plain);
            sqlite3_free(rows);
        }
        sqlite3_set_authorizer(db, NULL, NULL);
        sql_test_run(db, "DROP TABLE q");
    }
}

/* A table that was made anew with other columns is no ignored one. */
static void columns_of_another_table(void **state)
{
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    sql_test_run(db, "CREATE VIRTUAL TABLE temp.q USING parallel_query(SELECT day, name FROM sales);"
                     "DROP TABLE sales; CREATE TABLE sales(id INTEGER PRIMARY KEY, day, name)");
    sql_test_expect_error(
        db, "SELECT * FROM q", SQLITE_ERROR,
        "parallel_query: the query has other columns than this table by now: drop the table "
        "and create it again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(texts_around_the_select),
        MAP_TEST_EACH(texts_of_tables),
        MAP_TEST_EACH(columns_ignored_later),
        MAP_TEST(columns_of_another_table),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
