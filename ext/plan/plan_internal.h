/* Functions that the files share that make a plan and check it. */
#ifndef PRICEMAP_PLAN_INTERNAL_H
#define PRICEMAP_PLAN_INTERNAL_H

#include "ext/plan/plan.h"

/* ---- plan.c ---- */

/* The parts of the map's statements, borrowed from the plan. */
MapText plan_text(const Plan *plan);

/* The map over the source itself, by map_sql_plain. */
char *plan_plain_select(const Plan *plan, PlainSelect *plain);

/* ---- plan_recipes.c ---- */

/* Makes plan->recipe anew, for workers that are handed rows. SQLITE_OK or an error without a text. */
int plan_build_recipe(Plan *plan, ConnectionState *state);

/* ---- plan_state.c ---- */

/* Sets the programs that the host makes now of the map over its source and of the feed. SQLITE_OK or
   SQLITE_NOMEM. */
int plan_read_programs(const Plan *plan, sqlite3 *db, uint64_t *whole, uint64_t *feed);

#endif
