#include "ext/plan/map_sql.h"

#include <string.h>

#include "ext/evaluate/chunk_table.h"
#include "ext/evaluate/range.h"

#define BEFORE_NAME "\"pricemap before\""
#define AFTER_NAME "\"pricemap after\""
#define MAP_NAME "\"pricemap map\""

/* Orders the rows of the map's statement over a range, where they are wanted backwards. A column of the map
   may be called as the rowid is: so the source's name comes before it. */
static void append_order(sqlite3_str *sql, const MapText *text, const char *rows)
{
    if (rows && text->backwards)
        sqlite3_str_appendf(sql, " ORDER BY \"%w\".%s DESC", text->alias, text->backwards);
}

/* SELECT [before AS …,] map [, after AS …] FROM from [WHERE rows AND …] [GROUP BY]; the newlines
   end a comment that a part may end with. */
static void append_map(sqlite3_str *sql, const MapText *text, const char *from, const char *before,
                       const char *after, const char *rows)
{
    sqlite3_str_appendall(sql, "SELECT ");
    if (before)
        sqlite3_str_appendf(sql, "%s AS " BEFORE_NAME ", ", before);
    sqlite3_str_appendf(sql, "%s\n", text->map);
    if (after)
        sqlite3_str_appendf(sql, ", %s AS " AFTER_NAME, after);
    sqlite3_str_appendf(sql, " FROM %s AS \"%w\"", from, text->alias);
    /* A range of rowids is walked by rowid: with an index the rows would come in another order, and a turn
       that ends early could not be resumed after its last rowid. */
    if (rows)
        sqlite3_str_appendf(sql, " NOT INDEXED WHERE %s", rows);
    if (text->where)
        sqlite3_str_appendf(sql, " %s (%s\n)", rows ? "AND" : "WHERE", text->where);
    if (text->group_by)
        sqlite3_str_appendf(sql, " GROUP BY %s\n", text->group_by);
}

/* The names that the columns have within conditions, from [before] to [after]. */
static void append_names(sqlite3_str *sql, const MapText *text, bool before, bool after, bool used_only)
{
    const char *separator = "";
    if (before) {
        sqlite3_str_appendall(sql, BEFORE_NAME);
        separator = ", ";
    }
    for (int i = 0; i < text->columns; i++, separator = ", ")
        sqlite3_str_appendf(sql, !used_only || map_uses_column(text->used, i) ? "%sc%d" : "%sNULL AS c%d",
                            separator, i);
    if (after)
        sqlite3_str_appendf(sql, "%s" AFTER_NAME, separator);
}

/* The statement of a map with conditions on its columns. The LIMIT has SQLite compute each row once: without
   it the map would be put into the condition as well, and be computed for both. */
static char *conditioned_select(const MapText *text, const char *from, const char *before, const char *after,
                                const char *rows)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "SELECT ");
    append_names(sql, text, before, after, false);
    sqlite3_str_appendall(sql, " FROM (WITH " MAP_NAME "(");
    append_names(sql, text, before, after, false);
    sqlite3_str_appendall(sql, ") AS (");
    append_map(sql, text, from, before, after, rows);
    append_order(sql, text, rows);
    sqlite3_str_appendall(sql, ") SELECT ");
    append_names(sql, text, before, after, true);
    sqlite3_str_appendf(sql, " FROM " MAP_NAME " LIMIT -1) WHERE %s", text->conditions);
    return sqlite3_str_finish(sql);
}

/* Ends the statement of a map of which not all columns are read with the whole map. The order is outside:
   with one inside SQLite would not take the map apart, and would compute all of its columns. */
static void append_whole(sqlite3_str *sql, const MapText *text, const char *from, const char *before,
                         const char *after, const char *rows)
{
    const bool backwards = rows && text->backwards;
    append_map(sql, text, from, before, backwards ? text->backwards : after, rows);
    sqlite3_str_appendall(sql, backwards ? ") ORDER BY " AFTER_NAME " DESC" : ")");
}

/*
 * The statement over `from`: [before,] map [, after], of the rows that `rows` lets through; each of the three
 * may be NULL. Where not all columns of the map are read it is put into a subquery, and the others are NULL
 * around it: then SQLite does not compute them.
 */
