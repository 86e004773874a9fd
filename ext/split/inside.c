#include "ext/split/inside.h"

#include <string.h>

#include "ext/split/aggregates.h"
#include "ext/split/cut.h"
#include "ext/split/divide.h"
#include "ext/split/parts.h"
#include "ext/split/replace.h"
#include "ext/split/resolve.h"
#include "ext/split/stage.h"
#include "ext/split/stages.h"

/* FROM items that a walk comes to, at the most: common tables that read each other twice have no end. */
enum { ITEMS_MOST = 4096 };

/* A SELECT that FROM items read, and how many do. */
typedef struct Source {
    const Select *select;
    const KnownTable *view;
    int readers;
} Source;

typedef struct Inside {
    Splitting *splitting;
    StagedList staged;
    Source *sources;
    int source_count;
    /* Number of SELECTs around the subqueries, which may be stages. */
    int depth;
    /* FROM items that walks came to. */
    int items;
    /* Whether a FROM item that is read as a stage was met. */
    bool reads_stage;
    /* Whether nothing but what several FROM items read becomes a stage for now. */
    bool shared_only;
    /* Whether FROM items of the SELECT under way stay what they are: it is within one that needs columns of
       another, whose loops are not compared, or depends on the order of their rows. */
    bool keeps_items;
} Inside;

/* Visitors of a FROM item's table, and of an expression that has a SELECT; false ends the walk. */
typedef bool TableVisitor(Inside *inside, KnownTable *table);
typedef bool SubqueryVisitor(Inside *inside, const Expr *expr);

typedef struct Walk {
    Inside *inside;
    TableVisitor *table;
    SubqueryVisitor *subquery;
} Walk;

static bool visit_expr(void *arg, Expr *expr)
{
    const Walk *walk = arg;
    return (!expr->select || walk->subquery(walk->inside, expr)) && expr_each_part(expr, visit_expr, arg);
}

static bool visit_from(Walk *walk, const FromList *from)
{
    for (int i = 0; i < from->count; i++) {
        FromItem *item = from->items[i];
        if (++walk->inside->items > ITEMS_MOST)
            return split_refuse(walk->inside->splitting, "it has too many subqueries%s", "");
        if (item->joined.count
                ? !visit_from(walk, &item->joined)
                : resolved_table(item)->select && !walk->table(walk->inside, resolved_table(item)))
            return false;
        if (item->on && !visit_expr(walk, item->on))
            return false;
    }
    return true;
}

/* Visits FROM items and expressions of a SELECT, and leaves to the visitors what is in them. */
static bool visit_parts(Inside *inside, const Select *select, TableVisitor *table, SubqueryVisitor *subquery)
{
    Walk walk = {.inside = inside, .table = table, .subquery = subquery};
    bool well = true;
    for (int i = 0; well && i < select->core_count; i++) {
        SelectCore *core = select->cores[i];
        well = visit_from(&walk, &core->from);
        for (int j = 0; well && j < core->column_count; j++)
            well = visit_expr(&walk, core->columns[j].expr);
        for (int j = 0; well && j < core->group_by.count; j++)
            well = visit_expr(&walk, core->group_by.items[j]);
        well = well && (!core->where || visit_expr(&walk, core->where)) &&
               (!core->having || visit_expr(&walk, core->having));
    }
    for (int i = 0; well && i < select->order_by.count; i++)
        well = visit_expr(&walk, select->order_by.items[i].expr);
    return well && (!select->limit || visit_expr(&walk, select->limit)) &&
           (!select->offset || visit_expr(&walk, select->offset));
}

/* ---- what is read more than once ---- */

static Source *find_source(Inside *inside, const KnownTable *table)
{
    for (int i = 0; i < inside->source_count; i++)
        if (inside->sources[i].select == table->select ||
            (table->of_view && inside->sources[i].view == table->of_view))
            return &inside->sources[i];
    Source *grown =
        arena_grow(&inside->splitting->arena, inside->sources, inside->source_count, sizeof *grown);
    if (!grown)
        return NULL;
    inside->sources = grown;
    grown[inside->source_count] = (Source){.select = table->select, .view = table->of_view};
    return &grown[inside->source_count++];
}

static bool count_in_select(Inside *inside, const Select *select);

static bool count_table(Inside *inside, KnownTable *table)
{
    Source *source = find_source(inside, table);
    if (!source)
        return split_fail(inside->splitting, SQLITE_NOMEM);
    return ++source->readers > 1 || count_in_select(inside, table->select);
}

