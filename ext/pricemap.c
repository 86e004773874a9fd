/* What the extension offers: registers everything on one connection. The one exported symbol. */
#include <pthread.h>

#include "ext/api/config_functions.h"
#include "ext/connection/connection_state.h"
#include "ext/api/parallel_map.h"
#include "ext/functions/price_functions.h"
#include "ext/api/run_log_tables.h"

#define OLDEST_SQLITE 3038000

/* Declared here because SQLite finds it by name. */
__attribute__((visibility("default"))) int sqlite3_pricemap_init(sqlite3 *db, char **message,
                                                                 const sqlite3_api_routines *routines);

/* Several threads may load the extension at one time, while others run it: the pointer is written once. */
static void set_api(const sqlite3_api_routines *routines)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    if (sqlite3_api != routines)
        SQLITE_EXTENSION_INIT2(routines);
    pthread_mutex_unlock(&mutex);
}

int sqlite3_pricemap_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    set_api(routines);
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
