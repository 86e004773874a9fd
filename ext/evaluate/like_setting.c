#include "ext/evaluate/like_setting.h"

#include <stddef.h>

#define PROBE_TABLE "pricemap like"

/* A column for LIKE with and one for LIKE without ESCAPE: two functions, of which a host may have replaced
 * one. */
enum { PROBE_COLUMNS = 2 };

static const char probe[] =
    "SELECT 1 FROM \"" PROBE_TABLE "\" WHERE plain LIKE 'a%' AND escaped LIKE 'a%' ESCAPE '\\'";

typedef struct ProbeTable {
    sqlite3_vtab base;
    /* Settings found, PROBE_COLUMNS of them. */ LikeSetting *settings;
} ProbeTable;

static int probe_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **table,
                         char **message)
{
    (void)argc;
    (void)argv;
    (void)message;
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(plain TEXT, escaped TEXT)");
    if (rc != SQLITE_OK)
        return rc;
    ProbeTable *probed = sqlite3_malloc(sizeof *probed);
    if (!probed)
        return SQLITE_NOMEM;
    *probed = (ProbeTable){.settings = aux};
    *table = &probed->base;
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
    for (int i = 0; i < info->nConstraint; i++) {
        int column = info->aConstraint[i].iColumn;
        if (info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_GE || column < 0 || column >= PROBE_COLUMNS)
            continue;
        const char *collation = sqlite3_vtab_collation(info, i);
        ((ProbeTable *)table)->settings[column] = !collation                              ? LIKE_UNKNOWN
                                                  : !sqlite3_stricmp(collation, "NOCASE") ? LIKE_NOCASE
                                                  : !sqlite3_stricmp(collation, "BINARY") ? LIKE_BINARY
                                                                                          : LIKE_UNKNOWN;
    }
    return SQLITE_OK;
}

static const sqlite3_module probe_module = {
    .iVersion = 0,
    .xConnect = probe_connect,
    .xBestIndex = probe_best_index,
    .xDisconnect = probe_disconnect,
};

int like_setting_read(sqlite3 *db, LikeSetting *setting)
{
    LikeSetting found[PROBE_COLUMNS] = {LIKE_UNKNOWN, LIKE_UNKNOWN};
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_create_module_v2(db, PROBE_TABLE, &probe_module, found, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, probe, -1, &statement, NULL);
    sqlite3_finalize(statement);
    sqlite3_create_module_v2(db, PROBE_TABLE, NULL, NULL, NULL);
    *setting = rc == SQLITE_OK && found[0] == found[1] ? found[0] : LIKE_UNKNOWN;
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
