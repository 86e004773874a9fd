#include "ext/split/divide.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ext/select/write.h"
#include "ext/split/aggregates.h"
#include "ext/split/cut.h"
#include "ext/split/inside.h"
#include "ext/split/resolve.h"
#include "ext/split/stage.h"
#include "ext/split/stages.h"

/* SELECTs within SELECTs that are stages, one inside the other, at the most. */
enum { NESTED_STAGES = 4 };

static bool divide(Splitting *splitting, Select *select, int depth);

/* ---- the SELECT that is divided ---- */

static bool check_layer_part(void *arg, Expr *expr)
{
    Splitting *splitting = arg;
    if (expr->select || (expr->kind == EXPR_IN && expr->text))
        return split_refuse(splitting, "a subquery around a grouped one is not split%s", "");
    if (resolve_is_aggregate(expr) && !aggregates_is_free_of_order(expr))
        return split_refuse(splitting, "%s over a grouped subquery is not split", expr->text);
    return expr_each_part(expr, check_layer_part, splitting);
}

/* Which row a column is of that is neither grouped by nor in an aggregate depends on their order. */
static bool check_layer_column(Splitting *splitting, const Select *layer, Expr *expr)
{
    return !stage_aggregates(layer) || !aggregates_have_bare_column(&layer->cores[0]->group_by, expr) ||
           split_refuse(splitting, "a column of no group over a grouped subquery is not split%s", "");
}

/* The combining query does all that a SELECT around the divided one does. */
static bool check_layer(Splitting *splitting, const Select *layer)
{
    const SelectCore *core = layer->cores[0];
    bool well = true;
    for (int i = 0; well && i < core->column_count; i++)
        well = check_layer_part(splitting, core->columns[i].expr) &&
               check_layer_column(splitting, layer, core->columns[i].expr);
    for (int i = 0; well && i < core->group_by.count; i++)
        well = check_layer_part(splitting, core->group_by.items[i]);
    for (int i = 0; well && i < layer->order_by.count; i++)
        well = check_layer_part(splitting, layer->order_by.items[i].expr) &&
               check_layer_column(splitting, layer, layer->order_by.items[i].expr);
    return well && (!core->where || check_layer_part(splitting, core->where)) &&
           (!core->having || (check_layer_part(splitting, core->having) &&
                              check_layer_column(splitting, layer, core->having))) &&
           (!layer->limit || check_layer_part(splitting, layer->limit)) &&
           (!layer->offset || check_layer_part(splitting, layer->offset));
}

/* The subquery that is all of the FROM; NULL: there is none. */
static Select *only_source(const Select *select)
{
    const FromList *from = &select->cores[0]->from;
    if (select->core_count != 1 || from->count != 1 || from->items[0]->joined.count)
        return NULL;
    Select *inside = resolved_table(from->items[0])->select;
    return inside && inside->core_count == 1 && !inside->with_count ? inside : NULL;
}

/* Finds the SELECT to divide: the innermost one that groups, sorts or limits, where each around it reads
   nothing but the next; else the statement itself. */
static bool find_target(Splitting *splitting, Select *select)
{
    Select *chain[SPLITTING_LAYERS + 1] = {select};
    int length = 1, target = 0;
    Select *inside;
    while (length <= SPLITTING_LAYERS && (inside = only_source(chain[length - 1]))) {
        chain[length] = inside;
        if (!cut_is_linear(inside))
            target = length;
        length++;
    }
    splitting->layer_count = 0;
    for (int i = 0; i < target; i++) {
        if (!check_layer(splitting, chain[i]))
            return false;
        splitting->layers[splitting->layer_count++] = chain[i];
    }
    splitting->target = chain[target];
    return true;
}

/* Tries the tables in the order of the loops. Whether the statement is divided; if not, the reason of the
   first table is noted: it is the one that the statement's time goes into. */
static bool try_tables(Splitting *splitting, Cut *cut)
{
    const int before = splitting->plan->stage_count;
    const char *first_reason = NULL;
    for (cut->loop = 0, cut->by_rowid = false;; cut->loop++) {
        cut->has_key = false;
        if (cut_find(splitting, cut) && stages_build(splitting, cut))
            return true;
        stages_free(splitting->plan, before);
        /* The same table may be cut by its rowids all the same. */
        if (splitting->rc == SQLITE_OK && splitting->reason && cut->has_key &&
            resolved_table(cut->item)->rowid) {
            splitting->reason = NULL;
            cut->by_rowid = true;
            cut->loop--;
            continue;
        }
        cut->by_rowid = false;
        if (splitting->rc != SQLITE_OK || !splitting->reason)
            break;
        if (!first_reason)
            first_reason = splitting->reason;
        splitting->reason = NULL;
    }
    splitting->reason = first_reason;
    return false;
}

