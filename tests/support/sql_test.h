/* Help for tests that use the extension as a host does: through a real connection, with pricemap.so loaded.
 *
 * The file to load is what the environment variable PRICEMAP_EXTENSION names; meson sets it. Everything here
 * fails the running cmocka test, at the line that called it, when something is not as expected. Include the
 * cmocka headers before this one.
 *
 * Rows are written as text: values as SQL literals, so that types show, with | between columns and a newline
 * between rows, and none at the end. 1|110.0|'a''b'|x'00ff'|NULL
 * A REAL always has a point or exponent, and enough digits (15 or 17) to be that number again;
 * Infinity is 9e999. A text with a NUL in it is CAST(x'6100' AS TEXT). */
#ifndef SQL_TEST_H
#define SQL_TEST_H

#include <sqlite3.h>

/* Opens a new in-memory database, or the file at `path`, with the extension loaded. Loading of further
 * extensions is off, as in a host that never allowed it. The caller closes it with sql_test_close. */
#define sql_test_open() sql_test_open_at(":memory:", __FILE__, __LINE__)
#define sql_test_open_file(path) sql_test_open_at(path, __FILE__, __LINE__)

/* Opens as sql_test_open_file does, but loads nothing: what a host without the extension sees. */
#define sql_test_open_plain(path) sql_test_open_plain_at(path, __FILE__, __LINE__)

/* Closes, expecting that nothing was left open on it, and clears the caller's pointer. */
#define sql_test_close(db) sql_test_close_at(db, __FILE__, __LINE__)

/* Runs one or more statements that have to succeed; rows are read to the end and dropped. */
#define sql_test_run(db, sql) sql_test_run_at(db, sql, __FILE__, __LINE__)

/* The rows of a single statement that has to succeed, as text. To be freed with sqlite3_free. */
#define sql_test_rows(db, sql) sql_test_rows_at(db, sql, __FILE__, __LINE__)

/* The only value of a single statement, which has to be REAL or INTEGER. */
#define sql_test_real(db, sql) sql_test_real_at(db, sql, __FILE__, __LINE__)
#define sql_test_integer(db, sql) sql_test_integer_at(db, sql, __FILE__, __LINE__)

/* The statement has to give exactly these rows; a single value is a single row of one column. */
#define sql_test_expect(db, sql, rows) sql_test_expect_at(db, sql, rows, __FILE__, __LINE__)

/* The statement has to fail, in preparing or in stepping, with this (primary) result code and exactly this
 * message. Rows before the failure are dropped. */
#define sql_test_expect_error(db, sql, code, message)                                                        \
    sql_test_expect_error_at(db, sql, code, message, __FILE__, __LINE__)

sqlite3 *sql_test_open_at(const char *path, const char *file, int line);
sqlite3 *sql_test_open_plain_at(const char *path, const char *file, int line);
void sql_test_close_at(sqlite3 **db, const char *file, int line);
void sql_test_run_at(sqlite3 *db, const char *sql, const char *file, int line);
char *sql_test_rows_at(sqlite3 *db, const char *sql, const char *file, int line);
double sql_test_real_at(sqlite3 *db, const char *sql, const char *file, int line);
sqlite3_int64 sql_test_integer_at(sqlite3 *db, const char *sql, const char *file, int line);
void sql_test_expect_at(sqlite3 *db, const char *sql, const char *rows, const char *file, int line);
void sql_test_expect_error_at(sqlite3 *db, const char *sql, int code, const char *message, const char *file,
                              int line);

#endif
