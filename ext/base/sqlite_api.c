#include <stddef.h>

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
#include "ext/base/sqlite_api.h"

static int learn_routines(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    (void)db;
    (void)message;
    SQLITE_EXTENSION_INIT2(routines);
    return SQLITE_OK;
}

int sqlite_api_attach(const SqliteEntryPoints *library)
{
    sqlite3 *db = NULL;
    int rc = library->initialize ? library->initialize() : SQLITE_OK;
    if (rc == SQLITE_OK)
        rc = library->auto_extension((void (*)(void))learn_routines);
    if (rc != SQLITE_OK)
        return rc;
    rc = library->open(":memory:", &db);
    library->close(db);
    library->cancel_auto_extension((void (*)(void))learn_routines);
    return rc != SQLITE_OK ? rc : sqlite3_api ? SQLITE_OK : SQLITE_MISUSE;
}
