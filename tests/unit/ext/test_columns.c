/* Names, affinities and collations of a query's columns, as SQL sees them. The oracle: the same query as a
 * view, whose columns are compared by SQLite itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ext/base/sqlite_api.h"
#include "ext/plan/columns.h"
#include "ext/plan/lost_subtypes.h"
#include "tests/support/engine_parts.h"

static sqlite3 *open_schema(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TABLE t(i INTEGER, r REAL, x TEXT, n NUMERIC, b BLOB, a, nc TEXT "
                                  "COLLATE NOCASE, rt COLLATE RTRIM,"
                                  " \"q\"\"u\", \"\");"
                                  "CREATE INDEX by_i ON t(i); CREATE INDEX by_nc ON t(nc, i);"
                                  "CREATE VIEW v AS SELECT i, nc AS m, x || '' AS e FROM t;",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    return db;
}

static int describe(sqlite3 *db, const char *select, ColumnList *columns)
{
    char *from = sqlite3_mprintf("(%s\n)", select);
    int rc = columns_describe(db, from, columns);
    sqlite3_free(from);
    return rc;
}

/* "name:TYPE:COLLATION name:…" */
static char *described(sqlite3 *db, const char *select)
{
    ColumnList columns;
    sqlite3_str *text = sqlite3_str_new(db);
    int rc = describe(db, select, &columns);
    if (rc != SQLITE_OK)
        fail_msg("%s: %s", select, sqlite3_errmsg(db));
    for (int i = 0; i < columns.count; i++)
        sqlite3_str_appendf(text, "%s%s:%s:%s", i ? " " : "", columns.items[i].name, columns.items[i].type,
                            columns.items[i].collation ? columns.items[i].collation : "");
    columns_free(&columns);
    columns_free(&columns);
    return sqlite3_str_finish(text);
}

static void queries(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"SELECT * FROM t", "i:INT: r:REAL: x:TEXT: n:NUM: b:: a:: nc:TEXT:NOCASE rt::RTRIM q\"u:: ::"},
        {"SELECT nc, i FROM t WHERE i = 5 AND nc = 'x'", "nc:TEXT:NOCASE i:INT:"},
        {"SELECT i, nc FROM t ORDER BY nc LIMIT 1", "i:INT: nc:TEXT:NOCASE"},
        {"SELECT DISTINCT nc FROM t", "nc:TEXT:NOCASE"},
        {"SELECT CAST(a AS INT) AS c, CAST(a AS TEXT) AS d, CAST(a AS REAL) AS e, CAST(a AS NUMERIC) AS f "
         "FROM t",
         "c:INT: d:TEXT: e:REAL: f:NUM:"},
        {"SELECT 1 AS one, 'x' AS x, NULL AS n, 1.5, x'00'", "one:: x:: n:: 1.5:: x'00'::"},
        {"SELECT i + 1 AS s, +i AS p, x || x AS c, i COLLATE NOCASE AS k FROM t", "s:: p:: c:: k:INT:NOCASE"},
        {"SELECT * FROM v", "i:INT: m:TEXT:NOCASE e::"},
        {"WITH w(a, b) AS MATERIALIZED (SELECT nc, i FROM t) SELECT b, a FROM w", "b:INT: a:TEXT:NOCASE"},
        {"SELECT a.i, b.nc FROM t AS a LEFT JOIN t AS b USING (i)", "i:INT: nc:TEXT:NOCASE"},
        {"SELECT 1 AS a, 2 AS a, 3 AS A", "a:: a:1:: A:2::"},
        {"SELECT 1 AS one -- a comment", "one::"},
    };
    sqlite3 *db = open_schema();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *found = described(db, cases[i][0]);
        if (strcmp(found, cases[i][1]) != 0)
            fail_msg("%s\n    is %s\n    expected %s", cases[i][0], found, cases[i][1]);
        sqlite3_free(found);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* However many columns, and whatever the host allows. */
