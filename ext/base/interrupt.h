/*
 * Asking a connection whether it was interrupted, where its SQLite can tell: 3.41 and later. A host may be
 * older or newer than the headers that this is compiled with.
 */
#ifndef PRICEMAP_INTERRUPT_H
#define PRICEMAP_INTERRUPT_H

#include <stdbool.h>

#include "ext/base/sqlite_api.h"

#if SQLITE_VERSION_NUMBER < 3041000 && SQLITE_VERSION_NUMBER >= 3040000 && !defined SQLITE_CORE
/* The table of functions only ever grows at its end, and this is what 3.41 added to that of 3.40. */
typedef struct RoutinesOf341 {
    sqlite3_api_routines of_340;
    int (*is_interrupted)(sqlite3 *);
} RoutinesOf341;
#endif

/* Whether connection_is_interrupted may be called: the table of an older SQLite ends too early. */
static inline bool interrupted_can_be_asked(void)
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

#endif
