#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/sql_test.h"

/* Prints what happened and fails the running test: cmocka's _fail leaves it by longjmp, so that nothing
 * after a call of this runs. */
__attribute__((format(printf, 3, 4))) static void fail_at(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    print_error("%s\n", message ? message : "out of memory");
    sqlite3_free(message);
    _fail(file, line);
}

static void expect_ok(sqlite3 *db, int rc, const char *what, const char *file, int line)
{
    if (rc != SQLITE_OK)
        fail_at(file, line, "%s\n    failed with %d: %s", what, rc, sqlite3_errmsg(db));
}

sqlite3 *sql_test_open_plain_at(const char *path, const char *file, int line)
{
    sqlite3 *db = NULL;
    expect_ok(db, sqlite3_open(path, &db), path, file, line);
    return db;
}

sqlite3 *sql_test_open_at(const char *path, const char *file, int line)
{
    const char *extension = getenv("PRICEMAP_EXTENSION");
    if (!extension)
        fail_at(file, line, "PRICEMAP_EXTENSION is not set: it has to name the pricemap.so to test");
    sqlite3 *db = sql_test_open_plain_at(path, file, line);
    char *error = NULL;
    expect_ok(db, sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)NULL),
              "allowing extensions", file, line);
    int rc = sqlite3_load_extension(db, extension, NULL, &error);
    if (rc != SQLITE_OK)
        fail_at(file, line, "loading %s failed with %d: %s", extension, rc, error ? error : "no message");
    expect_ok(db, sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, (int *)NULL),
              "forbidding extensions", file, line);
    return db;
}

void sql_test_close_at(sqlite3 **db, const char *file, int line)
{
    expect_ok(*db, sqlite3_close(*db), "closing the connection", file, line);
    *db = NULL;
}

void sql_test_run_at(sqlite3 *db, const char *sql, const char *file, int line)
{
    expect_ok(db, sqlite3_exec(db, sql, NULL, NULL, NULL), sql, file, line);
}

/* Prepares the only statement in `sql`; fails the test where there is none or more than one. */
static sqlite3_stmt *prepare_only(sqlite3 *db, const char *sql, const char *file, int line)
{
    sqlite3_stmt *statement = NULL;
    const char *tail = NULL;
    expect_ok(db, sqlite3_prepare_v2(db, sql, -1, &statement, &tail), sql, file, line);
    if (!statement || tail[strspn(tail, "; \n\t")] != 0) {
        sqlite3_finalize(statement);
        fail_at(file, line, "%s\n    is not a single statement", sql);
    }
    return statement;
}

static void append_real(sqlite3_str *out, double number)
{
    char digits[40];
    if (isinf(number)) {
        sqlite3_str_appendall(out, number > 0 ? "9e999" : "-9e999");
        return;
    }
    snprintf(digits, sizeof digits, "%.15g", number);
    if (strtod(digits, NULL) != number)
        snprintf(digits, sizeof digits, "%.17g", number);
    int looks_whole = digits[strspn(digits, "-0123456789")] == 0;
    sqlite3_str_appendf(out, "%s%s", digits, looks_whole ? ".0" : "");
}

static void append_blob(sqlite3_str *out, const unsigned char *blob, int bytes)
{
    sqlite3_str_appendall(out, "x'");
    for (int i = 0; i < bytes; i++)
        sqlite3_str_appendf(out, "%02x", blob[i]);
    sqlite3_str_appendall(out, "'");
}

/* A text with a NUL in it has no literal. */
static void append_text(sqlite3_str *out, const unsigned char *text, int bytes)
{
    if (!memchr(text, 0, (size_t)bytes)) {
        sqlite3_str_appendf(out, "'%q'", text);
        return;
    }
    sqlite3_str_appendall(out, "CAST(");
    append_blob(out, text, bytes);
    sqlite3_str_appendall(out, " AS TEXT)");
}

