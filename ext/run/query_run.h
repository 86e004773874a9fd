/*
 * The execution of a query: its stages are run by workers and their parts combined, or the statement is run
 * whole on the host's connection, as the user wrote it. Which of the two is settled before the first row is
 * given out; whatever a part runs into, the user sees SQLite's own result or error. On the connection's
 * thread only.
 */
#ifndef PRICEMAP_QUERY_RUN_H
#define PRICEMAP_QUERY_RUN_H

#include "ext/run/query.h"

typedef struct QueryRun QueryRun;

/* Error of a query whose columns are no longer those that its table was declared with. */
extern const char query_has_other_columns[];

/* Starts a run. SQLITE_OK with *out set; else an error of the statement's with *message set (sqlite3_free
 * it), or SQLITE_NOMEM. `query` is copied. */
int query_run_open(const Query *query, QueryRun **out, char **message);

/* Goes to the next row: SQLITE_ROW, SQLITE_DONE, or an error with *message set. */
int query_run_next(QueryRun *run, char **message);

/* Makes a value of the row at which the run is the result of xColumn. SQLITE_OK or an error. */
int query_run_column(const QueryRun *run, sqlite3_context *context, int column);

/* Ends a run at whatever point it is, and writes it into the log. NULL does nothing. */
void query_run_close(QueryRun *run);

#endif
