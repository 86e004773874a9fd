#include "ext/run/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"

/* Offset of the change counter in a database file. The counter is big-endian, but it is only compared. */
enum { CHANGE_COUNTER_OFFSET = 24 };

struct Snapshot {
    sqlite3 *db;
    /* Texts, freed with the snapshot. */
    char *schema, *uri;
    /* Statement that stands on its one row and so keeps the read transaction open. */
    sqlite3_stmt *holder;
    /* WAL: second connection to the file, its PRAGMA data_version, and what that gave first. */
    sqlite3 *sentinel;
    sqlite3_stmt *versions;
    int64_t version;
    /* Rollback journal: the file's change counter. */
    uint32_t changes;
    /* Number of changes of the host's connection, which counts those that were rolled back as well. */
    int64_t total_changes;
    /* Rowids of the table's first and last row. */
    int64_t least, greatest;
};

/* Returns the schema in which SQLite finds a table: temp first, then main, then the attached ones in their
   order. */
static char *find_schema(sqlite3 *db, const char *table)
{
    sqlite3_stmt *list = NULL;
    char *found = NULL;
    if (sqlite3_table_column_metadata(db, "temp", table, NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK)
        return sqlite3_mprintf("temp");
    if (sqlite3_prepare_v2(db, "PRAGMA database_list", -1, &list, NULL) != SQLITE_OK)
        return NULL;
    while (!found && sqlite3_step(list) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(list, 1);
        if (name &&
            sqlite3_table_column_metadata(db, name, table, NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK)
            found = sqlite3_mprintf("%s", name);
    }
    sqlite3_finalize(list);
    return found;
}

/* Whether the host reads the file by SQLite's own VFS, as a worker will: without encryption, without a shim.
 */
static bool has_plain_files(sqlite3 *db, const char *schema)
{
    char *name = NULL;
    bool plain = sqlite3_file_control(db, schema, SQLITE_FCNTL_VFSNAME, &name) == SQLITE_OK && name &&
                 !strcmp(name, "unix");
    sqlite3_free(name);
    return plain;
}

/* SQLITE_AUTH where the host's authorizer denies the pragma, or has it ignored, so that it gives no row. */
static int read_journal_mode(sqlite3 *db, const char *schema, bool *wal)
{
    sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf("PRAGMA \"%w\".journal_mode", schema);
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    int step = rc == SQLITE_OK ? sqlite3_step(statement) : SQLITE_DONE;
    if (step == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(statement, 0);
        *wal = mode && !strcmp(mode, "wal");
    }
    int finalized = sqlite3_finalize(statement);
    if (rc == SQLITE_OK)
        rc = finalized;
    return rc == SQLITE_OK && step == SQLITE_DONE ? SQLITE_AUTH : rc;
}

/* Whether the host may read what other connections to its shared cache have not committed. */
static bool reads_uncommitted(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    bool reads = sqlite3_prepare_v2(db, "PRAGMA read_uncommitted", -1, &statement, NULL) != SQLITE_OK ||
                 sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return reads;
}

/* Makes a URI of the path: every character that could end the path or change its meaning is in hexadecimal.
 */
static char *make_uri(const char *path, bool wal)
{
    sqlite3_str *uri = sqlite3_str_new(NULL);
    sqlite3_str_appendall(uri, "file:");
    for (const unsigned char *byte = (const unsigned char *)path; *byte; byte++)
        if (*byte <= ' ' || *byte >= 0x7f || strchr("%?#&=+", *byte))
            sqlite3_str_appendf(uri, "%%%02x", *byte);
        else
            sqlite3_str_appendchar(uri, 1, (char)*byte);
    sqlite3_str_appendall(uri, wal ? "?mode=ro" : "?mode=ro&immutable=1");
    return sqlite3_str_finish(uri);
}

static bool read_change_counter(Snapshot *snapshot, uint32_t *changes)
{
    sqlite3_file *file = NULL;
    return sqlite3_file_control(snapshot->db, snapshot->schema, SQLITE_FCNTL_FILE_POINTER, &file) ==
               SQLITE_OK &&
           file && file->pMethods &&
           file->pMethods->xRead(file, changes, sizeof *changes, CHANGE_COUNTER_OFFSET) == SQLITE_OK;
}

/* Whether the path no longer leads to the file that the host has open. */
static bool has_moved(Snapshot *snapshot)
{
    int moved = 0;
    return sqlite3_file_control(snapshot->db, snapshot->schema, SQLITE_FCNTL_HAS_MOVED, &moved) !=
               SQLITE_OK ||
           moved;
}

static bool read_data_version(Snapshot *snapshot, int64_t *version)
{
    bool read = sqlite3_step(snapshot->versions) == SQLITE_ROW;
    if (read)
        *version = sqlite3_column_int64(snapshot->versions, 0);
    sqlite3_reset(snapshot->versions);
    return read;
}

static bool open_sentinel(Snapshot *snapshot)
{
    return sqlite3_open_v2(snapshot->uri, &snapshot->sentinel,
                           SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                               SQLITE_OPEN_PRIVATECACHE,
                           NULL) == SQLITE_OK &&
           sqlite3_prepare_v2(snapshot->sentinel, "PRAGMA data_version", -1, &snapshot->versions, NULL) ==
               SQLITE_OK &&
           read_data_version(snapshot, &snapshot->version);
}

/* Prepares the statement that gives the bounds of the rowids. */
static int prepare_holder(Snapshot *snapshot, const char *table, const char *rowid,
                          const SnapshotBounds *bounds)
{
    if (!rowid) {
        char *any = sqlite3_mprintf("SELECT 0, 0 FROM \"%w\".\"%w\" LIMIT 1", snapshot->schema, table);
        int rc = any ? sqlite3_prepare_v2(snapshot->db, any, -1, &snapshot->holder, NULL) : SQLITE_NOMEM;
        sqlite3_free(any);
        return rc;
    }
    const char *where = bounds->condition ? " WHERE " : "",
               *condition = bounds->condition ? bounds->condition : "";
    char *sql = sqlite3_mprintf("SELECT min(r), max(r) FROM (SELECT min(%s) AS r FROM \"%w\".\"%w\"%s%s "
                                "UNION ALL SELECT max(%s) FROM \"%w\".\"%w\"%s%s)",
                                rowid, snapshot->schema, table, where, condition, rowid, snapshot->schema,
                                table, where, condition);
    int rc = sql ? sqlite3_prepare_v2(snapshot->db, sql, -1, &snapshot->holder, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    return rc == SQLITE_OK && bounds->condition
               ? values_bind(snapshot->holder, bounds->values, bounds->encoding)
               : rc;
}

/* Begins the read transaction, by a statement that is left on its row, which has the bounds of the rowids. */
static int hold(Snapshot *snapshot, const char *table, const char *rowid, const SnapshotBounds *bounds,
                const char **why)
{
    int rc = prepare_holder(snapshot, table, rowid, bounds);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(snapshot->holder);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return rc;
    if (rc == SQLITE_DONE || sqlite3_column_type(snapshot->holder, 0) != SQLITE_INTEGER) {
        *why = bounds->condition ? "no row is requested" : "the table is empty";
        return SQLITE_OK;
    }
    snapshot->least = sqlite3_column_int64(snapshot->holder, 0);
    snapshot->greatest = sqlite3_column_int64(snapshot->holder, 1);
    return SQLITE_OK;
}

/* Checks what can be checked before the host's view begins: the order matters, because each check relies on
   the ones before. *wal: the journal mode. */
static int check_host(const Snapshot *snapshot, bool *wal, const char **why)
{
    sqlite3 *db = snapshot->db;
    const char *path = sqlite3_db_filename(db, snapshot->schema);
    int rc = SQLITE_OK;
    if (!strcmp(snapshot->schema, "temp") || !path || !*path)
        *why = "the source is in no file";
    else if (!has_plain_files(db, snapshot->schema))
        *why = "the file is read through a VFS that workers may not have";
    else if (sqlite3_txn_state(db, snapshot->schema) == SQLITE_TXN_WRITE)
        *why = "the host has changes of its own pending";
    else if (reads_uncommitted(db))
        *why = "the host reads what others have not committed";
    else
        rc = read_journal_mode(db, snapshot->schema, wal);
    return rc;
}

/* Checks that the file which the host has begun to read is still at the path that workers will open and in
   the journal mode that was read first, and that no connection is writing to it. */
static int check_view(Snapshot *snapshot, bool wal, const char **why)
{
    bool wal_now = wal;
    /* The journal mode that was read first is what the connection remembered; by now it has read the file. */
    int rc = read_journal_mode(snapshot->db, snapshot->schema, &wal_now);
    if (rc != SQLITE_OK)
        return rc;
    snapshot->total_changes = sqlite3_total_changes64(snapshot->db);
    if (wal_now != wal)
        *why = "the file has changed its journal mode";
    else if (has_moved(snapshot))
        *why = "the file is no longer at its path";
    else if (!wal && !read_change_counter(snapshot, &snapshot->changes))
        *why = "the file's change counter cannot be read";
    else if (!snapshot_holds(snapshot))
        *why = "another connection is writing";
    return SQLITE_OK;
}

/* Begins the host's view where all conditions for partition access hold; else *why says which does not. */
static int begin_view(Snapshot *snapshot, const char *table, const char *rowid, const SnapshotBounds *bounds,
                      const char **why)
{
    bool wal = false;
    int rc = check_host(snapshot, &wal, why);
    if (rc != SQLITE_OK || *why)
        return rc;
    snapshot->uri = make_uri(sqlite3_db_filename(snapshot->db, snapshot->schema), wal);
    if (!snapshot->uri)
        return SQLITE_NOMEM;
    if (wal && sqlite3_txn_state(snapshot->db, snapshot->schema) != SQLITE_TXN_NONE)
        *why = "WAL, and the host's view, which began earlier, may not be the newest";
    else if (wal && !open_sentinel(snapshot))
        *why = "the file cannot be opened a second time";
    else
        rc = hold(snapshot, table, rowid, bounds, why);
    return rc == SQLITE_OK && !*why ? check_view(snapshot, wal, why) : rc;
}

static int pin(Snapshot *snapshot, const char *table, const char *rowid, const SnapshotBounds *bounds,
               const char **why)
{
    int rc = begin_view(snapshot, table, rowid, bounds, why);
    if (rc != SQLITE_AUTH)
        return rc;
    *why = "the host's authorizer hides the journal mode";
    return SQLITE_OK;
}

int snapshot_pin(sqlite3 *db, const char *schema, const char *table, const char *rowid,
                 const SnapshotBounds *bounds, Snapshot **out, const char **why)
{
    *out = NULL;
    *why = NULL;
    Snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot)
        return SQLITE_NOMEM;
    snapshot->db = db;
    SqliteLimits own;
    limits_lift(db, &own);
    snapshot->schema = schema ? sqlite3_mprintf("%s", schema) : find_schema(db, table);
    int rc = SQLITE_OK;
    if (!snapshot->schema)
        *why = "the table's database was not found";
    else
        rc = pin(snapshot, table, rowid, bounds, why);
    limits_restore(db, &own);
    if (rc == SQLITE_OK && !*why)
        *out = snapshot;
    else
        snapshot_release(snapshot);
    return rc;
}

bool snapshot_holds(Snapshot *snapshot)
{
    if (sqlite3_txn_state(snapshot->db, snapshot->schema) != SQLITE_TXN_READ || has_moved(snapshot) ||
        sqlite3_total_changes64(snapshot->db) != snapshot->total_changes)
        return false;
    if (snapshot->sentinel) {
        int64_t version;
        return read_data_version(snapshot, &version) && version == snapshot->version;
    }
    uint32_t changes;
    return read_change_counter(snapshot, &changes) && changes == snapshot->changes;
}

bool snapshot_proof_lasts(const Snapshot *snapshot)
{
    return snapshot->sentinel != NULL;
}

const char *snapshot_schema(const Snapshot *snapshot)
{
    return snapshot->schema;
}

const char *snapshot_uri(const Snapshot *snapshot)
{
    return snapshot->uri;
}

void snapshot_bounds(const Snapshot *snapshot, int64_t *least, int64_t *greatest)
{
    *least = snapshot->least;
    *greatest = snapshot->greatest;
}

void snapshot_release(Snapshot *snapshot)
{
    if (!snapshot)
        return;
    sqlite3_finalize(snapshot->holder);
    sqlite3_finalize(snapshot->versions);
    sqlite3_close(snapshot->sentinel);
    sqlite3_free(snapshot->schema);
    sqlite3_free(snapshot->uri);
    free(snapshot);
}
