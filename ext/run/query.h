/* A run of a query: the plan, and its parameters and settings. */
#ifndef PRICEMAP_QUERY_H
#define PRICEMAP_QUERY_H

#include "ext/run/map_experience.h"
#include "ext/split/split_plan.h"

/* All of it is borrowed, and outlives the run. */
typedef struct Query {
    ConnectionState *state;
    const SplitPlan *plan;
    /* Experience of the query's runs; no other run uses it meanwhile. */
    MapExperience *experience;
    /* Interrupt probe of the connection; see base/interrupt.h. */
    sqlite3_stmt *interrupt_probe;
    /* Requested executor, where has_executor says so, NULL: `auto`; requested number of workers, 0: none. */
    const ExecutorKind *executor;
    bool has_executor;
    int workers;
    /* Rowset of one row, the values of the query's parameters, and the encoding of its texts: SQLITE_UTF8, or
     * SQLITE_UTF16 where the host's databases have that; empty: the query has no parameters. */
    const Buffer *parameters;
    int encoding;
    /* Results of the stages that were run already, as tables that later ones read. */
    const RecipeTableParts *made;
    int made_count;
} Query;

#endif
