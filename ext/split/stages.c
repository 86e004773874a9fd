#include "ext/split/stages.h"

#include <stdlib.h>
#include <string.h>

#include "ext/select/write.h"
#include "ext/split/resolve.h"
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

bool stages_add_whole(Splitting *splitting, Select *select)
{
    SplitStage *stage = add_stage(splitting);
    if (!stage)
        return false;
    LoopList loops = {0};
    stage->form = SPLIT_WHOLE;
    stage->worker_sql = select_text(select, STAGE_PARAMETER_SHIFT);
    stage->worker_words = sqlite3_mprintf("As it stands");
    if (!stage->worker_sql || !stage->worker_words)
        return split_fail(splitting, SQLITE_NOMEM);
    if (!loops_lines(splitting, stage->worker_sql, &loops))
        return false;
    stage->worker_plan = sqlite3_mprintf("%s", loops.lines);
    return parts_describe_select(splitting, select, &stage->parts) &&
           (stage->worker_plan || split_fail(splitting, SQLITE_NOMEM));
}

static bool rename_columns(Splitting *splitting, ColumnList *columns, const NameList *names)
{
    if (columns->count != names->count)
        return split_refuse(splitting, "the columns of a stage are not understood%s", "");
    for (int i = 0; i < columns->count; i++) {
        sqlite3_free(columns->items[i].name);
        columns->items[i].name = sqlite3_mprintf("%s", names->items[i]);
        if (!columns->items[i].name)
            return split_fail(splitting, SQLITE_NOMEM);
    }
    return true;
}

/* Has statements over the stage's table prepare; an earlier try may have made another one of the name. */
static bool create_table(Splitting *splitting, const SplitStage *stage)
{
    char *declaration = split_stage_declaration(stage);
    char *sql = declaration
                    ? sqlite3_mprintf("DROP TABLE IF EXISTS temp.\"%w\"; %s", stage->name, declaration)
                    : NULL;
    int rc = sql ? sqlite3_exec(splitting->shadow.db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    sqlite3_free(declaration);
    return rc == SQLITE_OK || split_refuse_unprepared(splitting, rc);
}

bool stages_name_last(Splitting *splitting, Select *select, const NameList *names, const char **name)
{
    SplitStage *stage = &splitting->plan->stages[splitting->plan->stage_count - 1];
    stage->name = sqlite3_mprintf(SPLIT_STAGE_TABLE "%d", splitting->plan->stage_count);
    *name = stage->name ? arena_copy(&splitting->arena, stage->name, strlen(stage->name)) : NULL;
    if (!*name)
        return split_fail(splitting, SQLITE_NOMEM);
    bool named = parts_describe_select(splitting, select, &stage->result) &&
                 rename_columns(splitting, &stage->result, names) && create_table(splitting, stage);
    if (!named)
        *name = NULL;
    return named;
}

static const SplitStage *find_stage(const Splitting *splitting, const char *name)
{
    const SplitPlan *plan = splitting->plan;
    for (int i = 0; i < plan->stage_count; i++)
        if (plan->stages[i].name && !strcmp(plan->stages[i].name, name))
            return &plan->stages[i];
    return NULL;
}

/* A column of the stage's table as a column of the subquery around it: without affinity where it has none. */
static void add_column(Splitting *splitting, SelectCore *core, const FromItem *table, const Column *column)
{
    Arena *arena = &splitting->arena;
    Expr *expr = arena_take(arena, sizeof *expr), *plus = arena_take(arena, sizeof *plus);
    const char *name = arena_copy(arena, column->name, strlen(column->name));
    if (!expr || !plus || !name)
        return;
    *expr = (Expr){.kind = EXPR_COLUMN, .text = name, .from = table};
    *plus = (Expr){.kind = EXPR_UNARY, .text = "+", .left = expr};
    core_add_column(arena, core, (ResultColumn){.expr = column->no_affinity ? plus : expr, .alias = name});
}

void stages_read(Splitting *splitting, FromItem *item)
{
    static const char *operators[] = {""};
    Arena *arena = &splitting->arena;
    const char *name = resolved_table(item)->stage;
    const SplitStage *stage = find_stage(splitting, name);
    bool all = true;
    item->schema = NULL;
    item->table = name;
    item->select = NULL;
    for (int i = 0; stage && i < stage->result.count; i++)
        all = all && !stage->result.items[i].no_affinity;
    if (!stage || all)
        return;
    FromItem *table = arena_take(arena, sizeof *table);
    Select *select = arena_take(arena, sizeof *select);
    SelectCore *core = arena_take(arena, sizeof *core), **cores = arena_take(arena, sizeof(SelectCore *));
    if (!table || !select || !core || !cores)
        return;
    *table = (FromItem){.table = name, .written_as = item->written_as};
    *core = (SelectCore){0};
    *cores = core;
    *select = (Select){.cores = cores, .operators = operators, .core_count = 1};
    from_list_add(arena, &core->from, table);
    for (int i = 0; i < stage->result.count; i++)
        add_column(splitting, core, table, &stage->result.items[i]);
    item->table = NULL;
    item->select = select;
}

bool stages_combine(Splitting *splitting, const Select *combine)
{
    char *text = select_text(combine, STAGE_PARAMETER_SHIFT);
    sqlite3_stmt *statement = NULL;
    int rc = text ? sqlite3_prepare_v2(splitting->shadow.db, text, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_finalize(statement);
    SplitStage *stage = rc == SQLITE_OK ? add_stage(splitting) : NULL;
    if (!stage) {
        sqlite3_free(text);
        return rc == SQLITE_OK ? false : split_refuse_unprepared(splitting, rc);
    }
    stage->form = SPLIT_COMBINED;
    stage->combine_sql = text;
    stage->combine_words =
        sqlite3_mprintf(combine->core_count > 1 ? "UNION ALL of the stages" : "the query over the stages");
    return stage->combine_words || split_fail(splitting, SQLITE_NOMEM);
}

char *split_stage_declaration(const SplitStage *stage)
{
    char *columns = columns_declare(&stage->result, true);
    char *text =
        columns ? sqlite3_mprintf("CREATE TEMP TABLE \"%w\"%s", stage->name, strchr(columns, '(')) : NULL;
    sqlite3_free(columns);
    return text;
}

const SplitStage *split_plan_cut(const SplitPlan *plan)
{
    int i = plan->stage_count - 1;
    while (i > 0 && !plan->stages[i].cut_table)
        i--;
    return &plan->stages[i];
}

/* Frees what a stage owns. */
static void stage_free(SplitStage *stage)
{
    sqlite3_free(stage->name);
    sqlite3_free(stage->worker_sql);
    sqlite3_free(stage->host_sql);
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

bool stages_build(Splitting *splitting, const Cut *cut)
{
    SplitStage last = {.limit = -1};
    SplitStage *stage = stage_build(splitting, cut, &last) ? add_stage(splitting) : NULL;
    if (stage)
        *stage = last;
    else
        stage_free(&last);
    return stage != NULL;
}

bool stages_number_columns(Splitting *splitting, int count, NameList *names)
{
    *names = (NameList){0};
    for (int i = 0; i < count; i++)
        name_list_add(&splitting->arena, names, split_keep(splitting, sqlite3_mprintf("c%d", i)));
    return split_goes_on(splitting);
}

void stages_free(SplitPlan *plan, int first)
{
    while (plan->stage_count > first)
        stage_free(&plan->stages[--plan->stage_count]);
    if (!plan->stage_count) {
        free(plan->stages);
        plan->stages = NULL;
    }
}
