#include "ext/split/resolve.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The SELECT whose names are being resolved, and those around it. */
typedef struct Scope {
    struct Scope *outer;
    /* FROM items, those in brackets one by one. */
    FromList items;
    /* Core whose aliases may be named; NULL: none may. */
    const SelectCore *aliases;
    Select *select;
    /* Columns of this scope and of scopes around it that were met while it was the innermost. */
    int own, others;
    /* Common tables that can be named here: those of `with` before `with_count`, then those of scopes around
       it. */
    const Select *with;
    int with_count;
} Scope;

static bool resolve_select(Splitting *splitting, Select *select, Scope *outer);
static bool resolve(Splitting *splitting, Scope *scope, Expr **place);

bool resolve_is_aggregate(const Expr *call)
{
    static const char *const names[] = {"count",
                                        "sum",
                                        "total",
                                        "avg",
                                        "group_concat",
                                        "string_agg",
                                        "json_group_array",
                                        "json_group_object"};
    if (call->kind != EXPR_CALL)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcasecmp(call->text, names[i]))
            return true;
    return call->list.count == 1 && (!strcasecmp(call->text, "min") || !strcasecmp(call->text, "max"));
}

/* ---- names of FROM items ---- */

static bool is_written(const Splitting *splitting, const char *name)
{
    for (int i = 0; i < splitting->written.count; i++)
        if (!strcasecmp(splitting->written.items[i], name))
            return true;
    return !strncasecmp(name, "pricemap_", 9);
}

/* Gives the item a name that no other has, in the whole statement. */
static bool name_item(Splitting *splitting, FromItem *item)
{
    const char *wanted = item->alias ? item->alias : item->table ? item->table : "subquery";
    const char *name = wanted;
    for (int i = 2; name && is_written(splitting, name); i++)
        name = split_keep(splitting, sqlite3_mprintf("%s_%d", wanted, i));
    item->written_as = name;
    name_list_add(&splitting->arena, &splitting->written, name);
    return split_goes_on(splitting);
}

/* ---- columns of a SELECT ---- */

static bool is_merged(const FromItem *item, const char *column)
{
    for (int i = 0; i < item->using_columns.count; i++)
        if (!strcasecmp(item->using_columns.items[i], column))
            return true;
    return false;
}

/* ---- FROM ---- */

static const CommonTable *find_common_table(const Scope *scope, const char *name)
{
    for (; scope; scope = scope->outer)
        for (int i = scope->with_count - 1; i >= 0; i--)
            if (!strcasecmp(scope->with->with[i].name, name))
                return &scope->with->with[i];
    return NULL;
}

static void collect_items(Splitting *splitting, const FromList *from, FromList *flat)
{
    for (int i = 0; i < from->count; i++) {
        FromItem *item = from->items[i];
        if (item->joined.count)
            collect_items(splitting, &item->joined, flat);
        else
            from_list_add(&splitting->arena, flat, item);
    }
}

/* The names of the columns of a SELECT that was resolved. An expression without a name gets one. */
static bool find_columns(Splitting *splitting, const Select *select, NameList *names)
{
    SelectCore *core = select->cores[0];
    for (int i = 0; i < core->column_count; i++) {
        ResultColumn *column = &core->columns[i];
        if (!column->alias && column->expr->kind != EXPR_COLUMN)
            column->alias = split_keep(splitting, sqlite3_mprintf("column %d", i + 1));
        name_list_add(&splitting->arena, names, column->alias ? column->alias : column->expr->text);
    }
    return split_goes_on(splitting);
}

/* Makes the columns of a SELECT those of the item, under the names in `names` where there are any. */
static bool set_columns(Splitting *splitting, FromItem *item, Select *select, const NameList *names)
{
    NameList columns = *names;
    if (!names->count && !find_columns(splitting, select, &columns))
        return false;
    KnownTable *table = tables_of_columns(splitting, &columns);
    item->known = table;
    if (table)
        table->select = select;
    return split_goes_on(splitting);
}

