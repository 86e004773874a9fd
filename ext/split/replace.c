#include "ext/split/replace.h"

#include "ext/split/aggregates.h"
#include "ext/split/resolve.h"
#include "ext/split/stage.h"
#include "ext/split/stages.h"

typedef struct Replacing {
    Splitting *splitting;
    const StagedList *staged;
} Replacing;

static Select *copy_select(Replacing *replacing, const Select *select);

const StagedSelect *replace_find(const StagedList *staged, const Select *select, const KnownTable *view)
{
    for (int i = 0; i < staged->count; i++)
        if (staged->items[i].select == select || (view && staged->items[i].view == view))
            return &staged->items[i];
    return NULL;
}

/* The FROM item of a stage's rows; its columns stay what those of `item` were. NULL with an error. */
static FromItem *read_stage(Splitting *splitting, const FromItem *item, const StagedSelect *staged)
{
    FromItem *copy = arena_take(&splitting->arena, sizeof *copy);
    KnownTable *table = tables_of_columns(splitting, &staged->columns);
    if (!copy || !table)
        return NULL;
    table->stage = staged->stage;
    *copy = *item;
    copy->known = table;
    stages_read(splitting, copy);
    return copy;
}

/* ---- expressions ---- */

Select *replace_select_rows(Splitting *splitting, const StagedSelect *staged)
{
    static const char *operators[] = {""};
    Arena *arena = &splitting->arena;
    Select *select = arena_take(arena, sizeof *select);
    SelectCore *core = arena_take(arena, sizeof *core), **cores = arena_take(arena, sizeof(SelectCore *));
    const FromItem named = {.written_as = staged->stage};
    FromItem *item = read_stage(splitting, &named, staged);
    if (!select || !core || !cores || !item)
        return NULL;
    *cores = core;
    *select = (Select){.cores = cores, .operators = operators, .core_count = 1};
    from_list_add(arena, &core->from, item);
    for (int i = 0; i < staged->columns.count; i++) {
        Expr *column = arena_take(arena, sizeof *column);
        if (!column)
            return NULL;
        *column = (Expr){.kind = EXPR_COLUMN, .text = staged->columns.items[i], .from = item, .column = i};
        core_add_column(arena, core, (ResultColumn){.expr = column});
    }
    return select;
}

static bool reads_stage(const Replacing *replacing, const FromList *from)
{
    for (int i = 0; i < from->count; i++) {
        const FromItem *item = from->items[i];
        const KnownTable *table = item->joined.count ? NULL : resolved_table(item);
        if (!table && reads_stage(replacing, &item->joined))
            return true;
        if (table && table->select && replace_find(replacing->staged, table->select, table->of_view))
            return true;
        for (int j = 0; table && table->select && j < table->select->core_count; j++)
            if (reads_stage(replacing, &table->select->cores[j]->from))
                return true;
    }
    return false;
}

/* A value is that of the first row, which is the only one where an aggregate gives it. */
static bool check_value(const Replacing *replacing, const Expr *expr)
{
    const SelectCore *core = expr->select->cores[0];
    return expr->kind != EXPR_SELECT || !reads_stage(replacing, &core->from) ||
           (stage_aggregates(expr->select) && !core->group_by.count) ||
           split_refuse(replacing->splitting, "a value is that of the first row of a grouped subquery%s", "");
}

static Expr *replace(void *arg, Expr *expr)
{
    Replacing *replacing = arg;
    if (!expr->select)
        return NULL;
    const StagedSelect *staged = replace_find(replacing->staged, expr->select, NULL);
    if (!staged && !check_value(replacing, expr))
        return expr; /* after a refusal nothing of it is used */
    Expr without = *expr;
    without.select = NULL;
    Expr *copy = expr_copy(&replacing->splitting->arena, &without, replace, replacing);
    if (copy)
        copy->select =
            staged ? replace_select_rows(replacing->splitting, staged) : copy_select(replacing, expr->select);
    return copy && copy->select ? copy : expr;
}

static Expr *copy_expr(Replacing *replacing, Expr *expr)
{
    return expr_copy(&replacing->splitting->arena, expr, replace, replacing);
}

/* ---- clauses ---- */

