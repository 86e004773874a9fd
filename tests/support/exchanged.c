#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/support/exchanged.h"

static const char db[] = "pricereport.db";

void expect_integer_in(const char *file, const char *sql, sqlite3_int64 expected)
{
    sqlite3_int64 found = command_integer(file, sql);
    if (found != expected)
        fail_msg("%s: %s: %lld, expected %lld", file, sql, (long long)found, (long long)expected);
}

void expect_integer(const char *sql, sqlite3_int64 expected)
{
    expect_integer_in(db, sql, expected);
}

void expect_text(const char *sql, const char *expected)
{
    char *found = command_text(db, sql);
    assert_string_equal(found, expected);
    sqlite3_free(found);
}

void succeed(Outcome outcome)
{
    command_expect_success(&outcome);
    command_free(&outcome);
}

const char *fixture(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/fixtures/%s", getenv("PRICEREPORT_CLI_TESTS"), name);
    char *text = command_read_file(path);
    command_write_file(name, text);
    free(text);
    return name;
}

void changed_fixture(const char *name, const char *path, const char *json, const char *to)
{
    char *text = command_read_file(fixture(name));
    char *sql = json ? sqlite3_mprintf("SELECT json_set(%Q, %Q, json(%Q))", text, path, json)
                     : sqlite3_mprintf("SELECT json_remove(%Q, %Q)", text, path);
    char *changed = command_text(":memory:", sql);
    command_write_file(to, changed);
    sqlite3_free(changed);
    sqlite3_free(sql);
    free(text);
}

void expect_of(const char *text, const char *expression, const char *expected)
{
    char *sql = sqlite3_mprintf("WITH t(j) AS (SELECT %Q) SELECT %s FROM t", text, expression);
    char *found = command_text(":memory:", sql);
    assert_string_equal(found, expected);
    sqlite3_free(found);
    sqlite3_free(sql);
}
