/* Whether a plan that was kept may be used again. */
#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/evaluator.h"
#include "ext/plan/host_rules.h"
#include "ext/plan/plan_internal.h"

int plan_read_programs(const Plan *plan, sqlite3 *db, uint64_t *whole, uint64_t *feed)
{
    PlainSelect plain;
    char *sql = plan_plain_select(plan, &plain);
    if (!sql)
        return SQLITE_NOMEM;
    *whole = host_rules_program(db, sql);
    *feed = host_rules_program(db, plan->feed.sql);
    sqlite3_free(sql);
    return SQLITE_OK;
}

/* Whether the host makes of the map what it made when the plan was made: its authorizer may have been set,
   changed or taken away, and may say something else than before. */
static bool gives_the_same_programs(Plan *plan, ConnectionState *state)
{
    char text[TASK_MESSAGE_SIZE], *message = NULL;
    uint64_t whole, feed;
    if (plan_read_programs(plan, state->db, &whole, &feed) != SQLITE_OK || !feed ||
        feed != plan->feed_program || whole != plan->whole_program)
        return false;
    plan->compared_at = state->maps_prepared;
    if (whole)
        return true;
    /* The host cannot prepare a map with functions that only workers have: so its authorizer checks the
     * functions one by one. */
    Evaluator *evaluator;
    PlainSelect plain;
    char *sql = plan_plain_select(plan, &plain);
    int rc = sql ? chunk_runner_evaluator(state->runner, plan->recipe, &evaluator, text) : SQLITE_NOMEM;
    if (rc == SQLITE_OK)
        rc = host_rules_check(state->db, evaluator, &plain, &message);
    sqlite3_free(message);
    sqlite3_free(sql);
    return rc == SQLITE_OK;
}

PlanState plan_state(Plan *plan, ConnectionState *state)
{
    SqliteLimits own;
    if (feed_schema_changed(&plan->feed))
        return PLAN_HAS_OLD_SCHEMA;
    /* The plan does without the rowid, and would not see that an authorizer lets it be read again. */
    if (plan->source.rowid_is_null)
        return PLAN_IS_OUTDATED;
    limits_read(state->db, &own);
    environment_update(&state->environment);
    bool current = plan->extension_count == state->extension_count &&
                   !memcmp(own.values, plan->recipe->limits, sizeof own.values) &&
                   !memcmp(&state->environment, &plan->recipe->environment, sizeof state->environment) &&
                   (plan->compared_at == state->maps_prepared || gives_the_same_programs(plan, state));
    return current ? PLAN_IS_CURRENT : PLAN_IS_OUTDATED;
}
