/* The recipes of a plan: for workers that are handed rows, and for workers that read the table themselves. */
#include <stdlib.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/chunk_table.h"
#include "ext/plan/host_functions.h"
#include "ext/plan/host_tables.h"
#include "ext/plan/plan_internal.h"
#include "ext/plan/sql_text.h"
#include "ext/plan/worker_settings.h"

/* The flags of a recipe that the map and its source make. */
static uint32_t own_flags(const Plan *plan)
{
    return (plan->source.rowid ? RECIPE_ROWID : 0u) | (plan->source.rowid_is_null ? RECIPE_ROWID_NULL : 0u) |
           (plan->arguments.partial ? RECIPE_PARTIAL : 0u) |
           (plan->arguments.where || plan->conditions ? RECIPE_WHERE : 0u) |
           (plan->key_in_output ? RECIPE_KEY : 0u) |
           /* With conditions the map was judged already. */
           (plan->conditions && plan->has_constants ? RECIPE_CONSTANTS : 0u);
}

/* The texts of the connection's functions in another language that the map may call, borrowed, in a list to
   be freed; *count is the number of functions. NULL when out of memory. */
static const char **called_functions(const Plan *plan, const ConnectionState *state, uint32_t *count)
{
    const MapArguments *arguments = &plan->arguments;
    const char *const parts[] = {arguments->map, arguments->where, arguments->group_by};
    size_t all = (size_t)state->language.count, used = 0;
    const char **list = calloc(RECIPE_FUNCTION_TEXTS * all + 1, sizeof *list);
    *count = 0;
    if (!list)
        return NULL;
    for (size_t i = 0; i < all; i++) {
        char *const *texts = state->language.texts + RECIPE_FUNCTION_TEXTS * i;
        bool calls = false;
        for (size_t j = 0; j < sizeof parts / sizeof *parts; j++)
            calls = calls || (parts[j] && sql_calls(parts[j], texts[2]));
        for (size_t j = 0; calls && j < RECIPE_FUNCTION_TEXTS; j++)
            list[used++] = texts[j];
    }
    *count = (uint32_t)(used / RECIPE_FUNCTION_TEXTS);
    return list;
}

/* The same of a recipe. */
static const char **recipe_functions(const Recipe *recipe)
{
    size_t texts = RECIPE_FUNCTION_TEXTS * (size_t)recipe->function_count;
    const char **list = calloc(texts + 1, sizeof *list), *text = recipe_text(recipe, recipe->functions);
    if (!list)
        return NULL;
    for (size_t i = 0; i < texts; i++, text = recipe_text_after(text))
        list[i] = text;
    return list;
}

int plan_build_recipe(Plan *plan, ConnectionState *state)
{
    const MapArguments *arguments = &plan->arguments;
    const char *const texts[] = {arguments->map, arguments->where, arguments->group_by};
    WorkerSettings settings;
    uint32_t function_count = 0;
    recipe_unref(plan->recipe);
    plan->recipe = NULL;
    int rc = worker_settings_read(state, texts, sizeof texts / sizeof *texts, &settings);
    if (rc != SQLITE_OK)
        return rc;
    plan->encoding = settings.encoding == SQLITE_UTF8 ? SQLITE_UTF8 : SQLITE_UTF16;
    const ColumnList *columns = &plan->source.columns;
    bool rowid = plan->source.rowid || plan->source.rowid_is_null;
    /* A chunk table without rowids has a column more than its source. Where there is no room for one it has
       rowids, and a view or a subquery over it, which have none. */
    bool full = !rowid && columns->count >= settings.most_columns;
    char *declaration = columns_declare(columns, rowid || full);
    bool viewed = plan->source.table && (full || columns_need_view(columns));
    char *view = viewed ? columns_view(columns, CHUNK_VIEW_NAME, CHUNK_TABLE_NAME) : NULL;
    MapText text = plan_text(plan);
    char *select = map_sql_chunk(&text, plan->source.table ? NULL : columns, viewed);
    const char **functions = called_functions(plan, state, &function_count);
    if (declaration && select && functions && (view || !viewed))
        plan->recipe = recipe_build(&(RecipeParts){
            .encoding = settings.encoding,
            .flags = settings.flags | own_flags(plan),
            .columns = plan->conditions ? (uint32_t)(plan->map_columns + plan->key_in_output) : 0,
            .limits = settings.limits.values,
            .environment = &state->environment,
            .declaration = declaration,
            .view = view,
            .select = select,
            .extension_count = (uint32_t)state->extension_count,
            .extensions = (const char *const *)state->extensions,
            .function_count = function_count,
            .functions = functions,
        });
    free(functions);
    sqlite3_free(declaration);
    sqlite3_free(view);
    sqlite3_free(select);
    plan->extension_count = state->extension_count;
    plan->language_changes = state->language.changes;
    return plan->recipe ? SQLITE_OK : SQLITE_NOMEM;
}