/* Puts the view's SELECT in the place of its name. */
static bool put_view(Splitting *splitting, FromItem *item, const KnownTable *view)
{
    NameList names;
    ParsedSelect parsed = select_parse_view(&splitting->arena, view->view, &names);
    if (!parsed.select)
        return split_goes_on(splitting) &&
               split_refuse(splitting, "its view is not understood: %s", parsed.reason);
    if (!resolve_select(splitting, parsed.select, NULL))
        return false;
    SelectCore *core = parsed.select->cores[0];
    for (int i = 0; i < names.count && i < core->column_count; i++)
        core->columns[i].alias = names.items[i];
    item->alias = item->alias ? item->alias : item->table;
    item->select = parsed.select;
    item->schema = item->table = NULL;
    if (!set_columns(splitting, item, parsed.select, &(NameList){0}))
        return false;
    resolved_table(item)->of_view = view;
    return true;
}

static bool find_source(Splitting *splitting, const Scope *scope, FromItem *item)
{
    const CommonTable *common = item->schema || !item->table ? NULL : find_common_table(scope, item->table);
    if (common)
        return set_columns(splitting, item, common->select, &common->columns);
    if (item->select)
        return set_columns(splitting, item, item->select, &(NameList){0});
    if (item->schema && strcasecmp(item->schema, splitting->plan->schema) != 0)
        return split_refuse(splitting, "the schema %s is not understood", item->schema);
    KnownTable *table = tables_find(splitting, item->table);
    if (table && table->view)
        return put_view(splitting, item, table);
    if (!table)
        return !split_goes_on(splitting) ? false
                                         : split_refuse(splitting, "the table %s is not found", item->table);
    item->known = table;
    item->schema = "main";
    return true;
}

static bool resolve_item(Splitting *splitting, Scope *scope, FromItem *item)
{
    if (item->called)
        return split_refuse(splitting, "%s is a table-valued function", item->table);
    if (item->join == JOIN_RIGHT || item->join == JOIN_FULL)
        return split_refuse(splitting, "RIGHT and FULL JOIN are not split%s", "");
    /* A subquery in FROM sees what is around the SELECT, not its neighbours. */
    Scope around = {.outer = scope->outer, .with = scope->with, .with_count = scope->with_count};
    if (item->select && !resolve_select(splitting, item->select, &around))
        return false;
    if (!find_source(splitting, scope, item))
        return false;
    /* The name by which the text calls it must stay known. */
    if (!item->alias && item->table)
        item->alias = item->table;
    if (!name_item(splitting, item))
        return false;
    if (item->table && resolved_table(item)->name)
        item->table = resolved_table(item)->name;
    return true;
}

static Expr *column_of(Splitting *splitting, const FromItem *item, const char *name)
{
    Expr *column = arena_take(&splitting->arena, sizeof *column);
    if (column)
        *column = (Expr){.kind = EXPR_COLUMN,
                         .depth = 1,
                         .text = name,
                         .from = item,
                         .column = tables_column(resolved_table(item), name)};
    return column;
}

static Expr *combine(Splitting *splitting, const char *op, Expr *left, Expr *right)
{
    Expr *expr = left ? arena_take(&splitting->arena, sizeof *expr) : right;
    if (left && expr)
        *expr = (Expr){.kind = EXPR_BINARY,
                       .text = op,
                       .left = left,
                       .right = right,
                       .depth = 1 + (left->depth > right->depth ? left->depth : right->depth)};
    return expr;
}

/* The first item before `end` that has the column. */
static const FromItem *find_left(const FromList *items, int end, const char *name)
{
    for (int i = 0; i < end; i++)
        if (tables_column(resolved_table(items->items[i]), name) >= -1)
            return items->items[i];
    return NULL;
}

/* NATURAL is USING the columns that both sides have. */
static void name_natural(Splitting *splitting, const FromList *items, int i)
{
    FromItem *item = items->items[i];
    const NameList *columns = &resolved_table(item)->columns;
    for (int j = 0; item->natural && j < columns->count; j++)
        if (find_left(items, i, columns->items[j]))
            name_list_add(&splitting->arena, &item->using_columns, columns->items[j]);
    item->natural = false;
}

