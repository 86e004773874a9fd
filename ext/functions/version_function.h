/* pricemap_version(): the same in hosts and in workers. */
#ifndef PRICEMAP_VERSION_FUNCTION_H
#define PRICEMAP_VERSION_FUNCTION_H

#include "ext/base/sqlite_api.h"

/* Registers it on a connection. SQLITE_OK or the error of sqlite3_create_function_v2. */
int version_function_register(sqlite3 *db);

#endif