/* Cuts the first large table; where there is none, and small ones may be cut, the first of them. */
static bool divide_tables(Splitting *splitting)
{
    Cut cut;
    if (!cut_begin(splitting, &cut))
        return false;
    cut.least_rows = SPLIT_LEAST_ROWS;
    bool divided = try_tables(splitting, &cut);
    if (!divided && splitting->rc == SQLITE_OK && splitting->options->least_rows < SPLIT_LEAST_ROWS) {
        const char *reason = splitting->reason;
        cut.least_rows = splitting->options->least_rows;
        splitting->reason = NULL;
        divided = try_tables(splitting, &cut);
        if (!divided && reason)
            splitting->reason = reason;
    }
    if (!divided && splitting->rc == SQLITE_OK && !splitting->reason)
        split_refuse(splitting, "its tables are small%s", "");
    return divided;
}

/* Forgets why something could not be done, to try something else. False after an error. */
static bool try_other(Splitting *splitting)
{
    splitting->reason = NULL;
    return splitting->rc == SQLITE_OK && !splitting->arena.failed;
}

/* ---- subqueries in FROM as stages ---- */

/* The subqueries of a FROM clause that SQLite computes before, each of which may be a stage. A subquery that
   only takes rows is no loop of its own. */
static bool collect_subqueries(Splitting *splitting, const FromList *from, FromList *items, bool *others)
{
    for (int i = 0; i < from->count; i++) {
        FromItem *item = from->items[i];
        if (item->joined.count && !collect_subqueries(splitting, &item->joined, items, others))
            return false;
        const Select *select = item->joined.count ? NULL : resolved_table(item)->select;
        if (select && !cut_is_linear(select))
            from_list_add(&splitting->arena, items, item);
        else if (!item->joined.count)
            *others = true;
    }
    return split_goes_on(splitting);
}

Select *divide_with_common_tables(Splitting *splitting, const Select *select)
{
    const Select *all = splitting->parsed.select;
    Select *copy = arena_take(&splitting->arena, sizeof *copy);
    if (!copy)
        return NULL;
    *copy = *select;
    if (!copy->with_count && select != all) {
        copy->with = all->with;
        copy->with_count = all->with_count;
    }
    return copy;
}

static bool differ(const NameList *names)
{
    for (int i = 0; i < names->count; i++)
        for (int j = 0; j < i; j++)
            if (!strcasecmp(names->items[i], names->items[j]))
                return false;
    return true;
}

static bool find_json(void *arg, Expr *expr)
{
    bool *found = arg;
    if (expr->kind == EXPR_CALL && !strncasecmp(expr->text, "json", 4))
        *found = true;
    else
        expr_each_part(expr, find_json, found);
    return !*found;
}

/* Whether a column may be known to be JSON: the table of a stage does not keep that. */
static bool gives_json(const Select *select)
{
    bool found = false;
    for (int i = 0; !found && i < select->core_count; i++)
        for (int j = 0; !found && j < select->cores[i]->column_count; j++)
            find_json(&found, select->cores[i]->columns[j].expr);
    return found;
}

bool divide_as_stage(Splitting *splitting, const Select *select, const NameList *columns, int depth,
                     const char **stage)
{
    *stage = NULL;
    Select *whole = depth < NESTED_STAGES ? divide_with_common_tables(splitting, select) : NULL;
    if (!whole || !differ(columns) || gives_json(whole))
        return split_goes_on(splitting);
    const int before = splitting->plan->stage_count;
    if (divide(splitting, whole, depth + 1) && stages_name_last(splitting, whole, columns, stage))
        return true;
    stages_free(splitting->plan, before);
    return try_other(splitting);
}

/* Makes the subqueries stages, as far as they can be divided. Whether one was. */
static bool divide_subqueries(Splitting *splitting, const FromList *items, int depth)
{
    bool any = false;
    for (int i = 0; i < items->count; i++) {
        KnownTable *table = resolved_table(items->items[i]);
        if (!divide_as_stage(splitting, table->select, &table->columns, depth, &table->stage))
            return false;
        any = any || table->stage;
    }
    return any;
}

