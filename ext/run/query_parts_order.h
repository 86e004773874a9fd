/*
 * The parts of a query as one sequence. Each worker's rows come sorted by the same keys: their streams are
 * merged, so that the query that combines them need not sort.
 */
#ifndef PRICEMAP_QUERY_PARTS_ORDER_H
#define PRICEMAP_QUERY_PARTS_ORDER_H

#include "ext/run/query_parts.h"
#include "ext/split/split_plan.h"

/* Whether streams with these keys can be merged as SQLite would sort them: by SQLite's own collations, over
 * text in this encoding (SQLITE_UTF8 or SQLITE_UTF16). */
bool parts_can_merge(const SplitStage *stage, int encoding);

/* A walk over all parts. Zeros: it was not begun. */
typedef struct PartsWalk {
    const Parts *parts;
    const SplitStage *stage;
    bool merges;
    /* Row at which each block's stream is. */
    uint32_t *rows;
    /* Blocks that are not at their end, a heap whose first one has the next row; where nothing is merged, in
     * their order. */
    int *heap;
    int count;
} PartsWalk;

/* Begins a walk, merging the streams where `merges`; else block after block. SQLITE_OK or SQLITE_NOMEM. */
int parts_walk_begin(PartsWalk *walk, const Parts *parts, const SplitStage *stage, bool merges);

/* The rowset and the row at which the walk is; false at the end. */
bool parts_walk_at(const PartsWalk *walk, const RowsetView **rows, uint32_t *row);

void parts_walk_next(PartsWalk *walk);

/* Frees what the walk owns. */
void parts_walk_end(PartsWalk *walk);

#endif