static bool count_subquery(Inside *inside, const Expr *expr)
{
    return count_in_select(inside, expr->select);
}

static bool count_in_select(Inside *inside, const Select *select)
{
    return visit_parts(inside, select, count_table, count_subquery);
}

/* ---- whether a stage is read ---- */

static bool look_in_select(Inside *inside, const Select *select);

static bool look_at_table(Inside *inside, KnownTable *table)
{
    if (replace_find(&inside->staged, table->select, table->of_view))
        inside->reads_stage = true;
    return !inside->reads_stage && look_in_select(inside, table->select);
}

static bool look_at_subquery(Inside *inside, const Expr *expr)
{
    return look_in_select(inside, expr->select);
}

static bool look_in_select(Inside *inside, const Select *select)
{
    return visit_parts(inside, select, look_at_table, look_at_subquery);
}

static bool reads_stage(Inside *inside, const Select *select)
{
    inside->reads_stage = false;
    if (inside->staged.count)
        look_in_select(inside, select);
    return inside->reads_stage;
}

/* ---- stages ---- */

/* Whether the expression has the same value however the rows of its SELECT come: that of a SELECT in brackets
   is of the first row. */
static bool has_one_value(const Expr *expr)
{
    const Select *select = expr->select;
    return expr->kind != EXPR_SELECT ||
           (select->core_count == 1 && stage_aggregates(select) && !select->cores[0]->group_by.count);
}

/* Whether an IN compares otherwise with the columns of a stage: an explicit COLLATE of its SELECT comes
   before the value's own collation, which that of a column does not; and of a compound the last SELECT
   counts, whose first one says what a stage's columns compare as. */
static bool compares_otherwise(const Expr *expr)
{
    const Select *select = expr->select;
    bool found = expr->kind == EXPR_IN && select->core_count > 1;
    for (int i = 0; expr->kind == EXPR_IN && !found && i < select->cores[0]->column_count; i++)
        found = expr_has_collate(select->cores[0]->columns[i].expr);
    return found;
}

/* Whether a SELECT gives fewer rows than it reads, as far as its text shows: else to hand its rows out costs
   more than to read them does. */
static bool reduces(const Select *select)
{
    bool less = select->limit;
    for (int i = 0; !less && i < select->core_count; i++) {
        const Select one = {.cores = &select->cores[i], .core_count = 1};
        less = one.cores[0]->where || one.cores[0]->distinct || stage_aggregates(&one);
    }
    return less;
}

static bool add_stage(Inside *inside, const Select *select, const KnownTable *view, const NameList *columns)
{
    const char *stage;
    Splitting *splitting = inside->splitting;
    if (!reduces(select))
        return true;
    /* Stages that are made of a subquery's own subqueries are this SELECT's, where it is not divided. */
    const bool keeps_inside = splitting->keeps_inside;
    splitting->keeps_inside = true;
    bool well = divide_as_stage(splitting, select, columns, inside->depth, &stage);
    splitting->keeps_inside = keeps_inside;
    if (!well)
        return false;
    if (!stage)
        return true;
    StagedSelect *grown =
        arena_grow(&splitting->arena, inside->staged.items, inside->staged.count, sizeof *grown);
    if (!grown)
        return split_fail(splitting, SQLITE_NOMEM);
    inside->staged.items = grown;
    grown[inside->staged.count++] =
        (StagedSelect){.select = select, .view = view, .stage = stage, .columns = *columns};
    return true;
}

static bool stage_subquery(Inside *inside, const Expr *expr);
static bool stage_table(Inside *inside, KnownTable *table);

static bool depends_on_order(const Select *select)
{
    bool depends = false;
    for (int i = 0; !depends && i < select->core_count; i++) {
        Select one = {.cores = &select->cores[i], .core_count = 1};
        if (select->core_count == 1)
            one.order_by = select->order_by;
        depends = stage_aggregates(&one) && !aggregates_are_free_of_order(&one);
    }
    return depends;
}

/* Makes stages of what is in a SELECT. */
static bool stage_parts(Inside *inside, const Select *select)
{
    const bool keeps_items = inside->keeps_items;
    inside->keeps_items = keeps_items || depends_on_order(select);
    bool well = visit_parts(inside, select, stage_table, stage_subquery);
    inside->keeps_items = keeps_items;
    return well;
}

