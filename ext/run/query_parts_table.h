/* The virtual table over the parts of a query, which the query that combines them reads; see split_plan.h. */
#ifndef PRICEMAP_QUERY_PARTS_TABLE_H
#define PRICEMAP_QUERY_PARTS_TABLE_H

#include "ext/run/query_parts.h"
#include "ext/split/split_plan.h"

/* The rows of the table; outlives the connection that the table is registered on. */
typedef struct PartsSource {
    const SplitStage *stage;
    const Parts *parts;
    /* Encoding of text in the parts: SQLITE_UTF8 or SQLITE_UTF16. */
    int encoding;
} PartsSource;

/* Registers the table on a connection that is none of the host's. SQLITE_OK or an error. */
int parts_table_register(sqlite3 *db, const PartsSource *source);

#endif
