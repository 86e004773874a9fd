#include "ext/split/cut.h"

#include <string.h>
#include <strings.h>

#include "ext/plan/host_rules.h"
#include "ext/select/write.h"
#include "ext/split/parts.h"
#include "ext/split/resolve.h"
#include "ext/split/stages.h"

static bool is_left(const FromItem *item)
{
    return item->join == JOIN_LEFT;
}

/* Lists the items; joins in brackets are those without brackets, unless the whole is joined from the left. */
static bool collect(Splitting *splitting, const FromList *from, bool outer, FromList *items)
{
    for (int i = 0; i < from->count; i++) {
        FromItem *item = from->items[i];
        if (!item->joined.count)
            from_list_add(&splitting->arena, items, item);
        else if (outer || is_left(item))
            return split_refuse(splitting, "a LEFT JOIN with a join in brackets is not split%s", "");
        else if (!collect(splitting, &item->joined, outer, items))
            return false;
    }
    return split_goes_on(splitting);
}

/* The conditions of inner joins, in the order of the text, those of joins in brackets included. */
static void add_conditions(Splitting *splitting, const FromList *from, Expr **where)
{
    for (int i = 0; i < from->count; i++) {
        const FromItem *item = from->items[i];
        add_conditions(splitting, &item->joined, where);
        if (!is_left(item))
            *where = expr_both(&splitting->arena, *where, item->on);
    }
}

/* Adds an item, which keeps its condition where it is joined from the left. */
static void pin(Splitting *splitting, FromList *from, const FromItem *item)
{
    FromItem *pinned = arena_take(&splitting->arena, sizeof *pinned);
    if (!pinned)
        return;
    *pinned = *item;
    pinned->join = is_left(item) ? JOIN_LEFT : JOIN_CROSS;
    pinned->on = is_left(item) ? item->on : NULL;
    pinned->using_columns = (NameList){0};
    if (resolved_table(item)->stage)
        stages_read(splitting, pinned);
    from_list_add(&splitting->arena, from, pinned);
}

static int find_loop(const LoopList *loops, const FromItem *item)
{
    for (int i = 0; i < loops->count; i++)
        if (loops->items[i].item == item)
            return i;
    return -1;
}

/* A table that is joined from the left and that nothing is read of has no loop: it comes last. */
static bool pin_order(Splitting *splitting, Cut *cut)
{
    for (int i = 0; i < cut->loops.count; i++) {
        const FromItem *item = cut->loops.items[i].item;
        if (!item || find_loop(&cut->loops, item) != i)
            return split_refuse(splitting, "its plan comes to a table twice%s", "");
        pin(splitting, &cut->from, item);
    }
    for (int i = 0; i < cut->items.count; i++) {
        const FromItem *item = cut->items.items[i];
        if (find_loop(&cut->loops, item) >= 0)
            continue;
        if (!is_left(item))
            return split_refuse(splitting, "its plan does not show the table %s", item->written_as);
        pin(splitting, &cut->from, item);
    }
    if (cut->from.count && is_left(cut->from.items[0]))
        return split_refuse(splitting, "its plan begins with a LEFT JOIN%s", "");
    return split_goes_on(splitting);
}

bool cut_is_linear(const Select *select)
{
    const SelectCore *core = select->cores[0];
    bool linear = select->core_count == 1 && !select->with_count && !select->limit &&
                  !select->order_by.count && !core->distinct && !core->group_by.count && !core->having &&
                  core->from.count;
    for (int i = 0; linear && i < core->column_count; i++)
        linear = !expr_has_aggregate(core->columns[i].expr);
    return linear;
}

/* Goes into subqueries that stand alone in FROM. */
static void go_inside(Cut *cut)
{
    while (cut->inner->from.count == 1 && cut->nested_count < CUT_NESTED) {
        FromItem *item = cut->inner->from.items[0];
        if (item->joined.count || !resolved_table(item)->select ||
            !cut_is_linear(resolved_table(item)->select))
            return;
        cut->nested[cut->nested_count++] = item;
        cut->inner = resolved_table(item)->select->cores[0];
    }
}

