/* Statements of the embedded SQL, prepared and bound in one call. */
#ifndef PRICEREPORT_QUERY_H
#define PRICEREPORT_QUERY_H

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

/* Runs every statement of `sql`, without parameters. */
int query_script(sqlite3 *db, const char *sql, Failure *failure);

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
