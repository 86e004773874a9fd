/* Functions that the files share that make a plan and check it. */
#ifndef PRICEMAP_PLAN_INTERNAL_H
#define PRICEMAP_PLAN_INTERNAL_H

#include "ext/plan/plan.h"

/* ---- plan.c ---- */

/* The parts of the map's statements, borrowed from the plan. */
MapText plan_text(const Plan *plan);

/* The map over the source itself, by map_sql_plain. */
char *plan_plain_select(const Plan *plan, PlainSelect *plain);

/* ---- plan_conditions.c ---- */

/* Decides where each condition of a plan whose map was prepared takes effect, and makes the texts. SQLITE_OK
   or SQLITE_NOMEM. */
int plan_place_conditions(Plan *plan, sqlite3 *db);

/* Whether the conditions and the order leave workers the ranges of a table that they could read; else sets
 * plan->why_feed.
 */
bool plan_conditions_leave_ranges(Plan *plan, sqlite3 *db);

/* ---- plan_recipes.c ---- */

/* Makes plan->recipe anew, for workers that are handed rows. SQLITE_OK or an error without a text. */
int plan_build_recipe(Plan *plan, ConnectionState *state);

#endif
