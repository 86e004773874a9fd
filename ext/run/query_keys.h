/*
 * The ranges of a key by which a stage's table is cut: the host finds keys that lie about evenly, by a few
 * searches of the index, in the view that the query reads. On the connection's thread only.
 */
#ifndef PRICEMAP_QUERY_KEYS_H
#define PRICEMAP_QUERY_KEYS_H

#include "ext/run/query.h"

/* Ranges at the most. */
enum { QUERY_KEYS_MOST = 256 };

/*
 * Finds the ranges on the host's connection, whose authorizer so judges the key: `keys` becomes a rowset of
 * two columns, the first and the last key of each range in the order of the index's collation, whose texts
 * have `encoding`. Both ends are keys of the table; each key but NULL is in one range. SQLITE_OK;
 * SQLITE_ABORT: the keys do not divide the table, with *why set (sqlite3_free it); SQLITE_INTERRUPT or
 * SQLITE_NOMEM.
 */
int query_keys_read(const Query *query, const SplitStage *stage, int encoding, Buffer *keys, char **why);

#endif