static void forget_stages(const FromList *items)
{
    for (int i = 0; i < items->count; i++)
        resolved_table(items->items[i])->stage = NULL;
}

static bool are_stages(const FromList *items)
{
    for (int i = 0; i < items->count; i++)
        if (!resolved_table(items->items[i])->stage)
            return false;
    return true;
}

/* ---- statements over stages alone ---- */

static FromList read_stages(Splitting *splitting, const FromList *from)
{
    FromList list = {0};
    for (int i = 0; i < from->count; i++) {
        FromItem *copy = arena_take(&splitting->arena, sizeof *copy);
        if (!copy)
            break;
        *copy = *from->items[i];
        copy->using_columns = (NameList){0};
        if (copy->joined.count)
            copy->joined = read_stages(splitting, &from->items[i]->joined);
        else
            stages_read(splitting, copy);
        from_list_add(&splitting->arena, &list, copy);
    }
    return list;
}

/* The SELECT over stages instead of its subqueries, as the combining query. */
static bool combine_stages(Splitting *splitting, const Select *select)
{
    if (!check_layer(splitting, select))
        return false;
    for (int i = 0; i < select->cores[0]->from.count; i++) {
        Expr *on = select->cores[0]->from.items[i]->on;
        if (on && !check_layer_part(splitting, on))
            return false;
    }
    SelectCore core = *select->cores[0], *cores[] = {&core};
    Select combine = *select;
    combine.with = NULL;
    combine.with_count = 0;
    combine.cores = cores;
    core.from = read_stages(splitting, &select->cores[0]->from);
    return split_goes_on(splitting) && stages_combine(splitting, &combine);
}

/* ---- UNION ALL ---- */

/* The number, from 1, of the result column that a term of a compound's ORDER BY means: a position, an alias
   or a column of the first SELECT that has it. 0: none is found. */
static int position_of(const Select *select, const Expr *expr)
{
    if (expr->kind == EXPR_LITERAL && strspn(expr->text, "0123456789") == strlen(expr->text) &&
        strlen(expr->text) < 6)
        return atoi(expr->text);
    for (int i = 0; expr->kind == EXPR_COLUMN && !expr->table && i < select->core_count; i++) {
        const SelectCore *core = select->cores[i];
        int by_alias = 0, by_name = 0, names = 0;
        for (int j = 0; j < core->column_count; j++) {
            const ResultColumn *column = &core->columns[j];
            if (!by_alias && column->alias && !strcasecmp(column->alias, expr->text))
                by_alias = j + 1;
            if (!column->alias && column->expr->kind == EXPR_COLUMN &&
                !strcasecmp(column->expr->text, expr->text) && ++names == 1)
                by_name = j + 1;
        }
        if (by_alias || by_name)
            return by_alias ? by_alias : names == 1 ? by_name : 0;
    }
    return 0;
}

/* The ORDER BY by positions; the columns have to compare alike in all stages from number `first` on. */
static bool order_by_positions(Splitting *splitting, const Select *select, int first, OrderList *order)
{
    const SplitPlan *plan = splitting->plan;
    const ColumnList *of = NULL;
    for (int i = 0; i < select->order_by.count; i++) {
        OrderTerm term = select->order_by.items[i];
        term.position = position_of(select, term.expr);
        if (term.position < 1 || term.position > select->cores[0]->column_count)
            return split_refuse(splitting, "the ORDER BY of its UNION ALL is not understood%s", "");
        of = NULL;
        for (int j = first; j < plan->stage_count; j++) {
            if (!plan->stages[j].name || !plan->stages[j].arm)
                continue;
            const ColumnList *columns = &plan->stages[j].result;
            const char *one = of ? of->items[term.position - 1].collation : NULL;
            const char *other = columns->items[term.position - 1].collation;
            if (of && sqlite3_stricmp(one ? one : "BINARY", other ? other : "BINARY") != 0)
                return split_refuse(splitting, "the parts of its UNION ALL compare differently%s", "");
            of = columns;
        }
        order_list_add(&splitting->arena, order, term);
    }
    return split_goes_on(splitting);
}

static bool have_one_collation(const Column *one, const Column *other)
{
    const char *by = one->collation ? one->collation : "BINARY";
    return !sqlite3_stricmp(by, other->collation ? other->collation : "BINARY");
}

static bool are_alike(const Column *one, const Column *other)
{
    return one->no_affinity == other->no_affinity && !strcmp(one->type, other->type) &&
           have_one_collation(one, other);
}

