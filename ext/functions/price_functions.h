/* The SQL faces of the price functions: increase_price and increase_price_crazy. */
#ifndef PRICEMAP_PRICE_FUNCTIONS_H
#define PRICEMAP_PRICE_FUNCTIONS_H

#include "ext/base/sqlite_api.h"
#include "ext/functions/price.h"

/* The type of a pointer (sqlite3_bind_pointer) that, given as an argument, makes them answer with pricemap's
 * version: so a caller finds out whether a connection still has these functions, or others of the same
 * name. */
#define PRICE_FUNCTIONS_PROBE "pricemap-probe"

/* Registers on one connection, as deterministic and innocuous:
 *     increase_price(price [, percent])
 *     increase_price_crazy(price [, percent [, rounds]])
 * NULL in any argument gives NULL. A bad argument is an SQL error that names function, argument and value.
 * A result that is NaN (an infinite price raised by 0 % or lowered) is NULL, as everywhere in SQLite.
 *
 * A call with more rounds than PRICE_STOP_INTERVAL ends with SQLITE_INTERRUPT when the connection is
 * interrupted, where the host's SQLite has a call for that (3.41 and later).
 *
 * Returns SQLITE_OK or the error of sqlite3_create_function_v2. To be called on the connection's thread. */
int price_functions_register(sqlite3 *db);

/* The same, but `stop` (see price.h) instead of the connection decides whether a long call goes on. NULL is
 * allowed and means what price_functions_register does. The caller owns `stop` and keeps it until the
 * connection is closed. */
int price_functions_register_stoppable(sqlite3 *db, PriceStop *stop);

#endif