/* Makes a stage of a FROM item's SELECT, where SQLite computes it before; else of what is in it. */
static bool stage_table(Inside *inside, KnownTable *table)
{
    const Source *source = find_source(inside, table);
    if (!source)
        return split_fail(inside->splitting, SQLITE_NOMEM);
    if (replace_find(&inside->staged, table->select, table->of_view))
        return true;
    bool wanted = !cut_is_linear(table->select) && !table->select->correlated && !inside->keeps_items &&
                  (source->readers > 1 || !inside->shared_only);
    const int before = inside->staged.count;
    if (wanted && !reads_stage(inside, table->select) &&
        !add_stage(inside, table->select, table->of_view, &table->columns))
        return false;
    return inside->staged.count > before || stage_parts(inside, table->select);
}

/* The same of a subquery of an expression. One that reads a stage is computed of its few rows. */
static bool stage_subquery(Inside *inside, const Expr *expr)
{
    Select *select = expr->select;
    const int before = inside->staged.count;
    const bool keeps_items = inside->keeps_items;
    NameList columns;
    if (!inside->shared_only && !select->correlated && has_one_value(expr) && !compares_otherwise(expr) &&
        !reads_stage(inside, select)) {
        if (!stages_number_columns(inside->splitting, select->cores[0]->column_count, &columns) ||
            !add_stage(inside, select, NULL, &columns))
            return false;
        if (inside->staged.count > before)
            return true;
    }
    inside->keeps_items = select->correlated || !has_one_value(expr);
    bool well = stage_parts(inside, select);
    inside->keeps_items = keeps_items;
    return well;
}

static bool make_stages(Inside *inside, const Select *select)
{
    if (!count_in_select(inside, select))
        return false;
    for (int i = 0; i < 2; i++) {
        inside->shared_only = !i;
        if (!stage_parts(inside, select))
            return false;
    }
    return inside->staged.count > 0;
}

/* ---- the SELECT over stages ---- */

/* The SELECT as one worker computes it: the loops are those of the plain one. */
static bool compute_over_stages(Inside *inside, const Select *select)
{
    Splitting *splitting = inside->splitting;
    Cut cut;
    /* The cut reads the SELECT as it is while the copy gets FROM and WHERE. */
    Select target = *select, copy = *select;
    SelectCore core = *select->cores[0], *cores[] = {&core};
    splitting->layer_count = 0;
    splitting->target = &target;
    copy.cores = cores;
    if (!cut_begin(splitting, &cut) || !cut_from(splitting, &cut, SPLIT_WHOLE, &core.from, &core.where))
        return false;
    Select *whole = replace_by_stages(splitting, &inside->staged, &copy);
    const SplitPlan *plan = splitting->plan;
    return whole && stages_add_whole(splitting, whole) &&
           cut_check_whole(splitting, &cut, plan->stages[plan->stage_count - 1].worker_sql);
}

bool divide_inside(Splitting *splitting, const Select *select, int depth)
{
    Inside inside = {.splitting = splitting, .depth = depth};
    return make_stages(&inside, select) && compute_over_stages(&inside, select);
}

/* ---- values of combining queries ---- */

/* The stage of the subquery, divided or not; the last one of the plan. */
static bool stage_value(Splitting *splitting, const Expr *expr, StagedSelect *staged)
{
    if (compares_otherwise(expr))
        return split_refuse(splitting, "an IN whose SELECT has a COLLATE or is a compound is not split%s",
                            "");
    if (!stages_number_columns(splitting, expr->select->cores[0]->column_count, &staged->columns))
        return false;
    if (has_one_value(expr) && reduces(expr->select) &&
        !divide_as_stage(splitting, expr->select, &staged->columns, splitting->depth, &staged->stage))
        return false;
    Select *select = staged->stage ? NULL : divide_with_common_tables(splitting, expr->select);
    return staged->stage || (select && stages_add_whole(splitting, select) &&
                             stages_name_last(splitting, select, &staged->columns, &staged->stage));
}

Select *inside_stage_value(Splitting *splitting, const Expr *expr)
{
    StagedSelect staged = {0};
    /* The SELECT that is being divided goes on afterwards. */
    const Splitting before = *splitting;
    splitting->conditions_around = false;
    bool well = stage_value(splitting, expr, &staged);
    splitting->target = before.target;
    splitting->layer_count = before.layer_count;
    memcpy(splitting->layers, before.layers, sizeof before.layers);
    splitting->conditions_around = before.conditions_around;
    splitting->depth = before.depth;
    return well ? replace_select_rows(splitting, &staged) : NULL;
}
