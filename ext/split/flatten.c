#include "ext/split/flatten.h"

#include "ext/select/write.h"
#include "ext/split/cut.h"
#include "ext/split/resolve.h"

/* Nodes as they were. One of the pointers is set. */
typedef struct Saved {
    Expr *expr;
    FromItem *item;
    SelectCore *core;
    Expr expr_was;
    FromItem item_was;
    SelectCore core_was;
} Saved;

typedef struct Flattening {
    Splitting *splitting;
    /* Changes, in their order. */
    Saved *saved;
    int saved_count;
    /* Item that is flattened, and the SELECT that it is. */
    const FromItem *item;
    const SelectCore *inner;
    /* Whether the item's rowid is named, which a subquery has not. */
    bool names_rowid;
} Flattening;

/* ---- what is changed ---- */

static bool save(Flattening *flattening, Saved saved)
{
    Saved *grown =
        arena_grow(&flattening->splitting->arena, flattening->saved, flattening->saved_count, sizeof saved);
    if (!grown)
        return split_fail(flattening->splitting, SQLITE_NOMEM);
    flattening->saved = grown;
    grown[flattening->saved_count++] = saved;
    return true;
}

static void undo(Flattening *flattening)
{
    while (flattening->saved_count > 0) {
        const Saved *saved = &flattening->saved[--flattening->saved_count];
        if (saved->expr)
            *saved->expr = saved->expr_was;
        if (saved->item)
            *saved->item = saved->item_was;
        if (saved->core)
            *saved->core = saved->core_was;
    }
}

/* Changes an item, whose address stays: columns name it. */
static bool join_otherwise(Flattening *flattening, FromItem *item, JoinKind join, Expr *on)
{
    if (!save(flattening, (Saved){.item = item, .item_was = *item}))
        return false;
    item->join = join;
    item->on = on;
    return true;
}

/* ---- columns ---- */

static bool replace_in_select(Flattening *flattening, const Select *select);

/* The subquery's expression in a column's stead. An expression keeps the collation of a column, as it does in
 * SQLite. */
static bool take_column(Flattening *flattening, Expr *column)
{
    Expr *of = flattening->inner->columns[column->column].expr;
    if (!save(flattening, (Saved){.expr = column, .expr_was = *column}))
        return false;
    if (of->kind == EXPR_COLUMN || of->kind == EXPR_COLLATE)
        *column = *of;
    else
        *column = (Expr){.kind = EXPR_COLLATE, .text = "BINARY", .left = of, .depth = of->depth + 1};
    return true;
}

/* Columns of the item become what the subquery has for them, in place: a node that occurs twice means the
   same in both. */
static bool replace_columns(void *arg, Expr *expr)
{
    Flattening *flattening = arg;
    if (expr->kind == EXPR_COLUMN && expr->from == flattening->item) {
        flattening->names_rowid |= expr->column < 0;
        return !flattening->names_rowid && take_column(flattening, expr);
    }
    if (expr->select && expr->select->correlated && !replace_in_select(flattening, expr->select))
        return false;
    return expr_each_part(expr, replace_columns, arg);
}

static bool replace_in(Flattening *flattening, Expr *expr)
{
    return !expr || replace_columns(flattening, expr);
}

static bool replace_in_from(Flattening *flattening, const FromList *from)
{
    bool well = true;
    for (int i = 0; well && i < from->count; i++) {
        const FromItem *item = from->items[i];
        const Select *select = item->joined.count ? NULL : resolved_table(item)->select;
        well = replace_in(flattening, item->on) && replace_in_from(flattening, &item->joined) &&
               (!select || !select->correlated || replace_in_select(flattening, select));
    }
    return well;
}

static bool replace_in_core(Flattening *flattening, const SelectCore *core)
{
    bool well = replace_in_from(flattening, &core->from);
    for (int i = 0; well && i < core->column_count; i++)
        well = replace_in(flattening, core->columns[i].expr);
    for (int i = 0; well && i < core->group_by.count; i++)
        well = replace_in(flattening, core->group_by.items[i]);
    return well && replace_in(flattening, core->where) && replace_in(flattening, core->having);
}