static bool compares_rows(const Select *select)
{
    for (int i = 1; i < select->core_count; i++)
        if (strcmp(select->operators[i], "UNION ALL") != 0)
            return true;
    return false;
}

/* Some versions of SQLite move a condition around a UNION ALL into each of its SELECTs, where it compares as
   the columns of that SELECT do: the stages from number `first` on have to compare alike then. A UNION
   compares by the first of its SELECTs that has a collation, which each column of a stage has. */
static bool check_arms(Splitting *splitting, const Select *select, int first)
{
    const SplitPlan *plan = splitting->plan;
    const ColumnList *of = NULL;
    const bool around = splitting->conditions_around;
    for (int i = first; (around || compares_rows(select)) && i < plan->stage_count; i++) {
        const ColumnList *columns = &plan->stages[i].result;
        if (!plan->stages[i].name || !plan->stages[i].arm)
            continue;
        for (int j = 0; of && j < columns->count && j < of->count; j++)
            if (!(around ? are_alike : have_one_collation)(&columns->items[j], &of->items[j]))
                return split_refuse(splitting, "the parts of its UNION ALL compare differently%s", "");
        of = columns;
    }
    return split_goes_on(splitting);
}

/* The table of a stage's rows, whose columns are called c0, c1 and so on. NULL with an error. */
static KnownTable *table_of_numbers(Splitting *splitting, int columns)
{
    KnownTable *table = tables_of_columns(splitting, &(NameList){0});
    for (int i = 0; table && i < columns; i++)
        name_list_add(&splitting->arena, &table->columns, split_keep(splitting, sqlite3_mprintf("c%d", i)));
    return split_goes_on(splitting) ? table : NULL;
}

/* SELECT c0, c1 … FROM the stage. NULL where memory is short. */
static SelectCore *select_rows(Splitting *splitting, KnownTable *table)
{
    Arena *arena = &splitting->arena;
    SelectCore *core = arena_take(arena, sizeof *core);
    FromItem *item = arena_take(arena, sizeof *item);
    if (!core || !item)
        return NULL;
    *core = (SelectCore){0};
    *item = (FromItem){.known = table, .written_as = table->stage, .alias = table->stage};
    stages_read(splitting, item);
    from_list_add(arena, &core->from, item);
    for (int i = 0; i < table->columns.count; i++) {
        Expr *column = arena_take(arena, sizeof *column);
        if (!column)
            return NULL;
        *column = (Expr){.kind = EXPR_COLUMN, .text = table->columns.items[i], .from = item, .column = i};
        core_add_column(arena, core, (ResultColumn){.expr = column});
    }
    return core;
}

/* The stage of one SELECT of a compound, divided or as it stands, and its rows. NULL with a reason or an
   error. */
static SelectCore *add_arm(Splitting *splitting, const Select *select, int number, int depth, bool *divided)
{
    Arena *arena = &splitting->arena;
    static const char *operators[] = {""};
    Select arm = {.with = select->with,
                  .with_count = select->with_count,
                  .cores = &select->cores[number],
                  .operators = operators,
                  .core_count = 1};
    Select *kept = arena_take(arena, sizeof *kept);
    KnownTable *table = table_of_numbers(splitting, arm.cores[0]->column_count);
    if (!kept || !table) {
        split_fail(splitting, SQLITE_NOMEM);
        return NULL;
    }
    *kept = arm;
    const int before = splitting->plan->stage_count;
    const char *reason = splitting->reason;
    splitting->reason = NULL;
    bool well = arm.cores[0]->from.count && divide(splitting, kept, depth + 1);
    *divided = *divided || well;
    if (!well) {
        stages_free(splitting->plan, before);
        const char *own = splitting->reason;
        if (!try_other(splitting) || !stages_add_whole(splitting, kept))
            return NULL;
        reason = reason ? reason : own;
    }
    if (!stages_name_last(splitting, kept, &table->columns, &table->stage))
        return NULL;
    splitting->plan->stages[splitting->plan->stage_count - 1].arm = true;
    splitting->why_whole = splitting->why_whole ? splitting->why_whole : reason;
    SelectCore *rows = select_rows(splitting, table);
    return split_goes_on(splitting) ? rows : NULL;
}

