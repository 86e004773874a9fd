/*
 * Rules for a map: a worker can prepare it, it reads nothing but its source, and it aggregates only where
 * partial = 1 says so. The host's own rules are in host_rules.
 */
#ifndef PRICEMAP_MAP_RULES_H
#define PRICEMAP_MAP_RULES_H

#include "ext/evaluate/evaluator.h"
#include "ext/plan/plan.h"

/*
 * Checks the map that `evaluator` has prepared, whose inputs and number of columns are in the plan already.
 * What the host makes of it goes into the plan. Calls none of its functions. SQLITE_OK; else an error with
 * *message set, or SQLITE_NOMEM.
 */
int map_rules_check(Plan *plan, ConnectionState *state, const Evaluator *evaluator, char **message);

/*
 * Makes the error of a map that no worker can prepare, which failed with `rc` and `text`: where one of the
 * host's limits is the reason, the host's own words. Returns as map_rules_check, never SQLITE_OK.
 */
int map_rules_fail_unprepared(const Plan *plan, sqlite3 *host, int rc, const char *text, char **message);

/* Makes an error of what SQLite says is wrong with a map, and adds what to do. Returns as above. */
int map_rules_fail(const Plan *plan, sqlite3 *host, int rc, const char *text, char **message);

#endif
