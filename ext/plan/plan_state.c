/* Whether a plan that was kept may be used again. */
#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/evaluator.h"
#include "ext/plan/host_rules.h"
#include "ext/plan/plan_internal.h"

/* Whether the host's connection makes of the map what it made when the plan was made: its authorizer may have
   been set, changed or taken away, and functions may have been defined. */
static bool looks_the_same(Plan *plan, ConnectionState *state)
{
    char text[TASK_MESSAGE_SIZE], *message = NULL;
    PlainSelect plain;
    HostView view = {0};
    Evaluator *evaluator;
    char *sql = plan_plain_select(plan, &plain);
    bool same = sql && host_view_holds(&plan->host, state->db, &plain, plan->feed.sql);
    plan->compared_at = state->maps_prepared;
    /* The host cannot prepare a map with functions that only workers have: so its authorizer checks the
     * functions one by one. */
    if (same && !plan->host.whole)
        same = chunk_runner_evaluator(state->runner, plan->recipe, &evaluator, text) == SQLITE_OK &&
               host_rules_check(state, evaluator, &plain, &view, &message) == SQLITE_OK;
    host_view_free(&view);
    sqlite3_free(message);
    sqlite3_free(sql);
    return same;
}

bool plan_schema_changed(const Plan *plan)
{
    return feed_schema_changed(&plan->feed);
}

PlanState plan_state(Plan *plan, ConnectionState *state)
{
    SqliteLimits own;
    if (plan_schema_changed(plan))
        return PLAN_HAS_OLD_SCHEMA;
    /* The plan does without the rowid, and would not see that an authorizer lets it be read again. */
    if (plan->source.rowid_is_null)
        return PLAN_IS_OUTDATED;
    limits_read(state->db, &own);
    environment_update(&state->environment);
    bool current = plan->extension_count == state->extension_count &&
                   plan->language_changes == state->language.changes &&
                   !memcmp(own.values, plan->recipe->limits, sizeof own.values) &&
                   !memcmp(&state->environment, &plan->recipe->environment, sizeof state->environment) &&
                   (plan->compared_at == state->maps_prepared || looks_the_same(plan, state));
    return current ? PLAN_IS_CURRENT : PLAN_IS_OUTDATED;
}