/* Makes ON of USING. */
static bool join_by_columns(Splitting *splitting, const FromList *items, int i)
{
    FromItem *item = items->items[i];
    name_natural(splitting, items, i);
    for (int j = 0; j < item->using_columns.count; j++) {
        const char *name = item->using_columns.items[j];
        const FromItem *left = find_left(items, i, name);
        if (!left)
            return split_refuse(splitting, "the column %s of USING is not understood", name);
        Expr *one = column_of(splitting, left, name), *other = column_of(splitting, item, name);
        if (!one || !other)
            return split_goes_on(splitting);
        item->on = combine(splitting, "AND", item->on, combine(splitting, "=", one, other));
    }
    return split_goes_on(splitting);
}

static bool resolve_on(Splitting *splitting, Scope *scope, const FromList *from)
{
    for (int i = 0; i < from->count; i++) {
        FromItem *item = from->items[i];
        bool made = item->using_columns.count > 0;
        if (item->joined.count && !resolve_on(splitting, scope, &item->joined))
            return false;
        if (item->joined.count && (item->natural || made))
            return split_refuse(splitting, "USING and NATURAL with a join in brackets are not split%s", "");
        if (item->on && !made && !resolve(splitting, scope, &item->on))
            return false;
    }
    return true;
}

static bool resolve_from(Splitting *splitting, Scope *scope, const SelectCore *core)
{
    collect_items(splitting, &core->from, &scope->items);
    for (int i = 0; split_goes_on(splitting) && i < scope->items.count; i++)
        if (!resolve_item(splitting, scope, scope->items.items[i]) ||
            !join_by_columns(splitting, &scope->items, i))
            return false;
    return split_goes_on(splitting) && resolve_on(splitting, scope, &core->from);
}

/* ---- expressions ---- */

static bool is_called(const FromItem *item, const Expr *column)
{
    if (!column->table)
        return true;
    const char *called = item->alias;
    return called && !strcasecmp(called, column->table);
}

/* Finds the column in one scope. A name of the rowid counts where one item alone could have it. */
static const FromItem *find_column(const Scope *scope, const Expr *expr, int *column)
{
    const FromItem *by_rowid = NULL;
    int with_rowid = 0;
    for (int i = 0; i < scope->items.count; i++) {
        const FromItem *item = scope->items.items[i];
        const KnownTable *table = resolved_table(item);
        if (!table || !is_called(item, expr))
            continue;
        *column = tables_column(table, expr->text);
        bool named = *column >= 0 || (*column == -1 && table->key_column >= 0 &&
                                      !strcasecmp(table->columns.items[table->key_column], expr->text));
        if (named)
            return item;
        with_rowid++;
        if (*column == -1)
            by_rowid = item;
    }
    *column = -1;
    return with_rowid == 1 ? by_rowid : NULL;
}

static Expr *find_alias(const Scope *scope, const Expr *expr)
{
    for (int i = 0; scope->aliases && !expr->table && i < scope->aliases->column_count; i++) {
        const char *alias = scope->aliases->columns[i].alias;
        if (alias && !strcasecmp(alias, expr->text))
            return scope->aliases->columns[i].expr;
    }
    return NULL;
}

static bool resolve_unknown(Splitting *splitting, Expr *expr)
{
    if (expr->word && (!strcasecmp(expr->text, "true") || !strcasecmp(expr->text, "false"))) {
        expr->kind = EXPR_LITERAL;
        return true;
    }
    return split_refuse(splitting, "the name %s is not understood", expr->text);
}

static bool resolve_column(Splitting *splitting, Scope *scope, Expr **place)
{
    Expr *expr = *place;
    if (expr->schema && strcasecmp(expr->schema, splitting->plan->schema) != 0)
        return split_refuse(splitting, "the schema %s is not understood", expr->schema);
    for (Scope *at = scope; at; at = at->outer) {
        const FromItem *item = find_column(at, expr, &expr->column);
        Expr *other = item ? NULL : find_alias(at, expr);
        if (!item && !other)
            continue;
        for (Scope *inside = scope; inside != at; inside = inside->outer) {
            inside->others++;
            if (inside->select)
                inside->select->correlated = true;
        }
        at->own++;
        expr->from = item;
        if (other)
            *place = other;
        return true;
    }
    return resolve_unknown(splitting, expr);
}

static bool resolve_list(Splitting *splitting, Scope *scope, ExprList *list)
{
    for (int i = 0; i < list->count; i++)
        if (!resolve(splitting, scope, &list->items[i]))
            return false;
    return true;
}

