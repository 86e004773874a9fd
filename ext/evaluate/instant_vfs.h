/*
 * One instant for a whole map: `'now'` in SQL is the same in every chunk, as it is within one statement.
 * SQLite asks a connection's VFS for the time, so an evaluator's connection gets a copy of the default VFS of
 * its own that answers with the instant that the task brings.
 */
#ifndef PRICEMAP_INSTANT_VFS_H
#define PRICEMAP_INSTANT_VFS_H

#include <stdint.h>

#include "ext/base/sqlite_api.h"

typedef struct InstantVfs {
    sqlite3_vfs vfs; /* first: SQLite hands its address back */
    sqlite3_vfs *base;
    int64_t now; /* Julian-day milliseconds; 0: ask the base VFS. Set it between statements only. */
    char name[48];
} InstantVfs;

/*
 * Opens `name` with the SQLITE_OPEN_ flags `flags`, for one thread at a time, on `instant`, which must
 * outlive it. The VFS is registered only while the connection opens, so nothing of it stays in the process's
 * list. Returns as sqlite3_open_v2 does; *db must be closed in any case.
 */
int instant_vfs_open(InstantVfs *instant, const char *name, int flags, sqlite3 **db);

/* The time of the host's default VFS, in Julian-day milliseconds. */
int64_t instant_now(void);

#endif
