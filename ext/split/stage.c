#include "ext/split/stage.h"

#include <stdlib.h>
#include <string.h>

#include "ext/select/write.h"
#include "ext/split/aggregates.h"
#include "ext/split/facts.h"
#include "ext/split/resolve.h"
#include "ext/split/words.h"

typedef struct Building {
    Splitting *splitting;
    const Cut *cut;
    SplitStage *stage;
    const Select *select;
    const SelectCore *core;
    PartList parts;
    /* Statement of workers. */
    Select worker;
    SelectCore worker_core;
    SelectCore *worker_cores[1];
    /* Combining query. */
    Select combine;
    SelectCore combine_core;
    SelectCore *combine_cores[1];
} Building;

static bool has_aggregates(const SelectCore *core, const OrderList *order)
{
    bool found = core->group_by.count > 0 || expr_has_aggregate(core->having);
    for (int i = 0; !found && i < core->column_count; i++)
        found = expr_has_aggregate(core->columns[i].expr);
    for (int i = 0; !found && i < order->count; i++)
        found = expr_has_aggregate(order->items[i].expr);
    return found;
}

bool stage_aggregates(const Select *select)
{
    return has_aggregates(select->cores[0], &select->order_by);
}

/* ---- what kind of stage ---- */

/* Whether a key of the groups is what the ranges are of: then no group has rows in two ranges. Workers give
   SQLite's own aggregates then, which would see the rows of a stage in another order than the plain query. */
static bool has_whole_groups(const Building *building)
{
    const ExprList *keys = &building->core->group_by;
    if (cut_reads_stage(building->cut) && !aggregates_are_free_of_order(building->select))
        return false;
    for (int i = 0; i < keys->count; i++)
        if (cut_is_range_column(building->cut, keys->items[i]))
            return true;
    return false;
}

/* Whether the rows are sorted by what the ranges are of before all else: then those of one range after
   the other are, and none has to be kept. */
static bool is_sorted_by_ranges(const Building *building)
{
    const OrderList *order = &building->select->order_by;
    return order->count && !order->items[0].descending &&
           cut_is_range_column(building->cut, order->items[0].expr);
}

static bool has_constant_subquery(const SelectCore *core)
{
    bool found = expr_has_subquery(core->where, true) || expr_has_subquery(core->having, true);
    for (int i = 0; i < core->column_count; i++)
        found = found || expr_has_subquery(core->columns[i].expr, true);
    for (int i = 0; i < core->group_by.count; i++)
        found = found || expr_has_subquery(core->group_by.items[i], true);
    for (int i = 0; i < core->from.count; i++)
        found = found || expr_has_subquery(core->from.items[i]->on, true);
    return found;
}

/* Parts of a statement that are computed once would be computed for each range. */
static bool computes_once(const Building *building)
{
    for (int i = 0; i < building->cut->items.count; i++)
        if (!resolved_table(building->cut->items.items[i])->name)
            return true;
    for (int i = 0; i < building->cut->nested_count; i++)
        if (has_constant_subquery(resolved_table(building->cut->nested[i])->select->cores[0]))
            return true;
    return has_constant_subquery(building->core) || strstr(building->cut->loops.lines, "AUTOMATIC");
}

/* Whether SQLite comes to the first rows in their order without sorting, and a LIMIT ends it there. */
static bool ends_early(const Building *building)
{
    const LoopList *loops = &building->cut->loops;
    bool groups = building->core->group_by.count || building->core->distinct;
    bool sorted = building->select->order_by.count && !stage_aggregates(building->select);
    bool filtered = building->cut->where || building->core->where;
    bool by_ranges = !groups && filtered && is_sorted_by_ranges(building);
    return building->select->limit && (groups || sorted) && !loops->sorts_groups && !loops->sorts_rows &&
           !by_ranges;
}