static bool resolve_parts(Splitting *splitting, Scope *scope, Expr *expr)
{
    for (int i = 0; i < expr->order_by.count; i++)
        if (!resolve(splitting, scope, &expr->order_by.items[i].expr))
            return false;
    return (!expr->left || resolve(splitting, scope, &expr->left)) &&
           (!expr->right || resolve(splitting, scope, &expr->right)) &&
           (!expr->third || resolve(splitting, scope, &expr->third)) &&
           (!expr->filter || resolve(splitting, scope, &expr->filter)) &&
           resolve_list(splitting, scope, &expr->list);
}

/* `x IN name` is a table, or a common table expression. */
static bool resolve_in_table(Splitting *splitting, const Scope *scope, Expr *expr)
{
    if (expr->kind != EXPR_IN || !expr->text)
        return true;
    if (!expr->schema && find_common_table(scope, expr->text))
        return true;
    FromItem item = {.schema = expr->schema, .table = expr->text};
    if (!find_source(splitting, scope, &item))
        return false;
    if (item.select)
        return split_refuse(splitting, "IN the view %s is not split", expr->text);
    expr->schema = "main";
    return true;
}

/* An aggregate whose columns are all of a SELECT around belongs to that one. */
static bool check_owner(Splitting *splitting, const Scope *scope, const Expr *expr, int own, int others)
{
    if (resolve_is_aggregate(expr) && scope->own == own && scope->others > others)
        return split_refuse(splitting, "an aggregate in a subquery belongs to the query around it%s", "");
    return true;
}

static bool resolve(Splitting *splitting, Scope *scope, Expr **place)
{
    Expr *expr = *place;
    if (!split_goes_on(splitting) || !expr)
        return false;
    /* A column that was put in the place of a star is known already. */
    if (expr->kind == EXPR_COLUMN)
        return expr->from || resolve_column(splitting, scope, place);
    int own = scope->own, others = scope->others;
    return (expr->kind != EXPR_STAR || split_refuse(splitting, "a star is not understood%s", "")) &&
           resolve_parts(splitting, scope, expr) && resolve_in_table(splitting, scope, expr) &&
           (!expr->select || resolve_select(splitting, expr->select, scope)) &&
           check_owner(splitting, scope, expr, own, others);
}

/* ---- clauses ---- */

/* The number of the result column, from 1, that a whole number stands for; 0: the expression is none, or
   another one. */
static int find_position(const SelectCore *core, const Expr *expr)
{
    if (expr->kind != EXPR_LITERAL || strspn(expr->text, "0123456789") != strlen(expr->text) ||
        strlen(expr->text) > 5)
        return 0;
    int position = atoi(expr->text);
    return core->columns && position <= core->column_count ? position : 0;
}

/* Whether it is a whole number, which SQLite takes for a position also with a sign, a COLLATE, and in
   hexadecimal digits. */
static bool is_number(const Expr *expr)
{
    while (expr->kind == EXPR_UNARY || expr->kind == EXPR_COLLATE)
        expr = expr->left;
    return expr->kind == EXPR_LITERAL &&
           (strspn(expr->text, "0123456789") == strlen(expr->text) || !strncasecmp(expr->text, "0x", 2));
}

/* The number of the result column, from 1, whose alias the expression is; 0: of none. */
static int find_alias_position(const SelectCore *core, const Expr *expr)
{
    for (int i = 0; expr->kind == EXPR_COLUMN && !expr->table && i < core->column_count; i++)
        if (core->columns[i].alias && !strcasecmp(core->columns[i].alias, expr->text))
            return i + 1;
    return 0;
}

/* A term of GROUP BY or ORDER BY, which may be the position of a column. */
static bool resolve_term(Splitting *splitting, Scope *scope, const SelectCore *core, Expr **place,
                         int position)
{
    if (!position && *place)
        position = find_position(core, *place);
    if (position) {
        *place = core->columns[position - 1].expr;
        return true;
    }
    if (*place && is_number(*place))
        return split_refuse(splitting, "a position in ORDER BY or GROUP BY is not understood%s", "");
    return resolve(splitting, scope, place);
}

