/*
 * Whether a connection has pricemap's own functions.
 */
#ifndef PRICEMAP_OWN_FUNCTIONS_H
#define PRICEMAP_OWN_FUNCTIONS_H

#include <stdbool.h>

#include "ext/base/sqlite_api.h"

/*
 * Sets *has to whether `db` has all price functions of this version of pricemap, and not others of the same
 * names. SQLITE_OK, or SQLITE_INTERRUPT or SQLITE_NOMEM, which say nothing about them. On the connection's
 * thread.
 */
int own_functions_present(sqlite3 *db, bool *has);

#endif
