/*
 * Whether a connection was interrupted. SQLite 3.41 and later have a call for it; with an older one only the
 * host's own thread can find out, by stepping a statement. A host may be older or newer than the headers that
 * this is compiled with.
 */
#ifndef PRICEMAP_INTERRUPT_H
#define PRICEMAP_INTERRUPT_H

#include <stdbool.h>

#include "ext/base/sqlite_api.h"

#if SQLITE_VERSION_NUMBER < 3041000 && SQLITE_VERSION_NUMBER >= 3040000 && !defined SQLITE_CORE
/* SQLite's table of functions only ever grows at its end; 3.41 added this one to the table of 3.40. */
typedef struct RoutinesOf341 {
    sqlite3_api_routines of_340;
    int (*is_interrupted)(sqlite3 *);
} RoutinesOf341;
#endif

/* Whether connection_is_interrupted may be called: the table of an older SQLite ends too early. */
static inline bool interrupt_can_be_read(void)
{
#if SQLITE_VERSION_NUMBER >= 3041000 || (SQLITE_VERSION_NUMBER >= 3040000 && !defined SQLITE_CORE)
    return sqlite3_libversion_number() >= 3041000;
#else
    return false;
#endif
}

/* Whether `db`, an sqlite3, is interrupted. On any thread, as long as the connection is open. */
static inline int connection_is_interrupted(void *db)
{
#if SQLITE_VERSION_NUMBER >= 3041000
    return sqlite3_is_interrupted(db);
#elif SQLITE_VERSION_NUMBER >= 3040000 && !defined SQLITE_CORE
    return ((const RoutinesOf341 *)(const void *)sqlite3_api)->is_interrupted(db);
#else
    (void)db;
    return 0;
#endif
}

/*
 * Prepares an interrupt probe: a statement of the connection, SELECT 1, that fails when it is stepped after
 * an interrupt. SQLITE_OK or an error whose text is the connection's; the caller's to finalize. The functions
 * of a probe are for the connection's thread only.
 */
int interrupt_probe_prepare(sqlite3 *db, sqlite3_stmt **probe);

/* Whether the probe's connection was interrupted. One step, which costs less than a microsecond. */
bool host_interrupted(sqlite3_stmt *probe);

/* As host_interrupted, by so many steps that a progress handler of the host, which counts instructions of
 * SQLite, is called as well: for a host that waits. */
bool host_interrupted_or_handled(sqlite3_stmt *probe);

#endif