static void append_value(sqlite3_str *out, sqlite3_stmt *statement, int column)
{
    const unsigned char *bytes;
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        sqlite3_str_appendf(out, "%lld", sqlite3_column_int64(statement, column));
        break;
    case SQLITE_FLOAT:
        append_real(out, sqlite3_column_double(statement, column));
        break;
    case SQLITE_TEXT:
        bytes = sqlite3_column_text(statement, column);
        append_text(out, bytes, sqlite3_column_bytes(statement, column));
        break;
    case SQLITE_BLOB:
        bytes = sqlite3_column_blob(statement, column);
        append_blob(out, bytes, sqlite3_column_bytes(statement, column));
        break;
    default:
        sqlite3_str_appendall(out, "NULL");
    }
}

char *sql_test_rows_at(sqlite3 *db, const char *sql, const char *file, int line)
{
    sqlite3_stmt *statement = prepare_only(db, sql, file, line);
    sqlite3_str *out = sqlite3_str_new(db);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        if (sqlite3_str_length(out) > 0)
            sqlite3_str_appendall(out, "\n");
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            if (i > 0)
                sqlite3_str_appendall(out, "|");
            append_value(out, statement, i);
        }
    }
    int failed = sqlite3_str_errcode(out);
    char *rows = sqlite3_str_finish(out);
    int rc = sqlite3_finalize(statement);
    if (rc != SQLITE_OK)
        sqlite3_free(rows);
    expect_ok(db, rc, sql, file, line);
    if (failed)
        fail_at(file, line, "%s\n    gives too many rows to write as text (error %d)", sql, failed);
    return rows ? rows : sqlite3_mprintf("");
}

/* The only value of `sql`, which has to be of type `type`. To be freed with sqlite3_value_free. */
static sqlite3_value *only_value(sqlite3 *db, const char *sql, int type, const char *file, int line)
{
    sqlite3_stmt *statement = prepare_only(db, sql, file, line);
    sqlite3_value *value = NULL;
    int rows = 0;
    int columns = sqlite3_column_count(statement);
    for (; sqlite3_step(statement) == SQLITE_ROW; rows++)
        if (!value)
            value = sqlite3_value_dup(sqlite3_column_value(statement, 0));
    expect_ok(db, sqlite3_finalize(statement), sql, file, line);
    if (rows != 1 || columns != 1 || !value || sqlite3_value_type(value) != type)
        fail_at(file, line, "%s\n    gives %d rows of %d columns; expected one %s", sql, rows, columns,
                type == SQLITE_FLOAT ? "REAL" : "INTEGER");
    return value;
}

double sql_test_real_at(sqlite3 *db, const char *sql, const char *file, int line)
{
    sqlite3_value *value = only_value(db, sql, SQLITE_FLOAT, file, line);
    double number = sqlite3_value_double(value);
    sqlite3_value_free(value);
    return number;
}

sqlite3_int64 sql_test_integer_at(sqlite3 *db, const char *sql, const char *file, int line)
{
    sqlite3_value *value = only_value(db, sql, SQLITE_INTEGER, file, line);
    sqlite3_int64 number = sqlite3_value_int64(value);
    sqlite3_value_free(value);
    return number;
}

void sql_test_expect_at(sqlite3 *db, const char *sql, const char *rows, const char *file, int line)
{
    char *found = sql_test_rows_at(db, sql, file, line);
    if (strcmp(found, rows) != 0)
        fail_at(file, line, "%s\n    gives\n%s\n    expected\n%s", sql, found, rows);
    sqlite3_free(found);
}

void sql_test_expect_error_at(sqlite3 *db, const char *sql, int code, const char *message, const char *file,
                              int line)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK) {
        while (sqlite3_step(statement) == SQLITE_ROW)
            ;
        rc = sqlite3_finalize(statement);
    }
    const char *found = rc == SQLITE_OK ? "no error" : sqlite3_errmsg(db);
    if ((rc & 0xff) != code || strcmp(found, message) != 0)
        fail_at(file, line, "%s\n    gives error %d\n%s\n    expected %d\n%s", sql, rc, found, code, message);
}
