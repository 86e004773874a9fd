#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/base/format.h"
#include "cli/history/history.h"
#include "cli/base/query.h"
#include "cli/base/read_only.h"
#include "sql/sql.h"

enum {
    /* The letters 'pric'. */
    APPLICATION_ID = 1886546275,
    BUSY_MILLISECONDS = 30000,
    WAL_TRIES = 200,
    WAL_PAUSE_MS = 10
};

/* Step i brings schema version i to i + 1. */
static const char *const schema_steps[] = {sql_schema_1, sql_schema_2, sql_schema_3, sql_schema_4};
enum { SCHEMA_VERSION = sizeof schema_steps / sizeof *schema_steps };

struct History {
    char *file;
    /* Advice for a file that is no history; static. */
    const char *advice;
    sqlite3 *db;
};

static const char *file_or_default(const char *file)
{
    if (file)
        return file;
    const char *named = getenv("PRICEREPORT_DB");
    return named && *named ? named : "pricereport.db";
}

/* Whether there is something in the file that is not ours. Reads the first page, so that a file that is no
 * database is found out here. */
static int check_owner(History *history, int64_t *version, Failure *failure)
{
    int64_t owner = 0, objects = 0;
    *version = 0;
    Failure cause;
    if (query_run(history->db, &owner, &cause, "PRAGMA application_id", "") ||
        query_run(history->db, version, &cause, "PRAGMA user_version", "") ||
        query_run(history->db, &objects, &cause, "SELECT count(*) FROM sqlite_schema", ""))
        return sqlite3_errcode(history->db) == SQLITE_NOTADB
                   ? failure_set(failure, "%s is no history of pricereport, not even an SQLite database: %s",
                                 history->file, history->advice)
                   : failure_set(failure, "cannot read the history %s", cause.text);
    if (owner != APPLICATION_ID && (owner != 0 || *version != 0 || objects != 0))
        return failure_set(failure, "%s is a database of another program: %s", history->file,
                           history->advice);
    if (*version > SCHEMA_VERSION)
        return failure_set(failure,
                           "%s was written by a newer pricereport (schema %" PRId64
                           ", this one knows %d): use that one, or %s",
                           history->file, *version, SCHEMA_VERSION, history->advice);
    return 0;
}

/* Brings the schema up to date. The version is read again once the write lock is held: another process may
 * have upgraded in between. */
static int upgrade(History *history, Failure *failure)
{
    int64_t version;
    if (query_begin(history->db, failure))
        return -1;
    int result = check_owner(history, &version, failure);
    for (; result == 0 && version < SCHEMA_VERSION; version++)
        result = query_script(history->db, schema_steps[version], failure);
    return query_end(history->db, result, failure);
}

/* Why SQLite could not open the file; it says no more than that. */
static int explain_unopened(const History *history, int rc, Failure *failure)
{
    char folder[PATH_MAX] = ".";
    struct stat status;
    if (rc == SQLITE_NOMEM)
        return failure_set(failure, "cannot open the history %s: %s", history->file, sqlite3_errstr(rc));
    const char *slash = strrchr(history->file, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - history->file) + 1, history->file);
    const char *reason = sqlite3_errstr(rc);
    if (stat(history->file, &status) == 0)
        reason = S_ISDIR(status.st_mode) ? "it is a folder" : "you may not read it";
    else if (stat(folder, &status) != 0)
        reason = "its folder is not there";
    else if (access(folder, W_OK) != 0)
        reason = "you may not write its folder";
    return failure_set(failure, "cannot open the history %s: %s: change that, or name another file with --db",
                       history->file, reason);
}

