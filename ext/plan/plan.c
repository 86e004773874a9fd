#include "ext/plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "ext/evaluate/chunk_table.h"
#include "ext/plan/map_rules.h"
#include "ext/plan/partition_rules.h"
#include "ext/plan/plan_internal.h"

static char *copy_text(const char *text, int *rc)
{
    char *copy = text ? sqlite3_mprintf("%s", text) : NULL;
    if (text && !copy)
        *rc = SQLITE_NOMEM;
    return copy;
}

static int copy_arguments(MapArguments *to, const MapArguments *from)
{
    int rc = SQLITE_OK;
    *to = *from;
    to->source = copy_text(from->source, &rc);
    to->map = copy_text(from->map, &rc);
    to->where = copy_text(from->where, &rc);
    to->group_by = copy_text(from->group_by, &rc);
    return rc;
}

MapText plan_text(const Plan *plan)
{
    return (MapText){.map = plan->arguments.map,
                     .where = plan->arguments.where,
                     .group_by = plan->arguments.group_by,
                     .source = plan->source.from,
                     .alias = plan->source.alias,
                     .key = !plan->key_in_output ? NULL
                            : plan->source.rowid ? plan->source.rowid
                                                 : CHUNK_POSITION_FUNCTION "()",
                     .used = plan->used,
                     .output = plan->output.items,
                     .columns = plan->map_columns,
                     .conditions = plan->conditions,
                     .parameters = plan->request.parameters > 0,
                     .backwards = plan->feed.order < 0 ? plan->source.rowid : NULL};
}

/* The brackets around a SELECT count as the user's: the same statement without workers has them. Conditions
   on the map are not the map's. */
char *plan_plain_select(const Plan *plan, PlainSelect *plain)
{
    MapText text = plan_text(plan);
    text.conditions = NULL;
    return map_sql_plain(&text, strlen(plan->arguments.source) + (plan->source.table ? 0 : strlen("()")),
                         plain);
}

/* Takes the inputs of the feed from the worker's statement. */
static int take_inputs(Plan *plan, const Evaluator *evaluator)
{
    const int *inputs;
    int count = evaluator_inputs(evaluator, &inputs);
    plan->has_constants = evaluator_has_constants(evaluator);
    return feed_set_inputs(&plan->feed, inputs, count);
}

/* Describes the columns of a map that is a table. */
static int describe_output(Plan *plan, sqlite3 *host, const Evaluator *evaluator, char **message)
{
    sqlite3 *worker = evaluator_connection(evaluator);
    char *from = sqlite3_mprintf("(%s\n)", recipe_text(plan->recipe, plan->recipe->select));
    int rc = from ? columns_describe(worker, from, &plan->output) : SQLITE_NOMEM;
    sqlite3_free(from);
    return rc == SQLITE_OK ? rc : map_rules_fail(plan, host, rc, sqlite3_errmsg(worker), message);
}

/* Prepares the map as a worker does, all columns of it, and checks whether it may run. */
static int prepare_map(Plan *plan, ConnectionState *state, char **message)
{
    char text[TASK_MESSAGE_SIZE];
    Evaluator *evaluator;
    int rc = chunk_runner_evaluator(state->runner, plan->recipe, &evaluator, text);
    if (rc != SQLITE_OK)
        return map_rules_fail_unprepared(plan, state->db, rc, text, message);
    plan->map_columns = evaluator_output_columns(evaluator) - plan->key_in_output;
    rc = take_inputs(plan, evaluator);
    if (rc == SQLITE_OK)
        rc = map_rules_check(plan, state, evaluator, message);
    return rc == SQLITE_OK && plan->form == MAP_TABLE ? describe_output(plan, state->db, evaluator, message)
                                                      : rc;
}

/* Reads anew what the host makes of the map, of which other columns are read than when it was judged. */
static int look_at_host_again(Plan *plan, sqlite3 *db)
{
    PlainSelect plain;
    char *sql = plan_plain_select(plan, &plain);
    int rc = sql ? host_view_read_whole(&plan->host, db, &plain) : SQLITE_NOMEM;
    sqlite3_free(sql);
    return rc == SQLITE_NOMEM ? rc : SQLITE_OK;
}

/* Leaves out the columns of the map that are not read, and the inputs that only they need, and puts the
   conditions in. */
static int leave_out_unused(Plan *plan, ConnectionState *state, uint64_t used, char **message)
{
    char text[TASK_MESSAGE_SIZE];
    Evaluator *evaluator;
    if (plan->map_columns < 64)
        used |= UINT64_MAX << plan->map_columns;
    if (used == MAP_ALL_COLUMNS && !plan->conditions)
        return SQLITE_OK;
    plan->used = used;
    int rc = plan_build_recipe(plan, state);
    if (rc == SQLITE_OK)
        rc = look_at_host_again(plan, state->db);
    if (rc != SQLITE_OK)
        return rc;
    rc = chunk_runner_evaluator(state->runner, plan->recipe, &evaluator, text);
    return rc == SQLITE_OK ? take_inputs(plan, evaluator)
                           : map_rules_fail(plan, state->db, rc, text, message);
}

