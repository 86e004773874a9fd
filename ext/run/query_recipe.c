#include "ext/run/query_recipe.h"

#include <stdlib.h>
#include <string.h>

#include "ext/evaluate/morsel_table.h"
#include "ext/plan/worker_settings.h"

/* The names of what the query reads, in turn, last the key that is cut; the caller's to free, the texts are
   the plan's. */
static const char **read_names(const SplitPlan *plan, const SplitStage *stage)
{
    const char **names = malloc(((size_t)plan->read_count * 2 + 2) * sizeof *names);
    for (size_t i = 0; names && i < (size_t)plan->read_count; i++) {
        names[2 * i] = plan->reads[i].table;
        names[2 * i + 1] = plan->reads[i].column;
    }
    if (names && stage->key.column) {
        names[2 * (size_t)plan->read_count] = stage->cut_table;
        names[2 * (size_t)plan->read_count + 1] = stage->key.column;
    }
    return names;
}

/* The tables that were made for the query, last the ranges of the keys; the caller's to free. */
static RecipeTableParts *made_tables(const Query *query, const Buffer *keys)
{
    RecipeTableParts *made = calloc((size_t)query->made_count + 1, sizeof *made);
    if (made && query->made_count)
        memcpy(made, query->made, (size_t)query->made_count * sizeof *made);
    if (made && keys)
        made[query->made_count] = (RecipeTableParts){.name = MORSEL_TABLE_NAME,
                                                     .declaration = "",
                                                     .rows = keys->data,
                                                     .rows_size = (uint32_t)keys->size};
    return made;
}

static uint32_t stage_flags(const SplitStage *stage)
{
    return RECIPE_MORSELS | (stage->walks_once ? RECIPE_WALKS_ONCE : 0u) | (stage->sorts ? RECIPE_SORTS : 0u);
}

int query_recipe_build(const Query *query, const SplitStage *stage, const Buffer *keys, const char *uri,
                       uint64_t scan, Recipe **out)
{
    ConnectionState *state = query->state;
    const SplitPlan *plan = query->plan;
    WorkerSettings settings;
    const char *table = stage->cut_table;
    const char *text = uri ? stage->worker_sql : stage->combine_sql;
    *out = NULL;
    int rc = worker_settings_read(state, &text, 1, &settings);
    if (rc != SQLITE_OK)
        return rc;
    const char **reads = read_names(plan, stage);
    RecipeTableParts *made = made_tables(query, keys);
    if (!reads || !made) {
        free(reads);
        free(made);
        return SQLITE_NOMEM;
    }
    *out = recipe_build(&(RecipeParts){
        .encoding = settings.encoding,
        .flags = settings.flags | (uri ? stage_flags(stage) : 0u),
        .limits = settings.limits.values,
        .environment = &state->environment,
        .scan = scan,
        .declaration = "",
        .select = uri ? text : NULL,
        .uri = uri,
        .table_count = uri && table ? 1 : 0,
        .tables = &table,
        .read_count = (uint32_t)plan->read_count + (stage->key.column ? 1 : 0),
        .reads = reads,
        .made_count = (uint32_t)query->made_count + (keys ? 1 : 0),
        .made = made,
        .extension_count = (uint32_t)state->extension_count,
        .extensions = (const char *const *)state->extensions,
    });
    free(reads);
    free(made);
    return *out ? SQLITE_OK : SQLITE_NOMEM;
}
