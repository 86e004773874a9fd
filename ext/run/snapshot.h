/*
 * The host's view of a database file, held still so that workers can read the same file themselves. Only
 * where it is provable that they see what the host sees:
 *
 * - Rollback journal: while the host holds its SHARED lock nobody else can write the file, so its bytes are
 * the host's view as long as the host itself has changed nothing. Workers read the file without locks
 * (immutable), so they never stand in the way of a commit of the host's.
 * - WAL: a second connection of ours, the sentinel, sees whether anything was committed since before the
 * host's view began. As long as nothing was, a view that a worker began meanwhile is the host's.
 *
 * Whether that still holds is asked (snapshot_holds) before anything that a worker read is used. On the
 * connection's thread only.
 */
#ifndef PRICEMAP_SNAPSHOT_H
#define PRICEMAP_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"

typedef struct Snapshot Snapshot;

/*
 * Begins to hold the host's view of the database in which `table` lies (`schema` NULL: where SQLite would
 * find it), whose rowid goes by the name `rowid`, which no column of it hides. SQLITE_OK with *out NULL and
 * *why set when workers must not read it: `why` is a constant text. SQLITE_OK with *out set: until
 * snapshot_release the host is in a read transaction on it. An error: of the host's own reading, as
 * SQLITE_BUSY; its text is the connection's.
 */
int snapshot_pin(sqlite3 *db, const char *schema, const char *table, const char *rowid, Snapshot **out,
                 const char **why);

/* Whether all that workers read from the file up to now is the host's view. Costs a few microseconds. */
bool snapshot_holds(Snapshot *snapshot);

/* Whether a worker's view, once it is proven, stays what it is whatever is written to the file (WAL). */
bool snapshot_views_last(const Snapshot *snapshot);

/* The schema in which the table is, as the host calls it. */
const char *snapshot_schema(const Snapshot *snapshot);

/* The URI by which a worker opens the file for reading, and the least and greatest rowid of the table. */
const char *snapshot_uri(const Snapshot *snapshot);
void snapshot_bounds(const Snapshot *snapshot, int64_t *least, int64_t *greatest);

/* Ends it. NULL does nothing. */
void snapshot_release(Snapshot *snapshot);

#endif
