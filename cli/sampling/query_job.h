/* A whole SELECT to be timed: as SQLite itself runs it, or divided among workers by parallel_query.
 *
 * The executor "serial" is the plain SELECT: what every divided form is compared with. */
#ifndef PRICEREPORT_QUERY_JOB_H
#define PRICEREPORT_QUERY_JOB_H

#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

enum { QUERY_TEXT_SIZE = 64 };

/* How one query is executed. */
typedef struct QueryJob {
    /* Text as the user wrote it; borrowed. */
    const char *query;
    const char *executor;
    /* Workers; 0: the extension's default. */
    int64_t workers;
    /* Number that no other query of the connection has: its table is named after it. */
    size_t number;
} QueryJob;

/* Prepares the query, which has to be one SELECT without parameters; for an executor that divides it the
 * connection, which has the extension, gets a temporary table. Returns 0 and the statement, to be finalized;
 * or -1 with the failure set. */
int query_job_prepare(sqlite3 *db, const QueryJob *job, sqlite3_stmt **statement, Failure *failure);

/* Prepares the same rows in the order of all their columns, of a query that was prepared, so that two
 * executors can be compared. */
int query_job_prepare_sorted(sqlite3 *db, const QueryJob *job, sqlite3_stmt **statement, Failure *failure);

/* Executes the statement to its end: every value is read. Returns the number of rows, or -1 after an error,
 * which the connection has. The statement is reset. */
int64_t query_job_execute(sqlite3_stmt *statement);

/* Writes the reason for which the newest query of the connection ran whole; "": it was divided, or there
 * was none. */
int query_job_whole(sqlite3 *db, char *reason, size_t size, Failure *failure);

#endif