/* Whether a function that reads tables on a worker's connection finds what it would find on the host's: the
   worker has the file as its main, and nothing else. */
static bool find_host_names(const ConnectionState *state, const char *schema, HostTables *tables,
                            HostFunctionTexts *functions)
{
    *tables = (HostTables){0};
    *functions = (HostFunctionTexts){0};
    return state->extension_count && !strcmp(schema, "main") &&
           host_tables_read(state->db, tables) == SQLITE_OK &&
           host_functions_read(state->db, functions) == SQLITE_OK;
}

Recipe *plan_partition_recipe(const Plan *plan, ConnectionState *state, const char *schema, const char *uri,
                              uint64_t scan)
{
    Recipe *recipe = NULL;
    HostTables beside;
    HostFunctionTexts host_functions;
    const bool whole = find_host_names(state, schema, &beside, &host_functions);
    const MapText text = plan_text(plan);
    const char *table = plan->source.table, *rowid = plan->source.rowid;
    const bool partial = plan->arguments.partial;
    const bool uncountable =
        !partial || plan->arguments.where || plan->arguments.group_by || plan->conditions;
    const char *conditions = plan->range_conditions;
    char *select = map_sql_partition(&text, table, rowid, conditions, false, partial);
    char *uncounted = uncountable ? NULL : map_sql_partition(&text, table, rowid, conditions, false, false);
    char *tracing = map_sql_partition(&text, table, rowid, conditions, true, partial);
    char *rowids = map_sql_rowids(table, rowid, text.backwards);
    const char **functions = recipe_functions(plan->recipe);
    if (functions && select && tracing && rowids && (uncounted || uncountable))
        recipe = recipe_build(&(RecipeParts){
            .encoding = plan->recipe->encoding,
            .flags = plan->recipe->flags | (whole ? RECIPE_TABLES : 0u) |
                     (plan->has_constants ? RECIPE_CONSTANTS : 0u) |
                     (conditions ? RECIPE_WHERE | RECIPE_COUNTS : 0u) |
                     (text.backwards ? RECIPE_BACKWARDS : 0u),
            .limits = plan->recipe->limits,
            .environment = &plan->recipe->environment,
            .scan = scan,
            .columns = (uint32_t)(plan->map_columns + plan->key_in_output),
            .declaration = "",
            .select = select,
            .uncounted_select = uncounted,
            .tracing_select = tracing,
            .rowids_select = rowids,
            .uri = uri,
            .table_count = 1,
            .tables = &table,
            .host_table_count = whole ? (uint32_t)beside.count : 0,
            .host_tables = (const char *const *)beside.names,
            .host_function_count = whole ? (uint32_t)host_functions.count : 0,
            .host_functions = (const char *const *)host_functions.texts,
            .extension_count = (uint32_t)state->extension_count,
            .extensions = (const char *const *)state->extensions,
            .function_count = plan->recipe->function_count,
            .functions = functions,
        });
    free(functions);
    sqlite3_free(select);
    sqlite3_free(uncounted);
    sqlite3_free(tracing);
    sqlite3_free(rowids);
    host_tables_free(&beside);
    host_functions_free(&host_functions);
    return recipe;
}