/* In ORDER BY an alias goes before a column. SQLite sorts by the result's own column then, and computes it
 * once. */
static bool resolve_order(Splitting *splitting, Scope *scope, const SelectCore *core, OrderTerm *term)
{
    if (term->expr)
        term->position = find_position(core, term->expr);
    if (term->expr && !term->position)
        term->position = find_alias_position(core, term->expr);
    return resolve_term(splitting, scope, core, &term->expr, term->position);
}

static Expr *star_column(Splitting *splitting, const FromItem *item, int column)
{
    return column_of(splitting, item, resolved_table(item)->columns.items[column]);
}

/* Puts the columns in the place of the stars. */
static bool expand_stars(Splitting *splitting, const Scope *scope, SelectCore *core)
{
    SelectCore expanded = {0};
    for (int i = 0; i < core->column_count; i++) {
        const Expr *expr = core->columns[i].expr;
        if (expr->kind != EXPR_STAR)
            core_add_column(&splitting->arena, &expanded, core->columns[i]);
        for (int j = 0; expr->kind == EXPR_STAR && j < scope->items.count; j++) {
            const FromItem *item = scope->items.items[j];
            const NameList *columns = &resolved_table(item)->columns;
            for (int k = 0; is_called(item, expr) && k < columns->count; k++) {
                if (!*columns->items[k])
                    return split_refuse(splitting, "a column without a name is behind a star%s", "");
                if (expr->table || !is_merged(item, columns->items[k]))
                    core_add_column(&splitting->arena, &expanded,
                                    (ResultColumn){.expr = star_column(splitting, item, k)});
            }
        }
    }
    core->columns = expanded.columns;
    core->column_count = expanded.column_count;
    return split_goes_on(splitting);
}

static bool resolve_columns(Splitting *splitting, Scope *scope, SelectCore *core)
{
    if (!expand_stars(splitting, scope, core))
        return false;
    for (int i = 0; i < core->column_count; i++)
        if (!resolve(splitting, scope, &core->columns[i].expr))
            return false;
    return true;
}

static bool resolve_core(Splitting *splitting, Scope *scope, SelectCore *core)
{
    if (!resolve_from(splitting, scope, core) || !resolve_columns(splitting, scope, core))
        return false;
    scope->aliases = core;
    for (int i = 0; i < core->group_by.count; i++)
        if (!resolve_term(splitting, scope, core, &core->group_by.items[i], 0))
            return false;
    return (!core->where || resolve(splitting, scope, &core->where)) &&
           (!core->having || resolve(splitting, scope, &core->having));
}

static bool resolve_with(Splitting *splitting, Scope *scope, Select *select)
{
    if (select->recursive)
        return split_refuse(splitting, "WITH RECURSIVE is not split%s", "");
    scope->with = select;
    for (int i = 0; i < select->with_count; i++) {
        scope->with_count = i;
        if (!resolve_select(splitting, select->with[i].select, scope))
            return false;
    }
    scope->with_count = select->with_count;
    return true;
}

static bool resolve_limit(Splitting *splitting, Scope *scope, Select *select)
{
    Scope none = {
        .outer = scope->outer, .select = select, .with = scope->with, .with_count = scope->with_count};
    return (!select->limit || resolve(splitting, &none, &select->limit)) &&
           (!select->offset || resolve(splitting, &none, &select->offset));
}

/* The ORDER BY of a compound names columns of the result, and stays as it is. */
static bool resolve_select(Splitting *splitting, Select *select, Scope *outer)
{
    Scope with = {.outer = outer, .select = select};
    if (!resolve_with(splitting, &with, select))
        return false;
    for (int i = 0; i < select->core_count; i++) {
        Scope scope = {.outer = with.with_count ? &with : outer, .select = select};
        if (!resolve_core(splitting, &scope, select->cores[i]))
            return false;
        for (int j = 0; select->core_count == 1 && j < select->order_by.count; j++)
            if (!resolve_order(splitting, &scope, select->cores[0], &select->order_by.items[j]))
                return false;
    }
    return resolve_limit(splitting, &with, select);
}

bool resolve_names(Splitting *splitting)
{
    return resolve_select(splitting, splitting->parsed.select, NULL) && split_goes_on(splitting);
}
