/*
 * SQLite compares a column with LIKE by a range of values where the pattern begins with letters, under the
 * collation that LIKE stands for: SQLite offers that range to a virtual table, which says so in the number of
 * its plan, which EXPLAIN QUERY PLAN shows.
 *
 * The table stays on the connection. SQLite expires all statements of a connection when it lets go of a
 * virtual table, and one that is running fails when it next opens a table.
 */
#include "ext/evaluate/like_setting.h"

#include <stdlib.h>
#include <string.h>

#define PROBE_TABLE "pricemap like"

/* A column for LIKE with and one for LIKE without ESCAPE: two functions, of which a host may have replaced
 * one. */
enum { PROBE_COLUMNS = 2 };

/* A setting is a digit of the plan's number, one for each column, the first column's last. */
enum { DIGIT = 10 };

static const char probe[] = "EXPLAIN QUERY PLAN SELECT 1 FROM \"" PROBE_TABLE
                            "\" WHERE plain LIKE 'a%' AND escaped LIKE 'a%' ESCAPE '\\'";

static int probe_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **table,
                         char **message)
{
    (void)aux;
    (void)argc;
    (void)argv;
    (void)message;
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(plain TEXT, escaped TEXT)");
    if (rc != SQLITE_OK)
        return rc;
    *table = sqlite3_malloc(sizeof **table);
    if (!*table)
        return SQLITE_NOMEM;
    **table = (sqlite3_vtab){0};
    return SQLITE_OK;
}

static int probe_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

/* The lower end of the range is from SQLite: the statement has none. */
static int probe_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    int settings[PROBE_COLUMNS] = {LIKE_UNKNOWN, LIKE_UNKNOWN};
    for (int i = 0; i < info->nConstraint; i++) {
        int column = info->aConstraint[i].iColumn;
        if (info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_GE || column < 0 || column >= PROBE_COLUMNS)
            continue;
        const char *collation = sqlite3_vtab_collation(info, i);
        settings[column] = !collation                              ? LIKE_UNKNOWN
                           : !sqlite3_stricmp(collation, "NOCASE") ? LIKE_NOCASE
                           : !sqlite3_stricmp(collation, "BINARY") ? LIKE_BINARY
                                                                   : LIKE_UNKNOWN;
    }
    info->idxNum = settings[1] * DIGIT + settings[0];
    return SQLITE_OK;
}

/* The table has no rows. */
static int probe_open(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor)
{
    (void)cursor;
    table->zErrMsg = sqlite3_mprintf(PROBE_TABLE ": it has no rows");
    return SQLITE_ERROR;
}

static const sqlite3_module probe_module = {
    .iVersion = 0,
    .xConnect = probe_connect,
    .xBestIndex = probe_best_index,
    .xDisconnect = probe_disconnect,
    .xOpen = probe_open,
};

static int prepare_probe(sqlite3 *db, sqlite3_stmt **statement)
{
    int rc = sqlite3_prepare_v2(db, probe, -1, statement, NULL);
    if (rc != SQLITE_ERROR)
        return rc;
    /* The table is not there yet. */
    rc = sqlite3_create_module_v2(db, PROBE_TABLE, &probe_module, NULL, NULL);
    return rc == SQLITE_OK ? sqlite3_prepare_v2(db, probe, -1, statement, NULL) : rc;
}

int like_setting_read(sqlite3 *db, LikeSetting *setting)
{
    enum { DETAIL = 3 }; /* of EXPLAIN QUERY PLAN */
    static const char before[] = "VIRTUAL TABLE INDEX ";
    sqlite3_stmt *statement = NULL;
    *setting = LIKE_UNKNOWN;
    int rc = prepare_probe(db, &statement);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(statement, DETAIL);
        const char *number = detail ? strstr(detail, before) : NULL;
        int both = number ? atoi(number + strlen(before)) : 0;
        if (both / DIGIT == both % DIGIT)
            *setting = (LikeSetting)(both % DIGIT);
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT ? rc : SQLITE_OK;
}

int like_setting_apply(sqlite3 *db, LikeSetting setting)
{
    LikeSetting present = LIKE_UNKNOWN;
    int rc = setting == LIKE_UNKNOWN ? SQLITE_OK : like_setting_read(db, &present);
    if (rc != SQLITE_OK || present == setting)
        return rc;
    return sqlite3_exec(
        db, setting == LIKE_BINARY ? "PRAGMA case_sensitive_like = 1" : "PRAGMA case_sensitive_like = 0",
        NULL, NULL, NULL);
}