/* Workers need not find out again what the map's evaluator in the host has. */
static int judge_recipe(Plan *plan)
{
    Recipe *judged = recipe_judged(
        plan->recipe, &(RecipeFacts){.columns = (uint32_t)(plan->map_columns + plan->key_in_output),
                                     .chunk_columns = (uint32_t)plan->source.columns.count,
                                     .has_constants = plan->has_constants,
                                     .inputs = plan->feed.inputs,
                                     .input_count = plan->feed.input_count});
    recipe_unref(plan->recipe);
    plan->recipe = judged;
    return judged ? SQLITE_OK : SQLITE_NOMEM;
}

/* Plans the recipe: all that workers have to know. */
static int plan_map(Plan *plan, ConnectionState *state, uint64_t used, char **message)
{
    int rc = source_resolve(state->db, plan->arguments.source, &plan->source, message);
    plan->key_in_output = plan->form == MAP_FUNCTION && plan->source.rowid;
    if (rc == SQLITE_OK)
        rc = plan_build_recipe(plan, state);
    if (rc == SQLITE_OK)
        rc = prepare_map(plan, state, message);
    if (rc == SQLITE_OK)
        rc = plan_place_conditions(plan, state->db);
    if (rc == SQLITE_OK)
        rc = leave_out_unused(plan, state, used, message);
    return rc == SQLITE_OK ? judge_recipe(plan) : rc;
}

/* A map that the host cannot prepare is known by its feed, which has all that the host calls for it. */
static int look_at_feed(Plan *plan, sqlite3 *db)
{
    if (plan->host.whole)
        return SQLITE_OK;
    int rc = host_view_read_feed(&plan->host, db, plan->feed.sql);
    return rc == SQLITE_OK ? host_view_read_functions(&plan->host, db) : rc == SQLITE_NOMEM ? rc : SQLITE_OK;
}

/* Plans the feed: the rows that the host has to read, or workers instead. */
static int plan_reading(Plan *plan, ConnectionState *state, char **message)
{
    plan->feed.filtered = plan->arguments.where || plan->conditions || plan->source_conditions;
    plan->feed.conditions = plan->source_conditions;
    plan->feed.order = plan->source.table && plan->source.rowid ? plan->request.order : 0;
    int rc = feed_start(&plan->feed, &plan->source, state, message);
    plan->compared_at = state->maps_prepared;
    if (rc == SQLITE_OK)
        rc = look_at_feed(plan, state->db);
    if (rc == SQLITE_OK)
        plan->partitionable = plan_conditions_leave_ranges(plan, state->db) &&
                              !map_arguments_have_subquery(&plan->arguments) &&
                              partition_rules_allow(state->db, &plan->source, &plan->feed);
    return rc;
}

int plan_create(ConnectionState *state, const MapArguments *arguments, MapForm form,
                const PlanRequest *request, Plan **out, char **message)
{
    *out = NULL;
    Plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return SQLITE_NOMEM;
    plan->form = form;
    plan->used = MAP_ALL_COLUMNS;
    plan->request.used = request->used;
    plan->request.order = request->order;
    plan->request.parameters = request->parameters;
    int rc = copy_arguments(&plan->arguments, arguments);
    if (rc == SQLITE_OK)
        rc = conditions_copy(&plan->request.conditions, &request->conditions);
    if (rc == SQLITE_OK)
        rc = plan_map(plan, state, request->used, message);
    if (rc == SQLITE_OK)
        rc = plan_reading(plan, state, message);
    if (rc != SQLITE_OK) {
        plan_free(plan);
        return rc;
    }
    *out = plan;
    return SQLITE_OK;
}

bool plan_request_equal(const PlanRequest *a, const PlanRequest *b)
{
    return a->used == b->used && a->order == b->order && conditions_equal(&a->conditions, &b->conditions);
}

void plan_inherit(Plan *plan, const Plan *old)
{
    plan->reads_tables = plan->reads_tables || old->reads_tables;
}

void plan_free(Plan *plan)
{
    if (!plan)
        return;
    feed_free(&plan->feed);
    host_view_free(&plan->host);
    recipe_unref(plan->recipe);
    source_free(&plan->source);
    columns_free(&plan->output);
    conditions_free(&plan->request.conditions);
    free(plan->bare);
    sqlite3_free(plan->conditions);
    sqlite3_free(plan->source_conditions);
    sqlite3_free(plan->rowid_bounds);
    sqlite3_free(plan->range_conditions);
    sqlite3_free(plan->source_words);
    sqlite3_free(plan->map_words);
    map_arguments_free(&plan->arguments);
    free(plan);
}