static bool replace_in_select(Flattening *flattening, const Select *select)
{
    bool well = true;
    for (int i = 0; well && i < select->core_count; i++)
        well = replace_in_core(flattening, select->cores[i]);
    for (int i = 0; well && i < select->order_by.count; i++)
        well = replace_in(flattening, select->order_by.items[i].expr);
    return well && replace_in(flattening, select->limit) && replace_in(flattening, select->offset);
}

/* ---- FROM ---- */

/* Whether FROM joins tables and subqueries by inner and left joins, none in brackets. */
static bool is_plain_join(const FromList *from)
{
    for (int i = 0; i < from->count; i++)
        if (from->items[i]->joined.count || from->items[i]->join == JOIN_RIGHT ||
            from->items[i]->join == JOIN_FULL)
            return false;
    return from->count > 1;
}

/* The SELECT of the item, where it takes rows of one table; NULL else. */
static const SelectCore *linear_core(const FromItem *item)
{
    const Select *select = resolved_table(item)->select;
    const SelectCore *core = select && cut_is_linear(select) ? select->cores[0] : NULL;
    bool fits = core && !select->correlated && core->from.count == 1 && !core->from.items[0]->joined.count;
    return fits && item->join != JOIN_LEFT ? core : NULL;
}

/* Terms of ORDER BY may name columns that are called otherwise afterwards. */
static void keep_names(SelectCore *core)
{
    for (int i = 0; i < core->column_count; i++)
        if (!core->columns[i].alias && core->columns[i].expr->kind == EXPR_COLUMN)
            core->columns[i].alias = core->columns[i].expr->text;
}

/* Puts the table of the item number `at` where the item was. */
static bool flatten_item(Flattening *flattening, const Select *select, SelectCore *core, int at)
{
    Splitting *splitting = flattening->splitting;
    FromItem *item = core->from.items[at], *table = flattening->inner->from.items[0];
    FromList from = {0};
    keep_names(core);
    if (!replace_in_select(flattening, select) ||
        !save(flattening, (Saved){.core = core, .core_was = *core}) ||
        !join_otherwise(flattening, table, item->join, item->on))
        return false;
    for (int i = 0; i < core->from.count; i++)
        from_list_add(&splitting->arena, &from, i == at ? table : core->from.items[i]);
    core->from = from;
    /* SQLite tests the conditions of the subquery before those around it. */
    core->where = expr_both(&splitting->arena, flattening->inner->where, core->where);
    return split_goes_on(splitting);
}

/* Flattens the SELECTs of the statement itself. Whether anything was flattened; an error is noted. */
static bool flatten(Flattening *flattening, const Select *select)
{
    bool flattened = false;
    for (int i = 0; i < select->core_count; i++) {
        SelectCore *core = select->cores[i];
        int at = 0;
        while (is_plain_join(&core->from) && at < core->from.count) {
            flattening->item = core->from.items[at];
            flattening->inner = linear_core(flattening->item);
            if (!flattening->inner)
                at++;
            else if (!flatten_item(flattening, select, core, at))
                return false;
            else
                flattened = true;
        }
    }
    return flattened;
}

bool flatten_subqueries(Splitting *splitting)
{
    Flattening flattening = {.splitting = splitting};
    const Select *select = splitting->parsed.select;
    bool flattened = flatten(&flattening, select), same = false;
    char *written = flattened ? select_text(select, 0) : NULL;
    int rc = flattened && !written ? SQLITE_NOMEM : SQLITE_OK;
    if (written)
        rc = program_compare_but_cursors(&splitting->program, splitting->shadow.db, written, false, &same);
    sqlite3_free(written);
    if (!same)
        undo(&flattening);
    return rc == SQLITE_NOMEM ? split_fail(splitting, rc) : split_goes_on(splitting);
}
