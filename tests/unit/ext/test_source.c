/* Sources: what a text names, whether it has rowids and by which name, and the statement that reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/engine_parts.h"
#include "ext/plan/source.h"

static sqlite3 *open_schema(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(
            db,
            "CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 'x'), (2, 'y');"
            "CREATE TABLE k(a PRIMARY KEY) WITHOUT ROWID; CREATE VIEW v AS SELECT a FROM t;"
            "CREATE TABLE h1(rowid); CREATE TABLE h2(rowid, _rowid_); CREATE TABLE h3(rowid, _rowid_, OID);"
            "CREATE TABLE \"od\"\"d\"(\"c\"\"1\", \"\");"
            "CREATE TEMP TABLE s(z); ATTACH ':memory:' AS other; CREATE TABLE other.o(p, q);",
            NULL, NULL, NULL),
        SQLITE_OK);
    return db;
}

static Source resolve(sqlite3 *db, const char *text)
{
    Source source;
    char *message = NULL;
    if (source_resolve(db, text, &source, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
    return source;
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *text, *alias, *rowid;
        int columns;
        bool named;
    } cases[] = {
        {"t", "t", "rowid", 2, true},
        {"main.t", "t", "rowid", 2, true},
        {"\"t\"", "t", "rowid", 2, true},
        {"k", "k", NULL, 1, true},
        {"v", "v", NULL, 1, true},
        {"h1", "h1", "_rowid_", 1, true},
        {"h2", "h2", "oid", 2, true},
        {"h3", "h3", NULL, 3, true},
        {"\"od\"\"d\"", "od\"d", "rowid", 2, true},
        {"temp.s", "s", "rowid", 1, true},
        {"other.o", "o", "rowid", 2, true},
        {"o", "o", "rowid", 2, true},
        {"SELECT a FROM t", "source", NULL, 1, false},
        {"VALUES (1, 2)", "source", NULL, 2, false},
        {" with w AS (SELECT 1) SELECT * FROM w ; ", "source", NULL, 1, false},
    };
    sqlite3 *db = open_schema();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Source source = resolve(db, cases[i].text);
        assert_string_equal(source.alias, cases[i].alias);
        assert_int_equal(source.columns.count, cases[i].columns);
        assert_non_null(source.from);
        assert_int_equal(source.select == NULL, cases[i].named);
        if (cases[i].rowid)
            assert_string_equal(source.rowid, cases[i].rowid);
        else
            assert_null(source.rowid);
        source_free(&source);
        source_free(&source);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The feed gives the requested inputs, wherever index_of says they are. */
static void feeds(void **state)
{
    (void)state;
    sqlite3 *db = open_schema();
    static const char *const texts[] = {"t", "SELECT a, b FROM t ORDER BY a DESC"};
    for (int i = 0; i < 2; i++) {
        Source source = resolve(db, texts[i]);
        const int inputs[] = {1, 0, -1};
        int *index_of, count = i ? 2 : 3;
        char *sql = source_feed_sql(&source, inputs, count, &index_of);
        sqlite3_stmt *statement;
        assert_non_null(sql);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(statement, index_of[0]), i ? "y" : "x");
        assert_int_equal(sqlite3_column_int(statement, index_of[1]), i ? 2 : 1);
        if (!i)
            assert_int_equal(sqlite3_column_int64(statement, index_of[2]), 1);
        sqlite3_finalize(statement);
        sqlite3_free(sql);
        free(index_of);
        source_free(&source);
    }
    Source source = resolve(db, "k");
    int *index_of;
    char *sql = source_feed_sql(&source, NULL, 0, &index_of);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_free(sql);
    free(index_of);
    source_free(&source);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void errors(void **state)
{
    (void)state;
    static const char *const bad[] = {"nothing",   "main.nothing",
                                      "no.t",      "DELETE FROM t",
                                      "SELECT",    "SELECT 1; SELECT 2",
                                      "SELECT ?",  "",
                                      "1",         "WITH x AS (SELECT 1) UPDATE t SET a = 1",
                                      "SELECT 1)", "(t"};
    sqlite3 *db = open_schema();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Source source;
        char *message = NULL;
        assert_int_equal(source_resolve(db, bad[i], &source, &message), SQLITE_ERROR);
        assert_non_null(message);
        assert_null(source.select);
        assert_null(source.columns.items);
        sqlite3_free(message);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(feeds),
                                       cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
