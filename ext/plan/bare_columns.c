#include "ext/plan/bare_columns.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/plan/sql_text.h"

/* The tokens of one item of a select-list, as many as a bare column may have: alias . name AS name. */
typedef struct Item {
    SqlToken tokens[6];
    int count;
} Item;

static bool is_name(const SqlToken *token)
{
    return token->kind == SQL_NAME ||
           (token->kind == SQL_WORD && !sqlite3_keyword_check(token->start, (int)token->length));
}

static bool names(const SqlToken *token, const char *name)
{
    char *text = sql_unquote(token);
    bool same = text && !sqlite3_stricmp(text, name);
    sqlite3_free(text);
    return same;
}

/* The source's column of this name, which hides a rowid. */
static int find_column(const SqlToken *token, const Source *source)
{
    static const char *const rowids[] = {"rowid", "_rowid_", "oid"};
    for (int i = 0; i < source->columns.count; i++)
        if (names(token, source->columns.items[i].name))
            return i;
    for (size_t i = 0; source->rowid && i < sizeof rowids / sizeof *rowids; i++)
        if (names(token, rowids[i]))
            return BARE_ROWID;
    return BARE_NOT;
}

/* The column that an item is; BARE_NOT also for a `*`, for which *star is set. */
static int judge_item(const Item *item, const Source *source, bool *star)
{
    const SqlToken *token = item->tokens;
    int left = item->count;
    *star = false;
    if (left >= 3 && is_name(token) && names(token, source->alias) && sql_is_char(token + 1, '.')) {
        token += 2;
        left -= 2;
    }
    *star = left == 1 && sql_is_char(token, '*');
    if (*star || left < 1 || !is_name(token))
        return BARE_NOT;
    if (left >= 2 && sql_is_word(token + 1, "AS")) {
        left -= 2;
        return left == 1 && (is_name(token + 2) || token[2].kind == SQL_STRING) ? find_column(token, source)
                                                                                : BARE_NOT;
    }
    if (left == 1 || (left == 2 && (is_name(token + 1) || token[1].kind == SQL_STRING)))
        return find_column(token, source);
    return BARE_NOT;
}

/* Reads one item; returns the text after its comma, or NULL at the end of the list. */
static const char *read_item(const char *text, Item *item)
{
    const int room = sizeof item->tokens / sizeof *item->tokens;
    int depth = 0;
    *item = (Item){0};
    for (;;) {
        SqlToken token;
        text = sql_token(text, &token);
        if (token.kind == SQL_END || token.kind == SQL_BROKEN)
            return NULL;
        if (depth == 0 && sql_is_char(&token, ','))
            return text;
        depth += sql_is_char(&token, '(') - sql_is_char(&token, ')');
        if (item->count < room)
            item->tokens[item->count++] = token;
    }
}

int bare_columns_find(const char *map, const Source *source, int columns, int **bare)
{
    int found = 0;
    int *list = malloc(((size_t)columns + 1) * sizeof *list);
    *bare = list;
    if (!list)
        return SQLITE_NOMEM;
    while (map && found <= columns) {
        Item item;
        bool star;
        map = read_item(map, &item);
        int column = judge_item(&item, source, &star);
        if (!star && found < columns)
            list[found] = column;
        for (int i = 0; star && i < source->columns.count && found + i < columns; i++)
            list[found + i] = i;
        found += star ? source->columns.count : 1;
    }
    for (int i = 0; found != columns && i < columns; i++)
        list[i] = BARE_NOT;
    return SQLITE_OK;
}

char *bare_column_name(const Source *source, int column)
{
    return column == BARE_ROWID
               ? sqlite3_mprintf("\"%w\".%s", source->alias, source->rowid)
               : sqlite3_mprintf("\"%w\".\"%w\"", source->alias, source->columns.items[column].name);
}

SourceSearch bare_column_search(sqlite3 *db, const Source *source, int column)
{
    enum { DETAIL = 3 /* column of EXPLAIN QUERY PLAN */ };
    SourceSearch search = SEARCH_NONE;
    sqlite3_stmt *statement = NULL;
    SqliteLimits own;
    char *name = bare_column_name(source, column);
    char *sql = name ? sqlite3_mprintf("EXPLAIN QUERY PLAN SELECT 1 FROM %s AS \"%w\" WHERE %s = ?1",
                                       source->from, source->alias, name)
                     : NULL;
    limits_lift(db, &own);
    if (sql && sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK)
        while (search == SEARCH_NONE && sqlite3_step(statement) == SQLITE_ROW) {
            const char *detail = (const char *)sqlite3_column_text(statement, DETAIL);
            if (detail && !strncmp(detail, "SEARCH ", 7) && !strstr(detail, "AUTOMATIC"))
                search = strstr(detail, "(rowid=?)") ? SEARCH_ROWID : SEARCH_INDEX;
        }
    sqlite3_finalize(statement);
    limits_restore(db, &own);
    sqlite3_free(sql);
    sqlite3_free(name);
    return search;
}