static void many_columns(void **state)
{
    (void)state;
    sqlite3 *db = open_schema();
    sqlite3_str *text = sqlite3_str_new(db);
    sqlite3_str_appendall(text, "SELECT i");
    for (int i = 1; i < 2000; i++)
        sqlite3_str_appendf(text, ", %s AS c%d", i % 2 ? "nc" : "r", i);
    sqlite3_str_appendall(text, " FROM t");
    char *select = sqlite3_str_finish(text);
    ColumnList columns;
    sqlite3_limit(db, SQLITE_LIMIT_VARIABLE_NUMBER, 1);
    assert_int_equal(describe(db, select, &columns), SQLITE_OK);
    assert_int_equal(sqlite3_limit(db, SQLITE_LIMIT_VARIABLE_NUMBER, -1), 1);
    assert_int_equal(columns.count, 2000);
    assert_string_equal(columns.items[0].type, "INT");
    for (int i = 1; i < 2000; i++) {
        assert_string_equal(columns.items[i].type, i % 2 ? "TEXT" : "REAL");
        assert_int_equal(columns.items[i].collation != NULL, i % 2);
    }
    columns_free(&columns);
    sqlite3_free(select);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void errors(void **state)
{
    (void)state;
    sqlite3 *db = open_schema();
    static const char *const bad[] = {"SELECT nothing FROM t", "SELECT 1)", "DELETE FROM t", "",
                                      "SELECT 'open"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ColumnList columns;
        assert_int_equal(describe(db, bad[i], &columns), SQLITE_ERROR);
        assert_int_equal(columns.count, 0);
        assert_null(columns.items);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static const sqlite3_api_routines *library;

/* The host is interrupted while a program is read. */
static const unsigned char *interrupting_text(sqlite3_stmt *statement, int column)
{
    if (!strncmp(library->sql(statement), "EXPLAIN", 7))
        library->interruptx(library->db_handle(statement));
    return library->column_text(statement, column);
}

/* A program that cannot be read to its end says nothing about the columns. */
static void interrupted(void **state)
{
    (void)state;
    sqlite3 *db = open_schema();
    sqlite3_stmt *busy;
    ColumnList columns;
    /* An interrupt lasts as long as a statement runs. */
    assert_int_equal(sqlite3_prepare_v2(db, "VALUES (1), (2)", -1, &busy, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(busy), SQLITE_ROW);
    /* After the first instruction of the program. */
    library = sqlite3_api;
    sqlite3_api_routines interrupting = *library;
    interrupting.column_text = interrupting_text;
    sqlite3_api = &interrupting;
    assert_int_equal(describe(db, "SELECT nc FROM t", &columns), SQLITE_INTERRUPT);
    assert_null(columns.items);
    sqlite3_api = library;
    char from[] = "(SELECT nc FROM t)";
    bool *lost = NULL;
    assert_int_equal(lost_subtypes_find(db, &(Source){.from = from}, false, NULL, 0, &lost),
                     SQLITE_INTERRUPT);
    free(lost);
    sqlite3_finalize(busy);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void declarations(void **state)
{
    (void)state;
    char name_a[] = "a\"b", name_b[] = "", collation[] = "NO\"CASE";
    Column items[] = {{name_a, "INT", NULL, false}, {name_b, "TEXT", collation, false}};
    ColumnList columns = {items, 2};
    assert_false(columns_need_view(&columns));
    items[0].no_affinity = true;
    assert_true(columns_need_view(&columns));
    char *text = columns_view(&columns, "v\"w", "chunk");
    assert_string_equal(text, "CREATE TEMP VIEW \"v\"\"w\"(\"a\"\"b\", \"\") AS"
                              " SELECT +\"a\"\"b\" AS \"a\"\"b\", \"\" FROM \"chunk\"");
    sqlite3_free(text);
    text = columns_subquery(&columns, "chunk");
    assert_string_equal(text, "(SELECT +\"a\"\"b\" AS \"a\"\"b\", \"\" FROM \"chunk\")");
    sqlite3_free(text);
    text = columns_declare(&columns, true);
    assert_string_equal(text, "CREATE TABLE x(\"a\"\"b\" INT, \"\" TEXT COLLATE \"NO\"\"CASE\")");
    sqlite3_free(text);
    text = columns_declare(&columns, false);
    assert_non_null(strstr(text, "HIDDEN"));
    assert_non_null(strstr(text, "WITHOUT ROWID"));
    sqlite3_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries),     cmocka_unit_test(many_columns), cmocka_unit_test(errors),
        cmocka_unit_test(interrupted), cmocka_unit_test(declarations),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
