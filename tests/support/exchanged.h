/* Files and rows for tests of import, merge and export: pricereport.db in the current folder, and files of
 * fixtures/. Everything fails the running cmocka test where it does not hold. Include the cmocka headers
 * before this one. */
#ifndef EXCHANGED_H
#define EXCHANGED_H

#include "tests/support/command.h"

/* The only value of a query, on a file or on pricereport.db. */
void expect_integer_in(const char *file, const char *sql, sqlite3_int64 expected);
void expect_integer(const char *sql, sqlite3_int64 expected);
void expect_text(const char *sql, const char *expected);

/* The value of an SQL expression over the JSON text, which is the column j. */
void expect_of(const char *text, const char *expression, const char *expected);

/* Expects success, and frees the outcome. */
void succeed(Outcome outcome);

/* A file of fixtures/, copied into the current folder under its own name, which is returned. */
const char *fixture(const char *name);

/* A JSON fixture with the value at a path replaced by another JSON value, or removed where that is NULL. */
void changed_fixture(const char *name, const char *path, const char *json, const char *to);

#endif