static bool choose_kind(Building *building)
{
    Splitting *splitting = building->splitting;
    const Select *select = building->select;
    SplitStage *stage = building->stage;
    bool once = computes_once(building);
    if (expr_has_subquery(select->limit, false) || expr_has_subquery(select->offset, false))
        return split_refuse(splitting, "a subquery in LIMIT is not split%s", "");
    if (ends_early(building))
        return split_refuse(splitting,
                            "its first rows come in their order, and its LIMIT ends it after them%s", "");
    if (stage_aggregates(select) || building->core->distinct) {
        stage->kind =
            has_whole_groups(building) && !building->core->distinct ? SPLIT_WHOLE_GROUPS : SPLIT_GROUPS;
        stage->form = stage->kind == SPLIT_WHOLE_GROUPS && !once ? SPLIT_RANGES : SPLIT_MORSELS;
        return true;
    }
    stage->kind = SPLIT_ROWS;
    bool sorted = select->order_by.count && !is_sorted_by_ranges(building);
    stage->form = sorted || once ? SPLIT_MORSELS : SPLIT_RANGES;
    if (!select->limit || select->order_by.count)
        return true;
    if (!building->cut->where && !building->core->where)
        return split_refuse(splitting, "its LIMIT ends it after its first rows%s", "");
    return !once || split_refuse(splitting, "it has a LIMIT without ORDER BY%s", "");
}

/* ---- the two queries ---- */

static void add_combine_column(Building *building, Expr *expr)
{
    core_add_column(&building->splitting->arena, &building->combine_core, (ResultColumn){.expr = expr});
}

static void add_order(Building *building, OrderList *list, const OrderTerm *like, Expr *expr)
{
    OrderTerm term = *like;
    term.expr = expr;
    term.position = 0;
    order_list_add(&building->splitting->arena, list, term);
}

/* Sorts the worker's statement by the part, which is written as the number of its column: an expression with
   a subquery would be computed twice. */
static void add_worker_order(Building *building, int part, const OrderTerm *like)
{
    OrderTerm term = *like;
    term.expr = building->parts.items[part].expr;
    term.position = part + 1;
    order_list_add(&building->splitting->arena, &building->worker.order_by, term);
}

static void add_sorted(Building *building, int column, const OrderTerm *like)
{
    SplitStage *stage = building->stage;
    SplitSortKey *grown = realloc(stage->sorted, (size_t)(stage->sorted_count + 1) * sizeof *grown);
    if (!grown) {
        split_fail(building->splitting, SQLITE_NOMEM);
        return;
    }
    stage->sorted = grown;
    grown[stage->sorted_count++] = (SplitSortKey){
        .column = column,
        .descending = like->descending,
        .nulls_last = *like->nulls ? !strcmp(like->nulls, "NULLS LAST") : like->descending,
    };
}

/* LIMIT and OFFSET as numbers; -1: there is no LIMIT that is a number. */
static int64_t rows_wanted(const Select *select)
{
    sqlite3_int64 numbers[2] = {-1, 0};
    const Expr *exprs[2] = {select->limit, select->offset};
    for (int i = 0; i < 2; i++) {
        if (!exprs[i])
            continue;
        const char *text = exprs[i]->kind == EXPR_LITERAL ? exprs[i]->text : "";
        size_t length = strlen(text);
        if (!length || length > 9 || strspn(text, "0123456789") != length)
            return -1;
        numbers[i] = atoll(text);
    }
    return numbers[0] < 0 ? -1 : numbers[0] + numbers[1];
}

/* Has each run of the worker's statement give no more rows than the result can have of them. */
static void limit_worker(Building *building)
{
    int64_t rows = rows_wanted(building->select);
    if (rows < 0)
        return;
    const char *text = split_keep(building->splitting, sqlite3_mprintf("%lld", (sqlite3_int64)rows));
    Expr *limit = arena_take(&building->splitting->arena, sizeof *limit);
    if (!text || !limit)
        return;
    *limit = (Expr){.kind = EXPR_LITERAL, .text = text};
    building->worker.limit = limit;
    building->stage->limit = rows;
}

static Expr *cut_rowid(const Building *building)
{
    const FromItem *item = building->cut->item;
    return parts_make(
        building->splitting,
        (Expr){.kind = EXPR_COLUMN, .text = resolved_table(item)->rowid, .from = item, .column = -1});
}

