#include "ext/evaluate/authorizer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ext/evaluate/chunk_table.h"
#include "ext/evaluate/inner_statements.h"
#include "ext/evaluate/morsel_table.h"
#include "ext/evaluate/output.h"
#include "ext/evaluate/range.h"
#include "ext/functions/json_parts.h"
#include "ext/functions/row_position.h"
#include "ext/functions/sum_functions.h"

bool names_have(const Names *names, const char *name)
{
    for (int i = 0; i < names->count; i++)
        if (!strcasecmp(names->items[i], name))
            return true;
    return false;
}

int names_add(Names *names, const char *name)
{
    if (names_have(names, name))
        return SQLITE_OK;
    char **items = realloc(names->items, (size_t)(names->count + 1) * sizeof *items);
    if (!items)
        return SQLITE_NOMEM;
    names->items = items;
    items[names->count] = strdup(name);
    if (!items[names->count])
        return SQLITE_NOMEM;
    names->count++;
    return SQLITE_OK;
}

static void names_free(Names *names)
{
    for (int i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

/* Functions that are about a connection, a file or the process, and not about the values they are given. */
static const char *const refused_functions[] = {
    "changes",
    "total_changes",
    "last_insert_rowid",
    "load_extension",
    "parallel_map_config",
    "parallel_map_load",
    "parallel_map_python",
    "sqlite_offset",
    "sqlite_log",
    "rtreecheck",
    "fts3_tokenizer",
    "readfile",
    "writefile",
    "edit",
};

static bool is_refused(const char *function)
{
    for (size_t i = 0; i < sizeof refused_functions / sizeof *refused_functions; i++)
        if (!strcasecmp(function, refused_functions[i]))
            return true;
    return false;
}

/* Functions that pricemap puts around a map, and into a query. */
static bool is_for_workers(const char *function)
{
    return !strcasecmp(function, OUTPUT_FUNCTION) || !strcasecmp(function, RANGE_TRACE_FUNCTION) ||
           !strcasecmp(function, RANGE_BOUND_FUNCTION) || !strcasecmp(function, RANGE_COUNT_FUNCTION) ||
           !strcasecmp(function, CHUNK_POSITION_FUNCTION) || sum_functions_have(function) ||
           json_parts_have(function) || row_position_has(function);
}

bool authorizer_refuses(const char *function)
{
    return is_refused(function) || is_for_workers(function);
}

static int deny(Authorizer *authorizer, const char *format, const char *name)
{
    sqlite3_snprintf(sizeof authorizer->denial, authorizer->denial, format, name);
    return SQLITE_DENY;
}

/* Tables that SQLite makes of a JSON text, the later two from 3.51 on. */
static const char *const json_tables[AUTHORIZER_JSON_TABLES] = {"json_each", "json_tree", "jsonb_each",
                                                                "jsonb_tree"};

const char *authorizer_json_table(int i)
{
    return json_tables[i];
}

void authorizer_meet_json_tables(sqlite3 *db, const char *select)
{
    if (!strcasestr(select, "json"))
        return;
    for (int i = 0; i < AUTHORIZER_JSON_TABLES; i++) {
        sqlite3_stmt *statement = NULL;
        char sql[64];
        sqlite3_snprintf(sizeof sql, sql, "SELECT 1 FROM %s", json_tables[i]);
        sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
        sqlite3_finalize(statement);
    }
}

/* For a FROM item of which no column is read (common table expressions included) SQLite calls the authorizer
   with an empty column name. That is harmless on a connection without data, except for these tables. */
static bool is_internal_table(const char *table)
{
    return !strncasecmp(table, "sqlite_", 7) || !strncasecmp(table, "pragma_", 7) ||
           !strcasecmp(table, "dbstat");
}

/* Whether the table is one of the map's: the chunk where rows are handed over, and those of the recipe. */
static bool is_source(const Recipe *recipe, const char *table)
{
    if (!recipe->scan && !strcasecmp(table, CHUNK_TABLE_NAME))
        return true;
    const char *name = recipe_text(recipe, recipe->tables);
    for (uint32_t i = 0; i < recipe->table_count; i++, name = recipe_text_after(name))
        if (!strcasecmp(table, name))
            return true;
    return false;
}

/* Whether the column is read by the query as the host knows it, or is the rowid by which its table is cut. */
static bool is_read_by_query(const Authorizer *authorizer, const char *table, const char *column)
{
    const Recipe *recipe = authorizer->recipe;
    const char *name = recipe_text(recipe, recipe->reads);
    for (uint32_t i = 0; i < recipe->read_count; i++) {
        const char *column_name = recipe_text_after(name);
        if (!strcasecmp(table, name) && (!*column || !strcasecmp(column, column_name)))
            return true;
        name = recipe_text_after(column_name);
    }
    if (!recipe->table_count || strcasecmp(table, recipe_text(recipe, recipe->tables)) != 0)
        return false;
    return !strcmp(column, "ROWID") || names_have(&authorizer->keys, column);
}

static bool is_made(const Recipe *recipe, const char *table)
{
    for (uint32_t i = 0; i < recipe->made_count; i++)
        if (!strcasecmp(table, recipe_text(recipe, recipe_made(recipe, i)->name)))
            return true;
    return false;
}

static int authorize_query_read(Authorizer *authorizer, const char *table, const char *column)
{
    if (!strcasecmp(table, MORSEL_TABLE_NAME) || is_made(authorizer->recipe, table) ||
        is_read_by_query(authorizer, table, column))
        return SQLITE_OK;
    return deny(authorizer, "a part of a query reads nothing but what the query reads, not '%s'", table);
}

int authorizer_add_key(Authorizer *authorizer, const char *column)
{
    return names_add(&authorizer->keys, column);
}

static int authorize_read(Authorizer *authorizer, const char *table, const char *column)
{
    const Recipe *recipe = authorizer->recipe;
    bool range = recipe->scan != 0;
    for (int i = 0; i < AUTHORIZER_JSON_TABLES; i++)
        if (!strcasecmp(table, json_tables[i]))
            return SQLITE_OK;
    if (recipe->flags & RECIPE_MORSELS)
        return authorize_query_read(authorizer, table, column);
    /* SQLite authorizes the table as well, where it replaces the view by the table. */
    if (!range && !strcasecmp(table, CHUNK_VIEW_NAME))
        return SQLITE_OK;
    bool source = is_source(recipe, table);
    if (!source && !range && !*column && !is_internal_table(table))
        return SQLITE_OK;
    if (!source)
        return deny(authorizer, "a map reads nothing but the columns of its source, not '%s'", table);
    if (!strcmp(column, "ROWID")) {
        if (recipe->flags & RECIPE_ROWID_NULL)
            return SQLITE_IGNORE;
        authorizer->rowid_named = true;
    }
    for (int i = 0; i < authorizer->columns; i++)
        if (!strcasecmp(authorizer->names[i], column))
            authorizer->named[i] = true;
    return SQLITE_OK;
}

static int authorize_function(Authorizer *authorizer, const char *name)
{
    if (is_for_workers(name))
        return authorizer->preparing_own
                   ? SQLITE_OK
                   : deny(authorizer, "%s() has no place in a map: it is for workers", name);
    if (is_refused(name))
        return deny(authorizer, "%s() has no place in a map: it is about a connection, not about values",
                    name);
    return names_add(&authorizer->functions, name) == SQLITE_OK ? SQLITE_OK : SQLITE_DENY;
}

/* A statement that SQLite prepares anew before it runs is not what runs yet, and is judged again. */
bool authorizer_in_function(const Authorizer *authorizer)
{
    return authorizer->stage == RUNNING_MAP && sqlite3_stmt_busy(authorizer->running);
}

static int authorize(void *arg, int action, const char *first, const char *second, const char *schema,
                     const char *trigger)
{
    Authorizer *authorizer = arg;
    (void)schema;
    (void)trigger;
    if (authorizer->stage == PREPARING_OURS)
        return SQLITE_OK;
    if (authorizer_in_function(authorizer))
        return inner_statement_authorize(authorizer, action, action == SQLITE_FUNCTION ? second : first);
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
        return authorize_read(authorizer, first ? first : "", second ? second : "");
    case SQLITE_FUNCTION:
        return authorize_function(authorizer, second);
    default:
        return deny(authorizer, "a map only computes%s", "");
    }
}

void authorizer_attach(Authorizer *authorizer, sqlite3 *db)
{
    sqlite3_set_authorizer(db, authorize, authorizer);
}

int authorizer_step(Authorizer *authorizer, sqlite3_stmt *statement)
{
    authorizer->running = statement;
    authorizer->stage = RUNNING_MAP;
    int rc = sqlite3_step(statement);
    authorizer->stage = PREPARING_OURS;
    return rc;
}

void authorizer_free(Authorizer *authorizer)
{
    for (int i = 0; i < authorizer->columns; i++)
        free(authorizer->names[i]);
    names_free(&authorizer->functions);
    names_free(&authorizer->keys);
    names_free(&authorizer->host_only);
    free(authorizer->names);
    free(authorizer->named);
}
