/*
 * The host's view of a database file, held so that workers can read the same file themselves. It is held only
 * where workers provably see what the host sees:
 *
 * - Rollback journal: while the host holds its SHARED lock no other connection can write the file, so its
 * bytes are the host's view as long as the host itself has changed nothing. Workers read the file without
 * locks (immutable), so they never block a commit of the host.
 * - WAL: a second connection, the sentinel, sees whether anything was committed since before the host's view
 * began. As long as nothing was committed, a view that a worker began meanwhile is the same as the host's.
 *
 * The run calls snapshot_holds before it uses anything that a worker read. On the connection's thread only.
 */
#ifndef PRICEMAP_SNAPSHOT_H
#define PRICEMAP_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"
#include "ext/data/values.h"

typedef struct Snapshot Snapshot;

/* A condition on the rowid with its values: of the table those rows are of interest; `condition` NULL: all
 * are. */
typedef struct SnapshotBounds {
    const char *condition;
    const RowsetView *values;
    int encoding;
} SnapshotBounds;

/*
 * Begins to hold the host's view of the database of `table`, which is in `schema` (NULL: where SQLite finds
 * it). `rowid` is a name of the table's rowid that no column hides; NULL: its
 * bounds are not read. SQLITE_OK with *out set: until
 * snapshot_release the host is in a read transaction on the database. SQLITE_OK with *out NULL: workers must
 * not read the file, and *why, a constant text, says why. Else an error of the host's own reading, as
 * SQLITE_BUSY, whose text is the connection's.
 */
int snapshot_pin(sqlite3 *db, const char *schema, const char *table, const char *rowid,
                 const SnapshotBounds *bounds, Snapshot **out, const char **why);

/* Whether everything that workers have read from the file until now is the host's view. Takes a few
 * microseconds. */
bool snapshot_holds(Snapshot *snapshot);

/* Whether the proof that a worker's view is the host's lasts, whatever is written to the file later: true in
 * WAL mode. */
bool snapshot_proof_lasts(const Snapshot *snapshot);

/* Returns the name by which the host calls the table's schema; the snapshot's. */
const char *snapshot_schema(const Snapshot *snapshot);

/* Returns the URI by which a worker opens the file for reading; the snapshot's. */
const char *snapshot_uri(const Snapshot *snapshot);

/* Gives the least and the greatest rowid of the rows of interest. */
void snapshot_bounds(const Snapshot *snapshot, int64_t *least, int64_t *greatest);

/* Ends the read transaction and frees the snapshot. NULL does nothing. */
void snapshot_release(Snapshot *snapshot);

#endif