/* Among equal rows the order is that of the table, as in the plain statement, for any number of workers. */
static bool sort_ties(Building *building)
{
    Splitting *splitting = building->splitting;
    const OrderTerm ascending = {.nulls = ""};
    if (!resolved_table(building->cut->item)->rowid)
        return true;
    Expr *rowid = cut_rowid(building);
    int part = rowid ? parts_add(splitting, &building->parts, rowid, rowid) : -1;
    if (part < 0)
        return false;
    add_worker_order(building, part, &ascending);
    add_order(building, &building->combine.order_by, &ascending, building->parts.items[part].column);
    add_sorted(building, part, &ascending);
    return true;
}

/* Rows, or whole groups: workers give the result's columns and what it is sorted by. */
static bool divide_rows(Building *building)
{
    Splitting *splitting = building->splitting;
    const OrderList *order = &building->select->order_by;
    bool groups = building->stage->kind == SPLIT_WHOLE_GROUPS;
    bool merged = building->stage->form == SPLIT_MORSELS && !groups;
    if (groups && splitting->walks_backward && aggregates_depend_on_order(building->select))
        return split_refuse(splitting, "its groups depend on the order of rows, which are walked backward%s",
                            "");
    for (int i = 0; i < building->core->column_count; i++) {
        Expr *expr = building->core->columns[i].expr;
        int part = parts_add(splitting, &building->parts, expr, expr);
        if (part < 0)
            return false;
        add_combine_column(building, splitting->layer_count ? building->parts.items[part].value
                                                            : building->parts.items[part].column);
    }
    for (int i = 0; i < order->count; i++) {
        const OrderTerm *term = &order->items[i];
        /* A constant sorts nothing, and a number would be a position. */
        if (term->expr->kind == EXPR_LITERAL)
            continue;
        int part = parts_add(splitting, &building->parts, term->expr, term->expr);
        if (part < 0)
            return false;
        if (merged || groups)
            add_order(building, &building->combine.order_by, term, building->parts.items[part].column);
        add_worker_order(building, part, term);
        if (merged)
            add_sorted(building, part, term);
    }
    if (merged && !building->cut->nested_count && !sort_ties(building))
        return false;
    if (groups) {
        building->worker_core.group_by = building->core->group_by;
        building->worker_core.having = building->core->having;
    }
    if (!groups || order->count)
        limit_worker(building);
    return split_goes_on(splitting);
}

/* The keys of the groups, and of what DISTINCT aggregates see. */
static bool add_keys(Building *building)
{
    Splitting *splitting = building->splitting;
    const SelectCore *core = building->core;
    const OrderList *order = &building->select->order_by;
    bool plain_distinct = core->distinct && !stage_aggregates(building->select);
    for (int i = 0; i < core->group_by.count; i++)
        if (parts_add(splitting, &building->parts, core->group_by.items[i], core->group_by.items[i]) < 0)
            return false;
    for (int i = 0; plain_distinct && i < core->column_count; i++)
        if (parts_add(splitting, &building->parts, core->columns[i].expr, core->columns[i].expr) < 0)
            return false;
    building->parts.keys = building->parts.count;
    /* SQLite applies the affinities of a subquery's comparisons to the registers that it takes the keys from.
     */
    for (int i = 0; i < building->parts.keys; i++)
        if (expr_has_subquery(building->parts.items[i].expr, false))
            return split_refuse(splitting, "a subquery in GROUP BY or DISTINCT is not split%s", "");
    for (int i = 0; i < core->column_count; i++)
        if (!aggregates_survey(splitting, &building->parts, core->columns[i].expr))
            return false;
    if (core->having && !aggregates_survey(splitting, &building->parts, core->having))
        return false;
    for (int i = 0; i < order->count; i++)
        if (!aggregates_survey(splitting, &building->parts, order->items[i].expr))
            return false;
    return true;
}

/* The key that a term of ORDER BY is; -1: none. */
static int find_key(const Building *building, const Expr *expr)
{
    for (int i = 0; i < building->parts.keys; i++)
        if (expr_equal(building->parts.items[i].expr, expr))
            return i;
    return -1;
}