const Expr *cut_origin(const Cut *cut, const Expr *expr)
{
    for (int i = 0; i < cut->nested_count; i++)
        if (expr->kind == EXPR_COLUMN && expr->from == cut->nested[i] && expr->column >= 0)
            expr = resolved_table(cut->nested[i])->select->cores[0]->columns[expr->column].expr;
    return expr;
}

bool cut_begin(Splitting *splitting, Cut *cut)
{
    const SelectCore *core = splitting->target->cores[0];
    *cut = (Cut){.core = core, .inner = core};
    go_inside(cut);
    char *sql = select_text(splitting->target, 0);
    bool read = sql ? collect(splitting, &cut->inner->from, false, &cut->items) &&
                          loops_read(splitting, sql, &cut->items, &cut->loops)
                    : split_fail(splitting, SQLITE_NOMEM);
    sqlite3_free(sql);
    if (!read || !pin_order(splitting, cut))
        return false;
    add_conditions(splitting, &cut->inner->from, &cut->where);
    cut->where = expr_both(&splitting->arena, cut->where, cut->inner->where);
    return split_goes_on(splitting);
}

bool cut_is_range_column(const Cut *cut, const Expr *expr)
{
    const Expr *origin = cut_origin(cut, expr);
    return origin->kind == EXPR_COLUMN && origin->from == cut->item &&
           (cut->has_key ? cut->key.is_own_collation && origin->column == cut->key.number
                         : origin->column == -1);
}

/* ---- which table ---- */