static FromList copy_from(Replacing *replacing, const FromList *from)
{
    Arena *arena = &replacing->splitting->arena;
    FromList list = {0};
    for (int i = 0; i < from->count; i++) {
        const FromItem *item = from->items[i];
        const KnownTable *table = item->joined.count ? NULL : item->known;
        const StagedSelect *staged =
            table && table->select ? replace_find(replacing->staged, table->select, table->of_view) : NULL;
        FromItem *copy =
            staged ? read_stage(replacing->splitting, item, staged) : arena_take(arena, sizeof *copy);
        if (!copy)
            break;
        if (!staged)
            *copy = *item;
        if (!staged && item->select)
            copy->select = copy_select(replacing, item->select);
        copy->joined = copy_from(replacing, &item->joined);
        copy->on = copy_expr(replacing, item->on);
        from_list_add(arena, &list, copy);
    }
    return list;
}

static ExprList copy_list(Replacing *replacing, const ExprList *list)
{
    ExprList copy = {0};
    for (int i = 0; i < list->count; i++)
        expr_list_add(&replacing->splitting->arena, &copy, copy_expr(replacing, list->items[i]));
    return copy;
}

static SelectCore *copy_core(Replacing *replacing, const SelectCore *core)
{
    Arena *arena = &replacing->splitting->arena;
    SelectCore *copy = arena_take(arena, sizeof *copy);
    if (!copy)
        return NULL;
    *copy = (SelectCore){.distinct = core->distinct,
                         .from = copy_from(replacing, &core->from),
                         .where = copy_expr(replacing, core->where),
                         .group_by = copy_list(replacing, &core->group_by),
                         .having = copy_expr(replacing, core->having)};
    for (int i = 0; i < core->column_count; i++) {
        ResultColumn column = core->columns[i];
        column.expr = copy_expr(replacing, column.expr);
        core_add_column(arena, copy, column);
    }
    return copy;
}

static bool copy_with(Replacing *replacing, const Select *select, Select *copy)
{
    if (!select->with_count)
        return true;
    size_t size = (size_t)select->with_count * sizeof *copy->with;
    copy->with = arena_take(&replacing->splitting->arena, size);
    for (int i = 0; copy->with && i < select->with_count; i++) {
        copy->with[i] = select->with[i];
        copy->with[i].select = copy_select(replacing, select->with[i].select);
        if (!copy->with[i].select)
            return false;
    }
    return copy->with;
}

static bool check_order(Replacing *replacing, const Select *select)
{
    for (int i = 0; i < select->core_count; i++) {
        Select one = {.cores = &select->cores[i], .core_count = 1};
        if (select->core_count == 1)
            one.order_by = select->order_by;
        if (stage_aggregates(&one) && reads_stage(replacing, &one.cores[0]->from) &&
            !aggregates_are_free_of_order(&one))
            return split_refuse(replacing->splitting, "an aggregate depends on the order of a stage's rows%s",
                                "");
    }
    return true;
}

static Select *copy_select(Replacing *replacing, const Select *select)
{
    Arena *arena = &replacing->splitting->arena;
    Select *copy = arena_take(arena, sizeof *copy);
    SelectCore **cores = arena_take(arena, (size_t)select->core_count * sizeof *cores);
    if (!copy || !cores || !check_order(replacing, select))
        return NULL;
    *copy = *select;
    copy->cores = cores;
    copy->order_by = (OrderList){0};
    if (!copy_with(replacing, select, copy))
        return NULL;
    for (int i = 0; i < select->core_count; i++)
        cores[i] = copy_core(replacing, select->cores[i]);
    for (int i = 0; i < select->order_by.count; i++) {
        OrderTerm term = select->order_by.items[i];
        term.expr = copy_expr(replacing, term.expr);
        order_list_add(arena, &copy->order_by, term);
    }
    copy->limit = copy_expr(replacing, select->limit);
    copy->offset = copy_expr(replacing, select->offset);
    return split_goes_on(replacing->splitting) ? copy : NULL;
}

Select *replace_by_stages(Splitting *splitting, const StagedList *staged, const Select *select)
{
    Replacing replacing = {.splitting = splitting, .staged = staged};
    return copy_select(&replacing, select);
}
