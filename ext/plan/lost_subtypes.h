/*
 * Subtypes, which some functions give to a value and others read: JSON is one. SQLite stores none, and
 * versions from 3.40 on take them off some columns of a subquery, by the instruction ClrSubtype, or when they
 * copy the row of a subquery that is a coroutine. A map sees its source as a subquery.
 */
#ifndef PRICEMAP_LOST_SUBTYPES_H
#define PRICEMAP_LOST_SUBTYPES_H

#include "ext/plan/source.h"

/*
 * Sets (*lost)[i], to be freed with free, to whether a map over the source would see input i, a column of it,
 * without its subtype; `filtered` is a map with a WHERE. The feed of a SELECT is that SELECT itself, so that
 * a subtype which a subquery would lose is still there; the feed of a table or view is a query around it.
 * SQLITE_OK or an error of the connection. On the connection's thread; prepares statements.
 */
int lost_subtypes_find(sqlite3 *db, const Source *source, bool filtered, const int *inputs, int count,
                       bool **lost);

#endif