static char *map_select(const MapText *text, const char *from, const char *before, const char *after,
                        const char *rows)
{
    if (text->conditions)
        return conditioned_select(text, from, before, after, rows);
    sqlite3_str *sql = sqlite3_str_new(NULL);
    if (text->used == MAP_ALL_COLUMNS) {
        append_map(sql, text, from, before, after, rows);
        append_order(sql, text, rows);
        return sqlite3_str_finish(sql);
    }
    const char *separator = "";
    sqlite3_str_appendf(sql, "SELECT ");
    if (before) {
        sqlite3_str_appendall(sql, BEFORE_NAME);
        separator = ", ";
    }
    for (int i = 0; i < text->columns; i++, separator = ", ")
        if (map_uses_column(text->used, i))
            sqlite3_str_appendf(sql, "%s\"%w\"", separator, text->output[i].name);
        else
            sqlite3_str_appendf(sql, "%sNULL", separator);
    sqlite3_str_appendf(sql, "%s%s FROM (", after ? ", " : "", after ? AFTER_NAME : "");
    append_whole(sql, text, from, before, after, rows);
    return sqlite3_str_finish(sql);
}

/* For a source that is a SELECT the chunk is a common table expression, which has no rowid, as the SELECT has
 * none. */
char *map_sql_chunk(const MapText *text, const ColumnList *query, bool viewed)
{
    if (!query)
        return map_select(text, viewed ? "\"" CHUNK_VIEW_NAME "\"" : CHUNK_TABLE_NAME, text->key, NULL, NULL);
    char *rows = columns_subquery(query, CHUNK_TABLE_NAME);
    char *map = rows ? map_select(text, "\"" CHUNK_VIEW_NAME "\"", text->key, NULL, NULL) : NULL;
    char *select = map ? sqlite3_mprintf("WITH \"" CHUNK_VIEW_NAME "\" AS %s %s", rows, map) : NULL;
    sqlite3_free(rows);
    sqlite3_free(map);
    return select;
}

/* The condition that makes a range, and what is called with each of its rows. */
static char *range_rows(const char *rowid, const char *source_conditions, bool tracing)
{
    sqlite3_str *rows = sqlite3_str_new(NULL);
    /* Written as two comparisons: a build may not make two of BETWEEN (SQLITE_OMIT_BETWEEN_OPTIMIZATION), and
       would walk the whole table for each range. */
    if (tracing)
        sqlite3_str_appendf(rows,
                            "%s >= " RANGE_BOUND_FUNCTION "(0) AND %s <= " RANGE_BOUND_FUNCTION
                            "(1) AND " RANGE_TRACE_FUNCTION "(%s)",
                            rowid, rowid, rowid);
    else
        sqlite3_str_appendf(rows, "%s >= ?1 AND %s <= ?2", rowid, rowid);
    if (source_conditions)
        sqlite3_str_appendf(rows, " AND %s", source_conditions);
    if (source_conditions && tracing)
        sqlite3_str_appendf(rows, " AND " RANGE_COUNT_FUNCTION "(%s)", rowid);
    return sqlite3_str_finish(rows);
}

char *map_sql_partition(const MapText *text, const char *table, const char *rowid,
                        const char *source_conditions, bool tracing, bool counted)
{
    char *from = sqlite3_mprintf("main.\"%w\"", table);
    char *rows = range_rows(rowid, source_conditions, tracing);
    char *select = from && rows ? map_select(text, from, text->key, counted ? "count(*)" : NULL, rows) : NULL;
    sqlite3_free(from);
    sqlite3_free(rows);
    if (tracing || !text->parameters || !select)
        return select;
    /* SQLite numbers parameters in the order of the text: ?1 and ?2 come first. */
    char *numbered = sqlite3_mprintf("WITH \"pricemap range\"(first, last) AS (SELECT ?1, ?2) %s", select);
    sqlite3_free(select);
    return numbered;
}

char *map_sql_rowids(const char *table, const char *rowid, bool backwards)
{
    return sqlite3_mprintf("SELECT %s FROM main.\"%w\" NOT INDEXED WHERE %s >= ?1 AND %s <= ?2%s%s%s", rowid,
                           table, rowid, rowid, backwards ? " ORDER BY " : "", backwards ? rowid : "",
                           backwards ? " DESC" : "");
}

char *map_sql_plain(const MapText *text, size_t source_length, PlainSelect *plain)
{
    char *sql = map_select(text, text->source, NULL, NULL, NULL);
    size_t written = strlen("SELECT ") + strlen(text->map) + strlen(" FROM ") + source_length +
                     (text->where ? strlen(" WHERE ") + strlen(text->where) : 0) +
                     (text->group_by ? strlen(" GROUP BY ") + strlen(text->group_by) : 0);
    size_t length = sql ? strlen(sql) : 0;
    *plain = (PlainSelect){.sql = sql, .added = length > written ? (int)(length - written) : 0};
    return sql;
}
