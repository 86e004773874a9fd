#include "ext/plan/map_rules.h"

#include <string.h>

#include "ext/base/error.h"
#include "ext/evaluate/language.h"
#include "ext/plan/host_rules.h"
#include "ext/plan/map_tables.h"
#include "ext/plan/plan_internal.h"

/* Adds the way for functions of a host that is a program of Python. */
static void append_python(sqlite3_str *text)
{
    if (language_is_here())
        sqlite3_str_appendall(text,
                              "; and a function of Python parallel_map_python('module:function') names to "
                              "them");
}

int map_rules_fail(const Plan *plan, sqlite3 *host, int rc, const char *text, char **message)
{
    if (rc == SQLITE_NOMEM)
        return rc;
    sqlite3_str *whole = sqlite3_str_new(NULL);
    sqlite3_str_appendf(whole, "parallel_map: map: %s", text);
    if (!strncmp(text, "no such function: ", 18) && host_rules_defines(host, text + 18)) {
        sqlite3_str_appendall(whole, ": it was defined by this program, or loaded into this connection "
                                     "alone; put it into an extension and load that into workers with "
                                     "parallel_map_load(path)");
        append_python(whole);
    } else if (!strncmp(text, "no such function", 16)) {
        sqlite3_str_appendall(whole, ": workers have SQLite's own functions and pricemap's; "
                                     "parallel_map_load(path) loads an extension into them");
        append_python(whole);
    } else if (!strncmp(text, "no such collation sequence", 26)) {
        sqlite3_str_appendall(whole,
                              ": workers have SQLite's own collations; parallel_map_load(path) loads an "
                              "extension into them, and a source of (SELECT …) can leave a column out");
    } else if (!strncmp(text, "no such table", 13)) {
        sqlite3_str_appendall(whole, ": a map reads nothing but the columns of its source");
    } else if (!strncmp(text, "no such column", 14)) {
        sqlite3_str_appendall(whole, ": the source has ");
        for (int i = 0; i < plan->source.columns.count && i < 20; i++)
            sqlite3_str_appendf(whole, "%s%s", i ? ", " : "", plan->source.columns.items[i].name);
        if (plan->source.columns.count > 20)
            sqlite3_str_appendall(whole, ", …");
    }
    *message = sqlite3_str_finish(whole);
    return *message ? rc : SQLITE_NOMEM;
}

int map_rules_fail_unprepared(const Plan *plan, sqlite3 *host, int rc, const char *text, char **message)
{
    PlainSelect plain;
    char *sql = plan_plain_select(plan, &plain);
    int limited = sql ? host_rules_check_limits(host, &plain, message) : SQLITE_NOMEM;
    sqlite3_free(sql);
    return limited != SQLITE_OK ? limited : map_rules_fail(plan, host, rc, text, message);
}

/* SQLite refuses a GROUP BY over a column of the map that is an aggregate, in words alone: so the map is
   prepared once more, with all of its columns as groups, and never runs in the host. */
static int find_aggregate(const Evaluator *evaluator, bool *found)
{
    sqlite3 *worker = evaluator_connection(evaluator);
    const Recipe *recipe = evaluator_recipe(evaluator);
    sqlite3_stmt *statement = NULL;
    /* The worker's connection has the host's limits, which do not hold for this text. */
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "%s\n GROUP BY 1", recipe_text(recipe, recipe->select));
    for (int i = 2; i <= evaluator_output_columns(evaluator); i++)
        sqlite3_str_appendf(sql, ", %d", i);
    char *text = sqlite3_str_finish(sql);
    int rc = text ? sqlite3_prepare_v2(worker, text, -1, &statement, NULL) : SQLITE_NOMEM;
    *found = rc == SQLITE_ERROR && strstr(sqlite3_errmsg(worker), "aggregate functions are not allowed");
    sqlite3_finalize(statement);
    sqlite3_free(text);
    return rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT ? rc : SQLITE_OK;
}

/* Groups stand in a partial map alone, which the arguments have seen to. */
static int check_aggregate(const Plan *plan, sqlite3 *host, const Evaluator *evaluator, char **message)
{
    bool aggregate = false;
    if (plan->arguments.group_by)
        return SQLITE_OK;
    int rc = SQLITE_OK;
    if (evaluator_may_aggregate(evaluator))
        rc = find_aggregate(evaluator, &aggregate);
    if (rc != SQLITE_OK)
        return map_rules_fail(plan, host, rc, sqlite3_errstr(rc), message);
    if (aggregate && !plan->arguments.partial)
        return error_text(
            message,
            sqlite3_mprintf("parallel_map: map: an aggregate would be computed per chunk: use it in "
                            "the query around the map, or %s and combine the parts",
                            plan->form == MAP_TABLE
                                ? "say partial = 1"
                                : "CREATE VIRTUAL TABLE temp.name USING parallel_map(…, partial = 1)"));
    if (!aggregate && plan->arguments.partial)
        return error_text(
            message, sqlite3_mprintf("parallel_map: partial = 1 needs a map of aggregates, or a group_by"));
    return SQLITE_OK;
}

int map_rules_check(Plan *plan, ConnectionState *state, const Evaluator *evaluator, char **message)
{
    char text[TASK_MESSAGE_SIZE];
    PlainSelect plain;
    int rc = map_arguments_have_subquery(&plan->arguments) ? map_tables_check(evaluator, text) : SQLITE_OK;
    if (rc != SQLITE_OK)
        return map_rules_fail(plan, state->db, rc, text, message);
    if (plan->form == MAP_FUNCTION && plan->map_columns != 1)
        return error_text(
            message,
            sqlite3_mprintf("parallel_map: map is '%s': expected one expression; for several columns "
                            "use CREATE VIRTUAL TABLE temp.name USING parallel_map(…)",
                            plan->arguments.map));
    rc = check_aggregate(plan, state->db, evaluator, message);
    if (rc != SQLITE_OK)
        return rc;
    char *sql = plan_plain_select(plan, &plain);
    rc = sql ? host_rules_check(state, evaluator, &plain, &plan->host, message) : SQLITE_NOMEM;
    sqlite3_free(sql);
    return rc;
}
