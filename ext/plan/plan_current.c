/* Whether a plan that was kept may be used again. */
#include <stdlib.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/evaluator.h"
#include "ext/plan/host_rules.h"
#include "ext/plan/planner_internal.h"

int plan_read_programs(const Plan *plan, sqlite3 *db, uint64_t *whole, uint64_t *feed)
{
    int *index_of;
    PlainSelect plain;
    char *whole_sql = plan_plain_select(plan, &plain);
    char *feed_sql = source_feed_sql(&plan->source, plan->inputs, plan->input_count, false, &index_of);
    int rc = whole_sql && feed_sql ? SQLITE_OK : SQLITE_NOMEM;
    if (rc == SQLITE_OK) {
        *whole = host_rules_program(db, whole_sql);
        *feed = host_rules_program(db, feed_sql);
    }
    sqlite3_free(whole_sql);
    sqlite3_free(feed_sql);
    free(index_of);
    return rc;
}

/* Whether the host makes of the map what it made when the plan was made: its authorizer may have been set,
   changed or taken away, and may say something else than before. */
static bool is_judged_as_before(Plan *plan, ConnectionState *state)
{
    char text[TASK_MESSAGE_SIZE], *message = NULL;
    uint64_t whole, feed;
    if (plan_read_programs(plan, state->db, &whole, &feed) != SQLITE_OK || !feed ||
        feed != plan->feed_program || whole != plan->whole_program)
        return false;
    plan->judged = state->maps_prepared;
    if (whole)
        return true;
    /* The host cannot prepare a map with functions that only workers have: each other one is asked about. */
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

bool plan_is_current(Plan *plan, ConnectionState *state)
{
    SqliteLimits own;
    TimeZone zone;
    limits_read(state->db, &own);
    time_zone_look(&zone);
    return plan->extension_count == state->extension_count &&
           !memcmp(own.values, plan->recipe->limits, sizeof own.values) &&
           !memcmp(&zone, &plan->recipe->zone, sizeof zone) &&
           (plan->judged == state->maps_prepared || is_judged_as_before(plan, state));
}

void plan_inherit(Plan *plan, const Plan *old)
{
    plan->asks = plan->asks || old->asks;
}

bool plan_is_stale(const Plan *plan)
{
    return sqlite3_stmt_status(plan->feed, SQLITE_STMTSTATUS_REPREPARE, 0) != plan->reprepared;
}

int plan_fits_schema(Plan *plan)
{
    sqlite3_step(plan->feed);
    /* A reset gives the error of the step before it, and 0 for a row and for the end. */
    int rc = sqlite3_reset(plan->feed);
    if (plan_is_stale(plan) ||
        (rc != SQLITE_OK && rc != SQLITE_NOMEM && rc != SQLITE_INTERRUPT && plan->tried))
        return SQLITE_SCHEMA;
    return rc;
}
