/* What the extension offers: registers everything on one connection. The one exported symbol. */
#include "config_functions.h"
#include "connection_state.h"
#include "parallel_map.h"
#include "price_functions.h"
#include "run_log_tables.h"

#define OLDEST_SQLITE 3038000

/* Declared here because SQLite finds it by name. */
__attribute__((visibility("default"))) int sqlite3_pricemap_init(sqlite3 *db, char **message,
                                                                 const sqlite3_api_routines *routines);

int sqlite3_pricemap_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    SQLITE_EXTENSION_INIT2(routines);
    if (sqlite3_libversion_number() < OLDEST_SQLITE) {
        *message =
            sqlite3_mprintf("pricemap: this is SQLite %s: 3.38 or later is needed", sqlite3_libversion());
        return SQLITE_ERROR;
    }
    ConnectionState *state = connection_state_create(db);
    if (!state)
        return SQLITE_NOMEM;
    int rc = price_functions_register(db);
    if (rc == SQLITE_OK)
        rc = parallel_map_register(state);
    if (rc == SQLITE_OK)
        rc = run_log_tables_register(state);
    if (rc == SQLITE_OK)
        rc = config_functions_register(state);
    connection_state_unref(state);
    return rc;
}
