/*
 * The SQL face of a joined row's position among those of its loops: workers say by it which rows the plain
 * statement comes to first.
 */
#ifndef PRICEMAP_ROW_POSITION_H
#define PRICEMAP_ROW_POSITION_H

#include <stdbool.h>

#include "ext/base/sqlite_api.h"

#define ROW_POSITION_FUNCTION "pricemap_position"

/*
 * Registers on a connection that is none of the host's the function
 *     pricemap_position(rowid, …): a blob that compares as the rowids do, one after the other, from the
 *     outermost loop's; NULL, of a table that a LEFT JOIN found no row in, is less than any
 * SQLITE_OK or the error of sqlite3_create_function_v2.
 */
int row_position_register(sqlite3 *db);

/* Whether it is the function's name. */
bool row_position_has(const char *name);

#endif