static int open_connection(History *history, int flags, Failure *failure)
{
    int rc = sqlite3_open_v2(history->file, &history->db, SQLITE_OPEN_READWRITE | flags, NULL);
    if (rc != SQLITE_OK)
        return explain_unopened(history, rc, failure);
    sqlite3_busy_timeout(history->db, BUSY_MILLISECONDS);
    sqlite3_db_config(history->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return 0;
}

/* Whether what failed is the memory that processes share for the write-ahead log: not every file system has
 * it. */
static bool lacks_shared_memory(const History *history)
{
    int code = sqlite3_extended_errcode(history->db);
    return code == SQLITE_IOERR_SHMMAP || code == SQLITE_IOERR_SHMOPEN || code == SQLITE_IOERR_SHMLOCK;
}

/* Goes back to the rollback journal, which is safe too. A connection that has the file alone needs no shared
 * memory for that, but has to want so before it first reads. */
static int leave_wal(History *history, Failure *failure)
{
    sqlite3_close(history->db);
    history->db = NULL;
    if (open_connection(history, 0, failure))
        return -1;
    return query_script(history->db,
                        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE;"
                        "PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_schema",
                        failure);
}

/* Readers do not hold up recorders in WAL mode. Changing to it needs the file for a moment alone, for which
 * SQLite's own time-out does not wait. Errors are ignored here: the first read will report them. */
static int use_wal(History *history, Failure *failure)
{
    const struct timespec pause = {.tv_nsec = WAL_PAUSE_MS * 1000000L};
    for (int i = 0; i < WAL_TRIES; i++) {
        int rc = sqlite3_exec(history->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if (rc != SQLITE_BUSY && rc != SQLITE_LOCKED)
            break;
        nanosleep(&pause, NULL);
    }
    if (query_script(history->db, "SELECT count(*) FROM sqlite_schema", failure) == 0)
        return 0;
    return lacks_shared_memory(history) ? leave_wal(history, failure) : -1;
}

/* Opens a temporary database, and copies the one of the connection that the history has into it; closes that
 * connection. */
static int copy_database(History *history, Failure *failure)
{
    sqlite3 *from = history->db;
    history->db = NULL;
    int result = 0;
    Failure cause;
    if (sqlite3_open_v2("", &history->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
        result = failure_set(failure, "cannot make a temporary database: %s", sqlite3_errmsg(history->db));
    else if (query_copy(history->db, "main", from, &cause))
        result = failure_set(failure, "cannot copy %s: %s", history->file, cause.text);
    else
        sqlite3_db_config(history->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_close(from);
    return result;
}

/* Nothing that is written into a private copy would last. Table-valued functions are declared by an insert
 * that seems to be one into sqlite_master. */
static int refuse_writes(void *unused, int action, const char *first, const char *second,
                         const char *database, const char *trigger)
{
    (void)unused, (void)second, (void)trigger;
    bool writes = action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE;
    return writes && database && strcmp(database, "main") == 0 && strcmp(first, "sqlite_master") != 0
               ? SQLITE_DENY
               : SQLITE_OK;
}

/* Reads the file as an unchanging one; a file of an older schema is upgraded in a copy. */
static int open_unwritable(History *history, Failure *failure)
{
    int64_t version;
    sqlite3_close(history->db);
    int rc = read_only_open(history->file, &history->db);
    if (rc != SQLITE_OK)
        return explain_unopened(history, rc, failure);
    sqlite3_db_config(history->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (check_owner(history, &version, failure))
        return -1;
    if (version == SCHEMA_VERSION)
        return 0;
    int result = copy_database(history, failure);
    if (result == 0)
        result = upgrade(history, failure);
    if (result == 0)
        sqlite3_set_authorizer(history->db, refuse_writes, NULL);
    return result;
}

static int open_file(History *history, HistoryMode mode, Failure *failure)
{
    if (mode == HISTORY_READ && access(history->file, F_OK) != 0)
        return failure_set(failure,
                           "there is no history at %s: record a run first with pricereport or pricereport "
                           "run, or name another file with --db",
                           history->file);
    if (open_connection(history, mode == HISTORY_RECORD ? SQLITE_OPEN_CREATE : 0, failure))
        return -1;
    int64_t version;
    int result = check_owner(history, &version, failure);
    if (result && lacks_shared_memory(history) && leave_wal(history, failure) == 0)
        result = check_owner(history, &version, failure);
    if (result == 0 && version < SCHEMA_VERSION)
        result = upgrade(history, failure);
    if (result && mode == HISTORY_READ && read_only_applies(history->file, sqlite3_errcode(history->db)))
        return open_unwritable(history, failure);
    if (result)
        return -1;
    if (mode == HISTORY_RECORD && use_wal(history, failure))
        return -1;
    /* A killed process loses nothing with NORMAL; only a loss of power may cost the last samples. */
    return query_script(history->db, "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON", failure);
}

/* A history that is not open yet. */
static int allocate(History **history, const char *file, const char *advice, Failure *failure)
{
    *history = calloc(1, sizeof **history);
    if (*history)
        **history = (History){.file = strdup(file), .advice = advice};
    return *history && (*history)->file ? 0 : failure_set(failure, "out of memory");
}

int history_open(History **history, const char *file, HistoryMode mode, Failure *failure)
{
    int result = allocate(history, file_or_default(file), "name another file with --db", failure);
    if (result == 0)
        result = open_file(*history, mode, failure);
    if (result == 0 && format_register((*history)->db) != SQLITE_OK)
        result = query_fail((*history)->db, failure);
    if (result == 0)
        result = query_script((*history)->db, sql_history_passed_over, failure);
    if (result)
        history_close(history);
    return result;
}

/* Opens the file itself, only to read it. */
static int open_to_copy(History *history, int64_t *version, Failure *failure)
{
    int rc = sqlite3_open_v2(history->file, &history->db, SQLITE_OPEN_READONLY, NULL);
    for (int attempt = 0;; attempt++) {
        if (rc != SQLITE_OK)
            return failure_set(failure, "cannot open %s: %s", history->file,
                               history->db ? sqlite3_errmsg(history->db) : "out of memory");
        sqlite3_busy_timeout(history->db, BUSY_MILLISECONDS);
        sqlite3_db_config(history->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        int result = check_owner(history, version, failure);
        if (result == 0 || attempt > 0 || !read_only_applies(history->file, sqlite3_errcode(history->db)))
            return result;
        sqlite3_close(history->db);
        rc = read_only_open(history->file, &history->db);
    }
}

int history_open_copy(History **history, const char *file, Failure *failure)
{
    int64_t version = 0;
    int result = allocate(history, file, "name a history of pricereport", failure);
    if (result == 0 && access(file, R_OK) != 0)
        result = failure_set(failure, "cannot read %s: %s", file, strerror(errno));
    if (result == 0)
        result = open_to_copy(*history, &version, failure);
    if (result == 0)
        result = copy_database(*history, failure);
    if (result == 0 && version < SCHEMA_VERSION)
        result = upgrade(*history, failure);
    if (result)
        history_close(history);
    return result;
}

void history_close(History **history)
{
    if (!*history)
        return;
    sqlite3_close((*history)->db);
    free((*history)->file);
    free(*history);
    *history = NULL;
}

sqlite3 *history_db(History *history)
{
    return history->db;
}

const char *history_file(const History *history)
{
    return history->file;
}
