/*
 * Where the conditions on a map's columns take effect. One on a column that is a column of the source narrows
 * what is read: the host's feed has it, where SQLite finds the rows by rowid or an index as for any query;
 * workers that read ranges have it too, and the bounds of the rowid bound their ranges. One on a column that
 * is computed drops rows in the workers; but not where the map has functions in another language, of which
 * one may compute its rows only after their chunk. SQLite checks every condition again.
 */
#include <stdlib.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/data/values.h"
#include "ext/plan/plan_internal.h"

/* The texts of a plan's conditions while they are made. */
typedef struct Texts {
    sqlite3_str *map, *source, *bounds, *ranges, *source_words, *map_words;
} Texts;

static void append(sqlite3_str *sql, const Condition *condition, const char *column, int first)
{
    if (sqlite3_str_length(sql))
        sqlite3_str_appendall(sql, " AND ");
    condition_append(sql, condition, column, first);
}

/* The column of the source that a condition is about; BARE_NOT: it is about what is computed, be it the
   position of a row or an aggregate's group. */
static int source_column(const Plan *plan, const Condition *condition)
{
    if (plan->arguments.partial)
        return BARE_NOT;
    if (condition->column == CONDITION_KEY)
        return plan->source.rowid ? BARE_ROWID : BARE_NOT;
    /* The position of a row is known where all rows are read. */
    if (plan->form == MAP_FUNCTION && !plan->source.rowid)
        return BARE_NOT;
    return condition->column < plan->map_columns ? plan->bare[condition->column] : BARE_NOT;
}

static int place_on_source(Plan *plan, sqlite3 *db, const Condition *condition, int column, int first,
                           Texts *texts)
{
    char *name = bare_column_name(&plan->source, column);
    if (!name)
        return SQLITE_NOMEM;
    append(texts->source, condition, name, first);
    bool rowid = plan->source.table && plan->source.rowid &&
                 (column == BARE_ROWID || bare_column_search(db, &plan->source, column) == SEARCH_ROWID);
    if (rowid && condition->op == SQLITE_INDEX_CONSTRAINT_EQ && !condition->wide)
        plan->one_row = true;
    if (rowid && condition_is_bound(condition))
        append(texts->bounds, condition, plan->source.rowid, first);
    else
        append(texts->ranges, condition, name, first);
    sqlite3_free(name);
    return SQLITE_OK;
}

static int place_on_map(const Condition *condition, int first, Texts *texts)
{
    char name[24];
    sqlite3_snprintf(sizeof name, name, "c%d", condition->column);
    append(texts->map, condition, name, first);
    return SQLITE_OK;
}

static const char *column_name(const Plan *plan, const Condition *condition)
{
    if (plan->form == MAP_FUNCTION)
        return condition->column == CONDITION_KEY ? "key" : "value";
    return plan->output.items[condition->column].name;
}

static int finish(sqlite3_str *sql, char **text)
{
    int rc = sqlite3_str_errcode(sql);
    bool any = sqlite3_str_length(sql) > 0;
    *text = sqlite3_str_finish(sql);
    return rc == SQLITE_OK && any && !*text ? SQLITE_NOMEM : rc;
}

int plan_place_conditions(Plan *plan, sqlite3 *db)
{
    const Conditions *conditions = &plan->request.conditions;
    int rc = bare_columns_find(plan->arguments.map, &plan->source, plan->map_columns, &plan->bare);
    if (rc != SQLITE_OK || !conditions->count)
        return rc;
    Texts texts = {sqlite3_str_new(NULL), sqlite3_str_new(NULL), sqlite3_str_new(NULL),
                   sqlite3_str_new(NULL), sqlite3_str_new(NULL), sqlite3_str_new(NULL)};
    int first = plan->request.parameters;
    for (int i = 0; rc == SQLITE_OK && i < conditions->count; i++) {
        const Condition *condition = &conditions->items[i];
        int column = source_column(plan, condition);
        bool on_map = column == BARE_NOT && condition->column != CONDITION_KEY;
        if (column != BARE_NOT)
            rc = place_on_source(plan, db, condition, column, first, &texts);
        else if (on_map && !plan_has_language(plan))
            rc = place_on_map(condition, first, &texts);
        if (!on_map || !plan_has_language(plan))
            condition_tell(on_map ? texts.map_words : texts.source_words, condition->op,
                           column_name(plan, condition));
        first += condition_values(condition);
    }
    int made[] = {finish(texts.map, &plan->conditions),
                  finish(texts.source, &plan->source_conditions),
                  finish(texts.bounds, &plan->rowid_bounds),
                  finish(texts.ranges, &plan->range_conditions),
                  finish(texts.source_words, &plan->source_words),
                  finish(texts.map_words, &plan->map_words)};
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof made / sizeof *made; i++)
        rc = made[i];
    /* Where rows are dropped, the position of the others is no longer known from their number. */
    if (plan->conditions && plan->form == MAP_FUNCTION)
        plan->key_in_output = true;
    return rc;
}

bool plan_conditions_leave_ranges(Plan *plan, sqlite3 *db)
{
    enum { DETAIL = 3 /* column of EXPLAIN QUERY PLAN */ };
    if (!plan->source_conditions)
        return true;
    bool ranges = false;
    sqlite3_stmt *statement = NULL;
    SqliteLimits own;
    char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", plan->feed.sql);
    limits_lift(db, &own);
    if (sql && sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(statement, DETAIL);
        ranges = detail && ((!strncmp(detail, "SCAN ", 5) && !strstr(detail, " USING ")) ||
                            strstr(detail, "(rowid>") || strstr(detail, "(rowid<"));
    }
    sqlite3_finalize(statement);
    limits_restore(db, &own);
    sqlite3_free(sql);
    if (!ranges)
        plan->why_feed = "the requested rows are found by rowid or an index";
    return ranges;
}
