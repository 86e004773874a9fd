/*
 * Whether a connection has pricemap's own functions.
 */
#ifndef PRICEMAP_OWN_FUNCTIONS_H
#define PRICEMAP_OWN_FUNCTIONS_H

#include <stdbool.h>

#include "ext/base/sqlite_api.h"

/* The functions that a host may have replaced by others that SQLite lists alike. */
typedef enum OwnFunction { OWN_INCREASE_PRICE, OWN_INCREASE_PRICE_CRAZY, OWN_FUNCTIONS } OwnFunction;

/* Returns the function of the name that has `length` bytes at `name`; OWN_FUNCTIONS: it is none of them. */
OwnFunction own_function_named(const char *name, int length);

/*
 * Sets *has to whether `db` has all forms of the function, as this version of pricemap has them, and not
 * others of the same
 * names. SQLITE_OK, or SQLITE_INTERRUPT or SQLITE_NOMEM, which say nothing
 * about them. On the connection's thread.
 */
int own_function_present(sqlite3 *db, OwnFunction function, bool *has);

/* The same of all functions. */
int own_functions_present(sqlite3 *db, bool *has);

#endif
