/* What planner.c and plan_current.c share. */
#ifndef PRICEMAP_PLANNER_INTERNAL_H
#define PRICEMAP_PLANNER_INTERNAL_H

#include "ext/plan/planner.h"

/* The limits of the host's connection, RECIPE_LIMITS of them. */
void plan_read_limits(sqlite3 *db, int *limits);

/* The map over the source itself, as the host would run it without workers. NULL when out of memory;
   sqlite3_free it. */
char *plan_whole_select(const Plan *plan);

/* What the host makes now of the map over its source and of the feed, by host_rules_program. SQLITE_OK or
   SQLITE_NOMEM. */
int plan_read_programs(const Plan *plan, sqlite3 *db, uint64_t *whole, uint64_t *feed);

#endif
