/* The recipes of a query: for the workers that run its parts, and for the connection that combines these. */
#ifndef PRICEMAP_QUERY_RECIPE_H
#define PRICEMAP_QUERY_RECIPE_H

#include "ext/run/query.h"

/*
 * The recipe of a stage's partial query over the file at `uri`, under the number `scan`, with the ranges of
 * `keys` where the stage cuts a key (query_keys_read; NULL: it does not); with `uri` NULL that
 * of the connection for its combining query, which has no statement. The recipe holds the host's settings as
 * they are now. SQLITE_OK with *out set, the caller's to recipe_unref; else an error of the host's
 * connection, or SQLITE_NOMEM. On the connection's thread.
 */
int query_recipe_build(const Query *query, const SplitStage *stage, const Buffer *keys, const char *uri,
                       uint64_t scan, Recipe **out);

#endif
