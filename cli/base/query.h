/* Statements of the embedded SQL, prepared and bound in one call. */
#ifndef PRICEREPORT_QUERY_H
#define PRICEREPORT_QUERY_H

#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

/* Prepares the first statement of `sql` and binds its parameters in order, one per letter of `types`:
 * t  const char *, NULL for NULL; it has to live until the statement is finalized
 * i  int64_t
 * o  int64_t, NULL where it is negative
 * d  double, NULL where it is not finite
 * n  NULL; no argument
 * Parameters that the statement does not have are left out. Returns 0 and the statement, which the caller
 * finalizes, or -1 with the failure set. */
int query_prepare(sqlite3 *db, sqlite3_stmt **statement, Failure *failure, const char *sql, const char *types,
                  ...);

/* The same, then runs it to its end. With `integer`, the first column of the first row goes there; a
 * statement that gives no row leaves it alone. */
int query_run(sqlite3 *db, int64_t *integer, Failure *failure, const char *sql, const char *types, ...);

/* The same, but gives the first column of the first row as text, to be freed with sqlite3_free; NULL where
 * there is none. */
int query_text(sqlite3 *db, char **text, Failure *failure, const char *sql, const char *types, ...);

/* Steps a statement. Returns 1 for a row, 0 at the end, or -1 with the failure set. */
int query_next(sqlite3_stmt *statement, Failure *failure);

/* Counts the rows that a statement gives, and resets it: for what needs room for all of them. Another process
 * may write meanwhile, so that the next run may give more. Returns 0, or -1 with the failure set. */
int query_count(sqlite3_stmt *statement, size_t *rows, Failure *failure);

/* Reads the first column of the rows of `sql`, whose ?1 is `id`, as numbers, to be freed also after a
 * failure. */
int query_numbers(sqlite3 *db, double **numbers, size_t *count, Failure *failure, const char *sql,
                  int64_t id);

/* Runs every statement of `sql`, without parameters. */
int query_script(sqlite3 *db, const char *sql, Failure *failure);

/* Copies the whole database that `from` has as main into the schema of another connection, a temporary one.
 */
int query_copy(sqlite3 *db, const char *schema, sqlite3 *from, Failure *failure);

/* Begins a transaction that writes. Returns 0, or -1 with the failure set. */
int query_begin(sqlite3 *db, Failure *failure);

/* Ends it: commits where `result` is 0, else, or where that fails, rolls back. Returns `result`, or -1 with
 * the failure set. */
int query_end(sqlite3 *db, int result, Failure *failure);

/* Sets the failure to what SQLite says about this connection's database. */
void query_explain(sqlite3 *db, Failure *failure);

/* The same, for a function that ends with it. */
static inline int query_fail(sqlite3 *db, Failure *failure)
{
    query_explain(db, failure);
    return failure_value();
}

#endif