/* Each SELECT of the compound is a stage, and the compound of their rows the combining query. */
static bool divide_union(Splitting *splitting, const Select *select, int depth)
{
    Arena *arena = &splitting->arena;
    const int before = splitting->plan->stage_count;
    SelectCore **cores = arena_take(arena, (size_t)select->core_count * sizeof(SelectCore *));
    bool divided = false;
    Select combine = *select;
    for (int i = 0; cores && i < select->core_count; i++) {
        cores[i] = add_arm(splitting, select, i, depth, &divided);
        if (!cores[i])
            return split_goes_on(splitting) && split_fail(splitting, SQLITE_NOMEM);
    }
    if (!cores || !divided)
        return cores ? split_refuse(splitting, "%s",
                                    splitting->why_whole ? splitting->why_whole : "its tables are small")
                     : split_fail(splitting, SQLITE_NOMEM);
    combine.with = NULL;
    combine.with_count = 0;
    combine.cores = cores;
    combine.order_by = (OrderList){0};
    return (!select->limit || check_layer_part(splitting, select->limit)) &&
           (!select->offset || check_layer_part(splitting, select->offset)) &&
           check_arms(splitting, select, before) &&
           order_by_positions(splitting, select, before, &combine.order_by) &&
           stages_combine(splitting, &combine);
}

/* ---- statements ---- */

static bool has_conditions(const FromList *from)
{
    for (int i = 0; i < from->count; i++)
        if (from->items[i]->on || has_conditions(&from->items[i]->joined))
            return true;
    return false;
}

/* Divides a SELECT whose subqueries in FROM may be stages: with these, or as it stands; else it is one over
   them alone. */
static bool divide_with_stages(Splitting *splitting, Select *select, int depth)
{
    FromList items = {0};
    bool others = false;
    const int before = splitting->plan->stage_count;
    if (!collect_subqueries(splitting, &select->cores[0]->from, &items, &others) || !items.count)
        return false;
    const SelectCore *core = select->cores[0];
    const bool around = splitting->conditions_around;
    splitting->conditions_around = around || core->where || core->having || has_conditions(&core->from);
    bool staged = divide_subqueries(splitting, &items, depth);
    splitting->conditions_around = around;
    splitting->layer_count = 0;
    splitting->target = select;
    splitting->depth = depth;
    if (staged && others && divide_tables(splitting))
        return true;
    if (staged && !others && are_stages(&items) && try_other(splitting) && combine_stages(splitting, select))
        return true;
    stages_free(splitting->plan, before);
    forget_stages(&items);
    return false;
}

/* Divides the SELECT by its tables, or a subquery that is all of its FROM, where that can be. */
static bool divide_itself(Splitting *splitting, Select *select, int depth)
{
    if (!find_target(splitting, select)) {
        const char *reason = splitting->reason;
        if (try_other(splitting) && divide_with_stages(splitting, select, depth))
            return true;
        splitting->reason = reason;
        return false;
    }
    if (!splitting->layer_count) {
        Select *target = splitting->target;
        if (divide_with_stages(splitting, target, depth))
            return true;
        if (!try_other(splitting))
            return false;
        splitting->layer_count = 0;
        splitting->target = target;
    }
    splitting->depth = depth;
    return divide_tables(splitting);
}

/* Adds the stages of a SELECT, the last of which is its own. */
static bool divide(Splitting *splitting, Select *select, int depth)
{
    const int before = splitting->plan->stage_count;
    if (select->core_count > 1)
        return divide_union(splitting, select, depth);
    if (divide_itself(splitting, select, depth))
        return true;
    const char *reason = splitting->reason;
    stages_free(splitting->plan, before);
    if (!splitting->keeps_inside && try_other(splitting) && divide_inside(splitting, select, depth))
        return true;
    if (splitting->rc == SQLITE_OK)
        splitting->reason = reason;
    return false;
}

/* A plan does not end with a stage that one worker computes as it stands: the rows of that one are read. */
static bool end_with_rows(Splitting *splitting, Select *select)
{
    const SplitPlan *plan = splitting->plan;
    if (plan->stages[plan->stage_count - 1].form != SPLIT_WHOLE)
        return true;
    KnownTable *table = table_of_numbers(splitting, select->cores[0]->column_count);
    if (!table || !stages_name_last(splitting, select, &table->columns, &table->stage))
        return false;
    SelectCore *cores[] = {select_rows(splitting, table)};
    static const char *operators[] = {""};
    const Select rows = {.cores = cores, .operators = operators, .core_count = 1};
    return cores[0] ? stages_combine(splitting, &rows) : split_fail(splitting, SQLITE_NOMEM);
}

bool divide_statement(Splitting *splitting)
{
    Select *select = splitting->parsed.select;
    return divide(splitting, select, 0) && end_with_rows(splitting, select);
}