/* Whether the result is sorted by keys of its groups alone, so that its first groups are among the first ones
   of each worker. */
static bool is_top_of_groups(const Building *building)
{
    const OrderList *order = &building->select->order_by;
    bool top = order->count && !building->core->having && !building->parts.finer &&
               rows_wanted(building->select) >= 0 && building->parts.keys > 0;
    for (int i = 0; i < order->count; i++)
        top = top && find_key(building, order->items[i].expr) >= 0;
    return top;
}

/* The last part, by which workers sort their groups: the first row of each. SQLite shows of each key the
   value of that row then. Merged by no key, the parts come in the order of these rows. */
static bool sort_by_first_row(Building *building)
{
    const OrderTerm ascending = {.nulls = ""};
    Expr *position = parts_position(building->splitting, building->cut);
    Expr *first = position ? parts_make_call(building->splitting, "min", position, NULL) : NULL;
    int part = first ? parts_add(building->splitting, &building->parts, first, NULL) : -1;
    if (part >= 0)
        add_worker_order(building, part, &ascending);
    return part >= 0;
}

/* A group of all rows has a part of each worker, also where that has seen no row: such a part has no columns
   to take. */
static bool leave_out_empty_parts(Building *building)
{
    Splitting *splitting = building->splitting;
    Expr *count = parts_make(splitting, (Expr){.kind = EXPR_CALL, .text = "count", .star = true});
    int part = count ? parts_add(splitting, &building->parts, count, NULL) : -1;
    if (part >= 0)
        building->combine_core.where = building->parts.items[part].column;
    return part >= 0;
}

/* Workers sort their groups: by the terms of ORDER BY where that lets them leave groups out, then by the
   other keys. The combining query groups by the same. */
static bool sort_groups(Building *building)
{
    const OrderTerm ascending = {.nulls = ""};
    const OrderList *order = &building->select->order_by;
    bool top = is_top_of_groups(building);
    bool *sorted = arena_take(&building->splitting->arena, (size_t)building->parts.keys + 1);
    if (!sorted)
        return split_fail(building->splitting, SQLITE_NOMEM);
    for (int i = 0; i < building->parts.keys; i++)
        expr_list_add(&building->splitting->arena, &building->worker_core.group_by,
                      building->parts.items[i].expr);
    int terms = building->parts.by_first_row ? 0 : (top ? order->count : 0) + building->parts.keys;
    for (int i = 0; i < terms; i++) {
        bool term = top && i < order->count;
        int key = term ? find_key(building, order->items[i].expr) : i - (top ? order->count : 0);
        const OrderTerm *like = term ? &order->items[i] : &ascending;
        if (sorted[key])
            continue;
        sorted[key] = true;
        add_worker_order(building, key, like);
        add_sorted(building, key, like);
    }
    if (top)
        limit_worker(building);
    return split_goes_on(building->splitting);
}

/* The groups of the combining query, in the order in which its rows come, where those are sorted. */
static void group_parts(Building *building)
{
    const SplitStage *stage = building->stage;
    bool distinct = building->core->distinct && !stage_aggregates(building->select);
    int groups = distinct ? 0 : building->core->group_by.count;
    for (int i = 0; i < building->parts.keys; i++) {
        int key = stage->sorted_count ? stage->sorted[i].column : i;
        bool own = false;
        for (int j = 0; j < groups; j++)
            own = own || expr_equal(building->core->group_by.items[j], building->parts.items[key].expr);
        if (own)
            expr_list_add(&building->splitting->arena, &building->combine_core.group_by,
                          building->parts.items[key].column);
    }
}

