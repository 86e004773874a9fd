/* The entry of the extension, its one exported symbol: registers everything on one connection. */
#include <pthread.h>

#include "ext/api/config_functions.h"
#include "ext/api/parallel_map.h"
#include "ext/api/parallel_query.h"
#include "ext/api/parallel_query_plan.h"
#include "ext/api/python_function.h"
#include "ext/api/run_log_tables.h"
#include "ext/base/own_library.h"
#include "ext/base/sqlite_build.h"
#include "ext/connection/connection_state.h"
#include "ext/functions/own_functions.h"
#include "ext/functions/price_functions.h"

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

/* The price functions come last: where they are, the rest is. The settings come first: where a statement runs
 * that keeps SQLite from replacing functions, nothing has been changed. */
static int register_all(sqlite3 *db)
{
    ConnectionState *state = connection_state_create(db);
    if (!state)
        return SQLITE_NOMEM;
    int rc = config_functions_register(state);
    if (rc == SQLITE_OK)
        rc = python_function_register(state);
    if (rc == SQLITE_OK)
        rc = parallel_map_register(state);
    if (rc == SQLITE_OK)
        rc = parallel_query_register(state);
    if (rc == SQLITE_OK)
        rc = parallel_query_plan_register(state);
    if (rc == SQLITE_OK)
        rc = run_log_tables_register(state);
    if (rc == SQLITE_OK)
        rc = price_functions_register(db);
    connection_state_unref(state);
    return rc;
}

/* Registers all. Where that fails half-way, SQLite unmaps the extension although the connection keeps the
 * functions that were registered already: then the library is held in memory for good. */
static int load(sqlite3 *db)
{
    void *library;
    if (!own_library_hold(&library))
        return SQLITE_NOMEM;
    int rc = register_all(db);
    if (rc == SQLITE_OK)
        own_library_let_go(library);
    return rc;
}

int sqlite3_pricemap_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    /* SQLite without the loading of extensions (SQLITE_OMIT_LOAD_EXTENSION) has no table; there is nothing to
     * make a message with. */
    if (!routines || !routines->mprintf)
        return SQLITE_ERROR;
    set_api(routines);
    if (sqlite3_libversion_number() < OLDEST_SQLITE) {
        *message =
            sqlite3_mprintf("pricemap: this is SQLite %s: 3.38 or later is needed", sqlite3_libversion());
        return SQLITE_ERROR;
    }
    const char *option, *lacking = sqlite_build_lacks(&option);
    if (lacking) {
        *message =
            sqlite3_mprintf("pricemap: this SQLite was built with SQLITE_%s: it lacks %s", option, lacking);
        return SQLITE_ERROR;
    }
    int rc = load(db);
    if (rc == SQLITE_OK)
        return rc;
    *message = sqlite3_mprintf("pricemap: %s", rc == SQLITE_NOMEM ? sqlite3_errstr(rc) : sqlite3_errmsg(db));
    bool loaded = false;
    if (rc == SQLITE_BUSY && own_functions_present(db, &loaded) == SQLITE_OK && loaded) {
        /* A second load by SELECT load_extension(…), which itself is a statement that runs. */
        sqlite3_free(*message);
        *message = NULL;
        return SQLITE_OK;
    }
    return rc;
}
