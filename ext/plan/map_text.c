/* The statements that a map becomes. */
#include <string.h>

#include "ext/evaluate/chunk_table.h"
#include "ext/evaluate/range.h"
#include "ext/plan/planner_internal.h"

#define BEFORE_NAME "\"pricemap before\""
#define AFTER_NAME "\"pricemap after\""

/* SELECT [before AS …,] map [, after AS …] FROM from [WHERE rows AND …] [GROUP BY]; the newlines end a
   comment that a part may end with. */
static void append_map(sqlite3_str *sql, const Plan *plan, const char *from, const char *before,
                       const char *after, const char *rows)
{
    const MapArguments *arguments = &plan->arguments;
    sqlite3_str_appendall(sql, "SELECT ");
    if (before)
        sqlite3_str_appendf(sql, "%s AS " BEFORE_NAME ", ", before);
    sqlite3_str_appendf(sql, "%s\n", arguments->map);
    if (after)
        sqlite3_str_appendf(sql, ", %s AS " AFTER_NAME, after);
    sqlite3_str_appendf(sql, " FROM %s AS \"%w\"", from, plan->source.alias);
    /* A range of rowids is walked by rowid: with an index the rows would come in another order, and a turn
       that ends early could not be taken up again behind its last rowid. */
    if (rows)
        sqlite3_str_appendf(sql, " NOT INDEXED WHERE %s", rows);
    if (arguments->where)
        sqlite3_str_appendf(sql, " %s (%s\n)", rows ? "AND" : "WHERE", arguments->where);
    if (arguments->group_by)
        sqlite3_str_appendf(sql, " GROUP BY %s\n", arguments->group_by);
}

static bool column_used(const Plan *plan, int column)
{
    return plan->used >> (column < 63 ? column : 63) & 1;
}

/*
 * The statement over `from`: [before,] map [, after], of the rows that `rows` lets through; each of the three
 * may be NULL. Where not all columns of the map are read it is put into a subquery, and the others are NULL
 * around it: then SQLite does not compute them.
 */
static char *map_select(const Plan *plan, const char *from, const char *before, const char *after,
                        const char *rows)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    if (plan->used == PLAN_ALL_COLUMNS) {
        append_map(sql, plan, from, before, after, rows);
        return sqlite3_str_finish(sql);
    }
    const char *separator = "";
    sqlite3_str_appendf(sql, "SELECT ");
    if (before) {
        sqlite3_str_appendall(sql, BEFORE_NAME);
        separator = ", ";
    }
    for (int i = 0; i < plan->map_columns; i++, separator = ", ")
        if (column_used(plan, i))
            sqlite3_str_appendf(sql, "%s\"%w\"", separator, plan->output.items[i].name);
        else
            sqlite3_str_appendf(sql, "%sNULL", separator);
    sqlite3_str_appendf(sql, "%s%s FROM (", after ? ", " : "", after ? AFTER_NAME : "");
    append_map(sql, plan, from, before, after, rows);
    sqlite3_str_appendall(sql, ")");
    return sqlite3_str_finish(sql);
}

/* A query's chunk is a common table expression, which is a subquery without a rowid. */
char *plan_chunk_select(const Plan *plan, bool viewed)
{
    const char *key = plan->key_in_output ? plan->source.rowid : NULL;
    if (plan->source.table)
        return map_select(plan, viewed ? "\"" CHUNK_VIEW_NAME "\"" : CHUNK_TABLE_NAME, key, NULL, NULL);
    char *rows = columns_subquery(&plan->source.columns, CHUNK_TABLE_NAME);
    char *map = rows ? map_select(plan, "\"" CHUNK_VIEW_NAME "\"", key, NULL, NULL) : NULL;
    char *select = map ? sqlite3_mprintf("WITH \"" CHUNK_VIEW_NAME "\" AS %s %s", rows, map) : NULL;
    sqlite3_free(rows);
    sqlite3_free(map);
    return select;
}

char *plan_partition_select(const Plan *plan, bool tracing, bool counted)
{
    const char *rowid = plan->source.rowid;
    const char *key = plan->key_in_output ? rowid : NULL;
    char *from = sqlite3_mprintf("main.\"%w\"", plan->source.table);
    /* Written as two comparisons: a build may not make two of BETWEEN (SQLITE_OMIT_BETWEEN_OPTIMIZATION), and
       would walk the whole table for each range. */
    char *rows = tracing ? sqlite3_mprintf("%s >= " RANGE_BOUND_FUNCTION "(0) AND %s <= " RANGE_BOUND_FUNCTION
                                           "(1) AND " RANGE_TRACE_FUNCTION "(%s)",
                                           rowid, rowid, rowid)
                         : sqlite3_mprintf("%s >= ?1 AND %s <= ?2", rowid, rowid);
    char *select = from && rows ? map_select(plan, from, key, counted ? "count(*)" : NULL, rows) : NULL;
    sqlite3_free(from);
    sqlite3_free(rows);
    return select;
}

char *plan_plain_select(const Plan *plan, PlainSelect *plain)
{
    const MapArguments *arguments = &plan->arguments;
    char *sql = map_select(plan, plan->source.from, NULL, NULL, NULL);
    size_t said = strlen("SELECT ") + strlen(arguments->map) + strlen(" FROM ") + strlen(arguments->source) +
                  (plan->source.table ? 0 : strlen("()")) +
                  (arguments->where ? strlen(" WHERE ") + strlen(arguments->where) : 0) +
                  (arguments->group_by ? strlen(" GROUP BY ") + strlen(arguments->group_by) : 0);
    size_t length = sql ? strlen(sql) : 0;
    *plain = (PlainSelect){.sql = sql, .added = length > said ? (int)(length - said) : 0};
    return sql;
}