/* Groups, some of which have rows in several ranges: aggregates of partial aggregates. */
static bool divide_groups(Building *building)
{
    Splitting *splitting = building->splitting;
    const SelectCore *core = building->core;
    const OrderList *order = &building->select->order_by;
    if (!add_keys(building) || !sort_groups(building))
        return false;
    group_parts(building);
    building->combine_core.distinct = core->distinct;
    for (int i = 0; i < core->column_count; i++)
        add_combine_column(building, parts_combine(splitting, &building->parts, core->columns[i].expr));
    if (core->having)
        building->combine_core.having = parts_combine(splitting, &building->parts, core->having);
    for (int i = 0; i < order->count && split_goes_on(splitting); i++) {
        if (order->items[i].expr->kind == EXPR_LITERAL)
            continue;
        int key = find_key(building, order->items[i].expr);
        add_order(building, &building->combine.order_by, &order->items[i],
                  key >= 0 ? building->parts.items[key].column
                           : parts_combine(splitting, &building->parts, order->items[i].expr));
    }
    if (building->parts.beside_extreme && !building->parts.keys && !leave_out_empty_parts(building))
        return false;
    if (building->parts.by_first_row && !sort_by_first_row(building))
        return false;
    if (splitting->options->sums_of_sqlite && building->parts.sums)
        return split_refuse(splitting, "sums are left to SQLite by the setting sums%s", "");
    return split_goes_on(splitting);
}

/* ---- texts ---- */

/* The columns of the worker's statement: the parts, or what they compare as. */
static void set_part_columns(Building *building, SelectCore *core, bool described)
{
    static Expr nothing = {.kind = EXPR_LITERAL, .text = "NULL"};
    core->columns = NULL;
    core->column_count = 0;
    for (int i = 0; i < building->parts.count; i++) {
        const Part *part = &building->parts.items[i];
        Expr *as = part->described ? part->described : &nothing;
        core_add_column(&building->splitting->arena, core,
                        (ResultColumn){.expr = described ? as : part->expr, .alias = part->column->text});
    }
}

/* A SELECT over the same tables whose columns compare as the parts do; a DescribingText. */
static char *describing_text(void *arg)
{
    Building *building = arg;
    SelectCore core = {0};
    SelectCore *cores[] = {&core};
    const char *operators[] = {""};
    Select select = {.with = building->select->with,
                     .with_count = building->select->with_count,
                     .cores = cores,
                     .operators = operators,
                     .core_count = 1};
    if (!cut_from(building->splitting, building->cut, SPLIT_WHOLE, &core.from, &core.where))
        return NULL;
    if (building->stage->kind == SPLIT_WHOLE_GROUPS)
        core.group_by = building->core->group_by;
    set_part_columns(building, &core, true);
    return select_text(&select, building->parts.count + 1);
}

/* The SELECT around the combining one: what it reads is no table, but the combining one. NULL with an error.
 */
static Select *add_layer(Splitting *splitting, const Select *layer, Select *inside)
{
    Arena *arena = &splitting->arena;
    Select *select = arena_take(arena, sizeof *select);
    SelectCore *core = arena_take(arena, sizeof *core);
    SelectCore **cores = arena_take(arena, sizeof(SelectCore *));
    FromItem *item = arena_take(arena, sizeof *item);
    if (!select || !core || !cores || !item)
        return NULL;
    *select = *layer;
    *core = *layer->cores[0];
    *item = *core->from.items[0];
    *cores = core;
    select->cores = cores;
    select->with = NULL;
    select->with_count = 0;
    item->select = inside;
    item->schema = item->table = NULL;
    core->from = (FromList){0};
    from_list_add(arena, &core->from, item);
    return select;
}

/* The combining query with the SELECTs around the one that was divided, which call its columns by their
   names. NULL with an error. */
static Select *add_layers(Building *building)
{
    Splitting *splitting = building->splitting;
    Select *select = &building->combine;
    for (int i = splitting->layer_count - 1; select && i >= 0; i--) {
        const NameList *names = &resolved_table(splitting->layers[i]->cores[0]->from.items[0])->columns;
        SelectCore *core = select->cores[0];
        for (int j = 0; j < core->column_count && j < names->count; j++)
            core->columns[j].alias = names->items[j];
        select = add_layer(splitting, splitting->layers[i], select);
    }
    return select;
}

