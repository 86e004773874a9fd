/*
 * The limits of a connection (sqlite3_limit). A host may set them low for its own statements. The statements
 * that pricemap prepares on the host's connection are longer than the user's text, so that the limits are
 * lifted for them, and put back before the user's own text is prepared or run. On the connection's thread.
 */
#ifndef PRICEMAP_SQLITE_LIMITS_H
#define PRICEMAP_SQLITE_LIMITS_H

#include "ext/base/sqlite_api.h"

enum { SQLITE_LIMITS = SQLITE_LIMIT_WORKER_THREADS + 1 };

typedef struct SqliteLimits {
    /* Values, by SQLITE_LIMIT_ code. */
    int values[SQLITE_LIMITS];
} SqliteLimits;

/* Reads the limits of the connection. */
void limits_read(sqlite3 *db, SqliteLimits *limits);

/* Lifts what bounds a statement's text and program, as far as SQLite was compiled to, and keeps in `own` what
   was there for limits_restore. */
void limits_lift(sqlite3 *db, SqliteLimits *own);

/* Puts back what limits_lift or limits_read found. */
void limits_restore(sqlite3 *db, const SqliteLimits *own);

/* The host's limit with the room that a worker needs for what stands around a map; INT_MAX at the most. A
   negative limit, which sets none, stays as it is. */
int limit_raised(int code, int limit);

#endif