static bool starts(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

/* Whether the statement calls functions that SQLite has not: they may cost more than reading a whole table
   does in the place of an index. An executor that was named is wanted in any case. */
static bool is_costly(Splitting *splitting)
{
    const Shadow *shadow = &splitting->shadow;
    for (int i = 0; i < shadow->function_count; i++)
        if (host_rules_defines(shadow->db, shadow->functions[i]))
            return true;
    return false;
}

static bool find_aggregate(void *arg, Expr *expr)
{
    const Expr **found = arg;
    if (resolve_is_aggregate(expr))
        *found = expr;
    else
        expr_each_part(expr, find_aggregate, arg);
    return !*found;
}

/* Whether the walk for the only min() or max(), which EXPLAIN QUERY PLAN shows as a SEARCH for nothing, ends
   with its first rows: those with the least or the greatest rowid. */
static bool ends_with_first_rows(const Splitting *splitting, const Cut *cut)
{
    const OrderList *order = &splitting->target->order_by;
    const Expr *call = NULL;
    for (int i = 0; !call && i < cut->core->column_count; i++)
        find_aggregate(&call, cut->core->columns[i].expr);
    if (!call && cut->core->having)
        find_aggregate(&call, cut->core->having);
    for (int i = 0; !call && i < order->count; i++)
        find_aggregate(&call, order->items[i].expr);
    const Expr *origin = call && call->list.count ? cut_origin(cut, call->list.items[0]) : NULL;
    return !origin || origin->kind == EXPR_LITERAL ||
           (origin->kind == EXPR_COLUMN && origin->from == cut->item && origin->column == -1);
}

/* Whether a walk or search of this form may be one over a range of rowids: by the rowid, or through an index
   whose last column the rowid is, so that all columns before it have to be known. */
static bool check_access(Splitting *splitting, const Cut *cut)
{
    const Loop *loop = &cut->loops.items[cut->loop];
    const char *access = loop->access, *name = loop->item->written_as;
    bool outermost = cut->loop == 0;
    if (!*access && !(loop->search && ends_with_first_rows(splitting, cut)))
        return true;
    if (starts(access, LOOP_OF_INDEXES))
        return split_refuse(splitting, "several indexes are searched for %s", name);
    if (!loop->search && starts(access, "USING COVERING INDEX"))
        return (outermost && (is_costly(splitting) || !splitting->options->least_rows)) ||
               split_refuse(splitting, "an index answers it without reading the table %s", name);
    if (!loop->search && starts(access, "USING INDEX"))
        return outermost || split_refuse(splitting, "an index is walked for each row before %s", name);
    if (!strchr(access, '('))
        return split_refuse(splitting, "an index of %s answers it at once", name);
    if (strstr(access, "AUTOMATIC"))
        return split_refuse(splitting, "%s is found by an index that is made for the query", name);
    if (starts(access, "USING INTEGER PRIMARY KEY"))
        return !strstr(access, "(rowid=?)") ||
               split_refuse(splitting, "a row of %s is found by its rowid", name);
    if (strchr(access, '<') || strchr(access, '>'))
        return split_refuse(splitting, "%s is searched by a range of an index", name);
    return true;
}

static bool is_usable(const KnownTable *table)
{
    return table->name && !table->view && (table->rowid || table->without_rowid);
}

/* Whether rows are sorted by the key before all else, or are grouped by it and groups are small. */
static bool comes_by_key(Splitting *splitting, const Cut *cut)
{
    const ExprList *groups = &cut->core->group_by;
    const OrderList *order = &splitting->target->order_by;
    for (int i = 0; i < groups->count; i++)
        if (cut_is_range_column(cut, groups->items[i]))
            return cut_key_is_of_few_rows(splitting, resolved_table(cut->item), &cut->key);
    return !groups->count && order->count && cut_is_range_column(cut, order->items[0].expr);
}

/* Whether ranges of a key are better than those of rowids: where the plain loop reads the table itself by the
   key, rows lie in no order there, so that only small groups that are whole, or rows in their order, pay for
   it. A costly function is computed as often either way, and rowids divide more evenly. */
static bool takes_key(Splitting *splitting, Cut *cut, const Loop *loop)
{
    const KnownTable *table = resolved_table(loop->item);
    bool covers = starts(loop->access, "USING COVERING INDEX") || table->without_rowid;
    cut->has_key =
        !cut->by_rowid && cut_key_find(splitting, loop, cut->nested_count ? NULL : cut->where, &cut->key);
    if (cut->has_key && table->rowid && !loop->search &&
        (covers ? is_costly(splitting) : !comes_by_key(splitting, cut)))
        cut->has_key = false;
    return cut->has_key;
}

/* Whether the table of the loop can be cut, by a key or by its rowids. */
static bool choose_ranges(Splitting *splitting, Cut *cut, const Loop *loop)
{
    const KnownTable *table = resolved_table(loop->item);
    cut->has_key = false;
    cut->rowid_bounds = NULL;
    if ((*loop->access || !table->rowid) && takes_key(splitting, cut, loop))
        return true;
    if (!split_goes_on(splitting))
        return false;
    if (!cut->nested_count && starts(loop->access, "USING INTEGER PRIMARY KEY"))
        cut->rowid_bounds = cut_key_rowid_bounds(splitting, loop->item, cut->where);
    return table->rowid ? check_access(splitting, cut)
                        : split_refuse(splitting, "%s has no rowids, and no key that divides it",
                                       loop->item->written_as);
}

/* Whether the loops around this one are short: each range goes through all of them again. What has no rowids
   may have any number of rows. */
static bool comes_after_small(Splitting *splitting, const Cut *cut)
{
    for (int i = 0; i < cut->loop; i++) {
        KnownTable *table = resolved_table(cut->loops.items[i].item);
        if (!is_usable(table) || tables_rows(splitting, table) >= SPLIT_LEAST_ROWS)
            return false;
    }
    return true;
}

bool cut_find(Splitting *splitting, Cut *cut)
{
    for (; cut->loop < cut->loops.count; cut->loop++) {
        const Loop *loop = &cut->loops.items[cut->loop];
        KnownTable *table = resolved_table(loop->item);
        if (is_left(loop->item))
            break;
        if (!is_usable(table) || tables_rows(splitting, table) < cut->least_rows)
            continue;
        cut->item = loop->item;
        return (comes_after_small(splitting, cut) ||
                split_refuse(splitting, "what is joined before %s would be read again for each part",
                             loop->item->written_as)) &&
               choose_ranges(splitting, cut, loop);
    }
    return false;
}

static bool find_choice(void *arg, Expr *expr)
{
    bool *found = arg;
    if (expr->kind == EXPR_IN || (expr->kind == EXPR_BINARY && !strcasecmp(expr->text, "OR")))
        *found = true;
    else
        expr_each_part(expr, find_choice, found);
    return !*found;
}

/* Whether a search of an index is one for a single value of each column: EXPLAIN QUERY PLAN shows that of a
   list as (a=?) too, and SQLite makes a list of an OR. The rows of one value come in the order of rowids. */
static bool searches_one_value(const Cut *cut, const char *access)
{
    bool choice = strchr(access, '<') || strchr(access, '>') || strstr(access, "ANY(") || cut->nested_count;
    if (!choice && cut->where)
        find_choice(&choice, cut->where);
    return !choice;
}

bool cut_reads_stage(const Cut *cut)
{
    for (int i = 0; i < cut->loops.count; i++)
        if (resolved_table(cut->loops.items[i].item)->stage)
            return true;
    return false;
}

bool cut_keeps_order(const Splitting *splitting, const Cut *cut)
{
    const Loop *loop = &cut->loops.items[cut->loop];
    if (cut->loop || splitting->walks_backward || cut_reads_stage(cut))
        return false;
    if (cut->has_key)
        return !cut->key.descending;
    if (!loop->search || !*loop->access)
        return !*loop->access;
    return starts(loop->access, "USING INTEGER PRIMARY KEY") || searches_one_value(cut, loop->access);
}

bool cut_orders_by_rowids(Splitting *splitting, const Cut *cut)
{
    if (cut->nested_count || cut->has_key || !cut_keeps_order(splitting, cut))
        return false;
    for (int i = 1; i < cut->loops.count; i++) {
        const Loop *loop = &cut->loops.items[i];
        bool choice = !searches_one_value(cut, "");
        if (loop->item->on)
            find_choice(&choice, loop->item->on);
        bool searches = *loop->access && !starts(loop->access, "USING INTEGER PRIMARY KEY");
        if ((searches && choice) || !is_usable(resolved_table(loop->item)) ||
            !cut_key_walks_rowids(splitting, loop))
            return false;
    }
    return true;
}

/* ---- the FROM clause of workers ---- */

static Expr *range_column(Splitting *splitting, const FromItem *item, const char *name)
{
    Expr *column = arena_take(&splitting->arena, sizeof *column);
    if (column)
        *column = (Expr){.kind = EXPR_COLUMN, .text = name, .from = item, .column = -1};
    return column;
}

/* The column that ranges are of, as the index compares it. */
static Expr *cut_column(Splitting *splitting, const Cut *cut)
{
    if (!cut->has_key)
        return range_column(splitting, cut->item, resolved_table(cut->item)->rowid);
    Expr *column = range_column(splitting, cut->item, cut->key.column);
    if (cut->key.is_own_collation)
        return column;
    Expr *collated = arena_take(&splitting->arena, sizeof *collated);
    if (collated)
        *collated = (Expr){.kind = EXPR_COLLATE, .text = cut->key.collation, .left = column};
    return collated;
}

static Expr *range_end(Splitting *splitting, const char *text)
{
    Expr *end = arena_take(&splitting->arena, sizeof *end);
    if (end)
        *end = (Expr){.kind = EXPR_LITERAL, .text = text};
    return end;
}

/* The condition of the range. */
static Expr *range_condition(Splitting *splitting, const Cut *cut, FromItem *morsels)
{
    Expr *range = arena_take(&splitting->arena, sizeof *range);
    if (!range)
        return NULL;
    *range = (Expr){
        .kind = EXPR_BETWEEN,
        .left = cut_column(splitting, cut),
        .right = morsels ? range_column(splitting, morsels, cut->has_key ? "first_key" : "first_rowid")
                         : range_end(splitting, "?1"),
        .third = morsels ? range_column(splitting, morsels, cut->has_key ? "last_key" : "last_rowid")
                         : range_end(splitting, "?2"),
    };
    return range;
}

/* Puts FROM and WHERE into the nested subquery that they are of, and gives those around it. */
static bool nest(Splitting *splitting, const Cut *cut, int level, FromList *from, Expr **where)
{
    Arena *arena = &splitting->arena;
    FromItem *item = arena_take(arena, sizeof *item);
    Select *select = arena_take(arena, sizeof *select);
    SelectCore *core = arena_take(arena, sizeof *core);
    SelectCore **cores = arena_take(arena, sizeof *cores);
    if (!item || !select || !core || !cores)
        return split_fail(splitting, SQLITE_NOMEM);
    *item = *cut->nested[level];
    *select = *resolved_table(item)->select;
    *core = *select->cores[0];
    core->from = *from;
    core->where = *where;
    *cores = core;
    select->cores = cores;
    item->select = select;
    item->schema = item->table = NULL;
    *from = (FromList){0};
    from_list_add(arena, from, item);
    *where = level ? resolved_table(cut->nested[level - 1])->select->cores[0]->where : cut->core->where;
    return split_goes_on(splitting);
}

bool cut_from(Splitting *splitting, const Cut *cut, SplitForm form, FromList *from, Expr **where)
{
    *from = (FromList){0};
    *where = cut->where;
    FromItem *morsels = arena_take(&splitting->arena, sizeof *morsels);
    if (!morsels)
        return split_fail(splitting, SQLITE_NOMEM);
    *morsels = (FromItem){.table = SPLIT_MORSEL_TABLE, .written_as = SPLIT_MORSEL_TABLE};
    if (form == SPLIT_MORSELS)
        from_list_add(&splitting->arena, from, morsels);
    for (int i = 0; i < cut->from.count; i++)
        from_list_add(&splitting->arena, from, cut->from.items[i]);
    if (form != SPLIT_WHOLE)
        *where = cut_key_unbound(splitting, *where, cut->has_key ? cut->key.bounded : cut->rowid_bounds);
    if (form != SPLIT_WHOLE)
        *where = expr_both(&splitting->arena,
                           range_condition(splitting, cut, form == SPLIT_MORSELS ? morsels : NULL), *where);
    for (int i = cut->nested_count - 1; i >= 0; i--)
        if (!nest(splitting, cut, i, from, where))
            return false;
    return split_goes_on(splitting);
}

/* ---- the loops of workers ---- */

/* The access with the range among its terms: what is known before it stays. */
static bool is_cut_access(const CutKey *key, const Loop *plain, const Loop *cut)
{
    static const char by_rowid[] = "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)";
    if (key)
        return cut->search && !strcmp(cut->access, key->access);
    if (!plain->search || !*plain->access || starts(plain->access, "USING INTEGER PRIMARY KEY"))
        return cut->search && !strcmp(cut->access, by_rowid);
    size_t length = strlen(plain->access);
    return cut->search && length && plain->access[length - 1] == ')' &&
           !strncmp(plain->access, cut->access, length - 1) &&
           !strcmp(cut->access + length - 1, " AND rowid>? AND rowid<?)");
}

bool cut_check(Splitting *splitting, const Cut *cut, SplitForm form, const LoopList *loops)
{
    int before = form == SPLIT_MORSELS ? 1 : 0;
    if (loops->count != cut->loops.count + before || (before && loops->items[0].item))
        return split_refuse(splitting, "over ranges of %s its loops would be others", cut->item->written_as);
    for (int i = 0; i < cut->loops.count; i++) {
        const Loop *plain = &cut->loops.items[i], *found = &loops->items[i + before];
        bool same = found->item && found->item->written_as == plain->item->written_as;
        if (i == cut->loop)
            same = same && is_cut_access(cut->has_key ? &cut->key : NULL, plain, found);
        else
            same = same && (plain->search == found->search || !*plain->access) &&
                   !strcmp(plain->access, found->access);
        if (!same)
            return split_refuse(splitting, "over ranges of %s its loops would be others",
                                cut->item->written_as);
    }
    return true;
}

bool cut_check_whole(Splitting *splitting, const Cut *cut, const char *sql)
{
    LoopList loops;
    /* The table that SQLite makes of a subquery has affinities, which rows that come one by one have not. */
    bool same = loops_read(splitting, sql, &cut->from, &loops) && loops.count == cut->loops.count &&
                loops.coroutines <= cut->loops.coroutines;
    for (int i = 0; same && i < loops.count; i++) {
        const Loop *plain = &cut->loops.items[i], *found = &loops.items[i];
        same = found->item && found->item->written_as == plain->item->written_as &&
               found->search == plain->search && !strcmp(plain->access, found->access);
    }
    return same || split_refuse(splitting, "over stages its loops would be others%s", "");
}
