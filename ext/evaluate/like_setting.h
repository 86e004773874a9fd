/*
 * The setting of a connection by which LIKE compares. PRAGMA case_sensitive_like, on or off, replaces the
 * built-in functions by others of SQLite's own, and SQLite lists them as it lists a function of the host; but
 * its planner narrows a LIKE to a range for its own functions alone, and says by the collation of that range
 * how they compare.
 */
#ifndef PRICEMAP_LIKE_SETTING_H
#define PRICEMAP_LIKE_SETTING_H

#include "ext/base/sqlite_api.h"

typedef enum LikeSetting {
    /* LIKE is not SQLite's own, or its comparison is not known. */
    LIKE_UNKNOWN,
    LIKE_NOCASE,
    /* PRAGMA case_sensitive_like is on. */
    LIKE_BINARY,
} LikeSetting;

/*
 * Finds it out by explaining a statement over a table of its own, which stays on the connection. On the
 * connection's thread. SQLITE_OK with *setting set; else SQLITE_NOMEM or SQLITE_INTERRUPT.
 */
int like_setting_read(sqlite3 *db, LikeSetting *setting);

/* Sets a connection that none of the host's is to `setting`, where it has another; LIKE_UNKNOWN changes
   nothing. SQLITE_OK or an error. */
int like_setting_apply(sqlite3 *db, LikeSetting setting);

#endif
