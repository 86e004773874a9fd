/* Between which rowids a table is cut. */
#ifndef PRICEMAP_QUERY_BOUNDS_H
#define PRICEMAP_QUERY_BOUNDS_H

#include <stdint.h>

#include "ext/run/query.h"

/*
 * Reads the least and the greatest rowid of the table that a stage cuts, as the connection `db` sees it: of
 * the rows whose rowid the statement can need. SQLITE_ROW; SQLITE_NOMEM; anything else: there is none, or the
 * bounds cannot be computed.
 */
int query_bounds_read(const Query *query, const SplitStage *stage, sqlite3 *db, int64_t *least,
                      int64_t *greatest);

#endif
