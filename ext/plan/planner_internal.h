/* What planner.c, plan_current.c and map_text.c share. */
#ifndef PRICEMAP_PLANNER_INTERNAL_H
#define PRICEMAP_PLANNER_INTERNAL_H

#include "ext/plan/host_rules.h"
#include "ext/plan/planner.h"

/* ---- map_text.c: each text is NULL when out of memory; sqlite3_free it ---- */

/* The statement over a chunk, for which a table, a view (`viewed`) or a subquery stands as for the source. */
char *plan_chunk_select(const Plan *plan, bool viewed);

/* The statement over a range of rowids, ?1 … ?2, of the table in the file, which a worker's connection has as
   main, whatever the host calls it. `tracing`: it tells each row; `counted`: its last column is count(*). */
char *plan_partition_select(const Plan *plan, bool tracing, bool counted);

/* The map over the source itself, as the host would run it without workers; *plain has the same text. */
char *plan_plain_select(const Plan *plan, PlainSelect *plain);

/* ---- plan_current.c ---- */

/* What the host makes now of the map over its source and of the feed, by host_rules_program. SQLITE_OK or
   SQLITE_NOMEM. */
int plan_read_programs(const Plan *plan, sqlite3 *db, uint64_t *whole, uint64_t *feed);

/* Sets plan->loses_subtype. The feed of a SELECT is that SELECT itself, so that a subtype which a subquery
   would lose is still there; of a table or view it is a query around. SQLITE_OK or SQLITE_NOMEM. */
int plan_find_lost_subtypes(Plan *plan, sqlite3 *db);

#endif
