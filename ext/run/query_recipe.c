#include "ext/run/query_recipe.h"

#include <stdlib.h>

#include "ext/plan/worker_settings.h"

/* The names of what the query reads, in turn; the caller's to free, the texts are the plan's. */
static const char **read_names(const SplitPlan *plan)
{
    const char **names = malloc(((size_t)plan->read_count * 2 + 1) * sizeof *names);
    for (size_t i = 0; names && i < (size_t)plan->read_count; i++) {
        names[2 * i] = plan->reads[i].table;
        names[2 * i + 1] = plan->reads[i].column;
    }
    return names;
}

int query_recipe_build(const Query *query, const SplitStage *stage, const char *uri, uint64_t scan,
                       Recipe **out)
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
    const char **reads = read_names(plan);
    if (!reads)
        return SQLITE_NOMEM;
    *out = recipe_build(&(RecipeParts){
        .encoding = settings.encoding,
        .flags = settings.flags | (uri ? RECIPE_MORSELS : 0u),
        .limits = settings.limits.values,
        .environment = &state->environment,
        .scan = scan,
        .declaration = "",
        .select = uri ? text : NULL,
        .uri = uri,
        .table_count = uri && table ? 1 : 0,
        .tables = &table,
        .read_count = (uint32_t)plan->read_count,
        .reads = reads,
        .made_count = (uint32_t)query->made_count,
        .made = query->made,
        .extension_count = (uint32_t)state->extension_count,
        .extensions = (const char *const *)state->extensions,
    });
    free(reads);
    return *out ? SQLITE_OK : SQLITE_NOMEM;
}
