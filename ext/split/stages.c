#include "ext/split/stages.h"

#include <stdlib.h>

#include "ext/select/write.h"
#include "ext/split/stage.h"

/* Adds an empty stage to the plan; NULL with an error. */
static SplitStage *add_stage(Splitting *splitting)
{
    SplitPlan *plan = splitting->plan;
    SplitStage *grown = realloc(plan->stages, (size_t)(plan->stage_count + 1) * sizeof *grown);
    if (!grown) {
        split_fail(splitting, SQLITE_NOMEM);
        return NULL;
    }
    plan->stages = grown;
    grown[plan->stage_count] = (SplitStage){.limit = -1};
    return &grown[plan->stage_count++];
}

/* The stage of a subquery, which is computed by one worker as it stands. */
static bool build_subquery(Splitting *splitting, Select *select, int number)
{
    SplitStage *stage = add_stage(splitting);
    if (!stage)
        return false;
    if (splitting->parsed.select->with_count)
        return split_refuse(splitting, "a subquery beside aggregates with WITH is not split%s", "");
    LoopList loops = {0};
    stage->name = sqlite3_mprintf(SPLIT_STAGE_TABLE "%d", number);
    stage->form = SPLIT_WHOLE;
    stage->worker_sql = select_text(select, STAGE_PARAMETER_SHIFT);
    stage->worker_words = sqlite3_mprintf("As it stands");
    if (!stage->name || !stage->worker_sql || !stage->worker_words)
        return split_fail(splitting, SQLITE_NOMEM);
    if (!loops_lines(splitting, stage->worker_sql, &loops))
        return false;
    stage->worker_plan = sqlite3_mprintf("%s", loops.lines);
    return parts_describe_select(splitting, select, &stage->parts) &&
           parts_describe_select(splitting, select, &stage->result) &&
           (stage->worker_plan || split_fail(splitting, SQLITE_NOMEM));
}

bool stages_build(Splitting *splitting, const Cut *cut)
{
    SplitStage last = {.limit = -1};
    PartList parts = {0};
    bool built = stage_build(splitting, cut, &last, &parts);
    for (int i = 0; built && i < parts.subquery_count; i++)
        built = build_subquery(splitting, parts.subqueries[i], i + 1);
    SplitStage *stage = built ? add_stage(splitting) : NULL;
    if (stage)
        *stage = last;
    else
        stage_free(&last);
    return stage != NULL;
}

void stage_free(SplitStage *stage)
{
    sqlite3_free(stage->name);
    sqlite3_free(stage->worker_sql);
    sqlite3_free(stage->combine_sql);
    sqlite3_free(stage->cut_table);
    sqlite3_free(stage->key.column);
    sqlite3_free(stage->key.collation);
    sqlite3_free(stage->key.index);
    sqlite3_free(stage->key.table_name);
    sqlite3_free(stage->key.condition);
    sqlite3_free(stage->worker_plan);
    sqlite3_free(stage->worker_words);
    sqlite3_free(stage->combine_words);
    columns_free(&stage->parts);
    columns_free(&stage->result);
    free(stage->sorted);
    *stage = (SplitStage){0};
}