/* Rows that come in the order of their ranges can be given out as they come. */
static bool write_host_text(Building *building)
{
    SplitStage *stage = building->stage;
    if (stage->kind != SPLIT_ROWS || stage->form != SPLIT_RANGES || stage->sorted_count)
        return true;
    Writer writer = {.sql = sqlite3_str_new(NULL),
                     .parameter_shift = STAGE_PARAMETER_SHIFT,
                     .main_as = building->splitting->plan->schema};
    write_select(&writer, &building->worker);
    stage->parts_are_result = parts_are_result(&building->parts, &building->combine);
    stage->host_sql = sqlite3_str_finish(writer.sql);
    return stage->host_sql || split_fail(building->splitting, SQLITE_NOMEM);
}

static bool write_texts(Building *building)
{
    SplitStage *stage = building->stage;
    Splitting *splitting = building->splitting;
    set_part_columns(building, &building->worker_core, false);
    const Select *combine = add_layers(building);
    if (!combine)
        return split_fail(splitting, SQLITE_NOMEM);
    stage->worker_sql = select_text(&building->worker, STAGE_PARAMETER_SHIFT);
    stage->combine_sql = select_text(combine, STAGE_PARAMETER_SHIFT);
    stage->cut_table = sqlite3_mprintf("%s", resolved_table(building->cut->item)->name);
    stage->cut_rowid = resolved_table(building->cut->item)->rowid;
    if (!stage->worker_sql || !stage->combine_sql || !stage->cut_table)
        return split_fail(splitting, SQLITE_NOMEM);
    return write_host_text(building) &&
           (building->cut->has_key
                ? cut_key_write(splitting, building->cut->item, &building->cut->key, &stage->key)
                : cut_key_write_bounds(splitting, building->cut->item, building->cut->rowid_bounds,
                                       &stage->key));
}

/* Has SQLite plan the worker's statement: its loops have to be the plain ones. */
static bool check_texts(Building *building)
{
    Splitting *splitting = building->splitting;
    SplitStage *stage = building->stage;
    LoopList loops;
    if (!loops_read(splitting, stage->worker_sql, &building->cut->from, &loops) ||
        !cut_check(splitting, building->cut, stage->form, &loops))
        return false;
    bool ordered = building->parts.ordered || building->parts.beside_extreme ||
                   building->parts.by_first_row ||
                   (stage->kind == SPLIT_WHOLE_GROUPS && aggregates_depend_on_order(building->select));
    if (ordered && !facts_walk_forward(splitting, stage->worker_sql))
        return false;
    stage->walks_once = loops_walk_once(&loops);
    stage->sorts = loops.sorts_groups || loops.sorts_rows;
    stage->worker_plan = sqlite3_mprintf("%s", loops.lines);
    return stage->worker_plan || split_fail(splitting, SQLITE_NOMEM);
}

static bool begin(Building *building)
{
    Splitting *splitting = building->splitting;
    static const char *operators[] = {""};
    building->worker_cores[0] = &building->worker_core;
    building->combine_cores[0] = &building->combine_core;
    building->worker = (Select){.with = building->select->with,
                                .with_count = building->select->with_count,
                                .cores = building->worker_cores,
                                .operators = operators,
                                .core_count = 1};
    building->combine = (Select){.cores = building->combine_cores,
                                 .operators = operators,
                                 .core_count = 1,
                                 .limit = building->select->limit,
                                 .offset = building->select->offset};
    building->stage->limit = -1;
    if (!parts_begin(splitting, building->cut, &building->parts) || !choose_kind(building))
        return false;
    from_list_add(&splitting->arena, &building->combine_core.from, building->parts.table);
    return cut_from(splitting, building->cut, building->stage->form, &building->worker_core.from,
                    &building->worker_core.where);
}

bool stage_build(Splitting *splitting, const Cut *cut, SplitStage *stage)
{
    Building building = {
        .splitting = splitting, .cut = cut, .stage = stage, .select = splitting->target, .core = cut->core};
    if (!begin(&building))
        return false;
    bool divided = stage->kind == SPLIT_GROUPS ? divide_groups(&building) : divide_rows(&building);
    return divided && parts_describe(splitting, &building.parts, describing_text, &building, &stage->parts) &&
           write_texts(&building) && check_texts(&building) &&
           words_of_stage(splitting, &building.parts, stage);
}
