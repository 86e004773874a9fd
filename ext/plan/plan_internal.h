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

#endif
