#include "ext/split/parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ext/select/write.h"
#include "ext/split/aggregates.h"
#include "ext/split/describe.h"
#include "ext/split/inside.h"
#include "ext/split/resolve.h"

Expr *parts_make(Splitting *splitting, Expr expr)
{
    Expr *made = arena_take(&splitting->arena, sizeof *made);
    if (made)
        *made = expr;
    else
        split_fail(splitting, SQLITE_NOMEM);
    return made;
}

Expr *parts_make_call(Splitting *splitting, const char *name, Expr *argument, Expr *filter)
{
    Expr call = {.kind = EXPR_CALL, .text = name, .filter = filter};
    expr_list_add(&splitting->arena, &call.list, argument);
    return parts_make(splitting, call);
}

/* Lets workers read the rowid of a table: SQLite calls that by the name of the column that is the rowid. */
static bool read_rowid(Splitting *splitting, const KnownTable *table)
{
    SplitPlan *plan = splitting->plan;
    SplitRead *grown = realloc(plan->reads, ((size_t)plan->read_count + 1) * sizeof *grown);
    if (!grown)
        return split_fail(splitting, SQLITE_NOMEM);
    plan->reads = grown;
    const char *column = table->key_column < 0 ? "ROWID" : table->columns.items[table->key_column];
    SplitRead *read = &grown[plan->read_count];
    read->table = sqlite3_mprintf("%s", table->name);
    read->column = sqlite3_mprintf("%s", column);
    plan->read_count++;
    return (read->table && read->column) || split_fail(splitting, SQLITE_NOMEM);
}

Expr *parts_position(Splitting *splitting, const Cut *cut)
{
    Expr call = {.kind = EXPR_CALL, .text = SPLIT_POSITION};
    for (int i = 0; i < cut->loops.count; i++) {
        const FromItem *item = cut->loops.items[i].item;
        const char *rowid = resolved_table(item)->rowid;
        Expr *read =
            parts_make(splitting, (Expr){.kind = EXPR_COLUMN, .text = rowid, .from = item, .column = -1});
        if (cut->loops.count == 1)
            return read;
        if (!read_rowid(splitting, resolved_table(item)))
            return NULL;
        expr_list_add(&splitting->arena, &call.list, read);
    }
    return split_goes_on(splitting) ? parts_make(splitting, call) : NULL;
}

static bool find_aggregate(void *arg, Expr *expr)
{
    bool *found = arg;
    if (resolve_is_aggregate(expr))
        *found = true;
    else
        expr_each_part(expr, find_aggregate, found);
    return !*found;
}

bool expr_has_aggregate(Expr *expr)
{
    bool found = false;
    if (expr)
        find_aggregate(&found, expr);
    return found;
}

static bool find_collate(void *arg, Expr *expr)
{
    bool *found = arg;
    if (expr->kind == EXPR_COLLATE)
        *found = true;
    else
        expr_each_part(expr, find_collate, found);
    return !*found;
}

bool expr_has_collate(Expr *expr)
{
    bool found = false;
    find_collate(&found, expr);
    return found;
}

typedef struct SubquerySearch {
    bool uncorrelated_only, found;
} SubquerySearch;

static bool find_subquery(void *arg, Expr *expr)
{
    SubquerySearch *search = arg;
    bool table = expr->kind == EXPR_IN && expr->text;
    if (table || (expr->select && (!search->uncorrelated_only || !expr->select->correlated)))
        search->found = true;
    else
        expr_each_part(expr, find_subquery, search);
    return !search->found;
}

bool expr_has_subquery(Expr *expr, bool uncorrelated_only)
{
    SubquerySearch search = {.uncorrelated_only = uncorrelated_only};
    if (expr)
        find_subquery(&search, expr);
    return search.found;
}

bool parts_begin(Splitting *splitting, const Cut *cut, PartList *parts)
{
    *parts = (PartList){.cut = cut, .table = arena_take(&splitting->arena, sizeof *parts->table)};
    if (!parts->table)
        return split_fail(splitting, SQLITE_NOMEM);
    parts->table->table = SPLIT_PARTS_TABLE;
    parts->table->written_as = SPLIT_PARTS_TABLE;
    return true;
}

static const char *part_name(Splitting *splitting, int number)
{
    return split_keep(splitting, sqlite3_mprintf("c%d", number));
}

int parts_add(Splitting *splitting, PartList *parts, Expr *expr, Expr *described)
{
    for (int i = 0; i < parts->count; i++)
        if (expr_equal(parts->items[i].expr, expr))
            return i;
    Part *grown = arena_grow(&splitting->arena, parts->items, parts->count, sizeof *grown);
    Expr column = {.kind = EXPR_COLUMN, .from = parts->table, .text = part_name(splitting, parts->count)};
    Part part = {.expr = expr, .described = described};
    part.column = parts_make(splitting, column);
    part.value = parts_make(splitting, column);
    if (!grown || !part.column || !part.value || !column.text) {
        split_fail(splitting, SQLITE_NOMEM);
        return -1;
    }
    parts->items = grown;
    grown[parts->count] = part;
    return parts->count++;
}

/* ---- the combining query's expressions ---- */

typedef struct Combining {
    Splitting *splitting;
    PartList *parts;
} Combining;

/* A subtype, as JSON has, does not come with a part. */
static bool asks_for_subtype(const Expr *expr)
{
    return expr->kind == EXPR_CALL && !strncasecmp(expr->text, "json", 4);
}

/* Names the columns as the parts of other stages are. */
static int name_columns(ColumnList *columns)
{
    for (int i = 0; i < columns->count; i++) {
        sqlite3_free(columns->items[i].name);
        columns->items[i].name = sqlite3_mprintf("c%d", i);
        if (!columns->items[i].name)
            return SQLITE_NOMEM;
    }
    return SQLITE_OK;
}

bool parts_describe_select(Splitting *splitting, const Select *select, ColumnList *columns)
{
    char *text = select_text(select, select->cores[0]->column_count + 1);
    char *from = text ? sqlite3_mprintf("(%s\n)", text) : NULL;
    int rc = from ? columns_describe(splitting->shadow.db, from, columns) : SQLITE_NOMEM;
    sqlite3_free(from);
    sqlite3_free(text);
    if (rc == SQLITE_OK)
        rc = name_columns(columns);
    return rc == SQLITE_OK || split_refuse_unprepared(splitting, rc);
}

/* A subquery that needs no column of the query around it becomes one over a table of its rows. NULL with a
   reason or an error. */
static Expr *combine_subquery(Combining *combining, Expr *expr)
{
    Splitting *splitting = combining->splitting;
    /* SQLite applies the affinity of IN's right side to the register of its left side, which may be that of a
       column of the result. */
    if (expr->kind == EXPR_IN || !expr->select || expr->select->correlated) {
        split_refuse(splitting, "a subquery beside aggregates is not split%s", "");
        return NULL;
    }
    Expr copy = *expr;
    copy.select = inside_stage_value(splitting, expr);
    return copy.select ? parts_make(splitting, copy) : NULL;
}

static Expr *replace(void *arg, Expr *expr)
{
    Combining *combining = arg;
    Splitting *splitting = combining->splitting;
    for (int i = 0; i < combining->parts->keys; i++)
        if (expr_equal(combining->parts->items[i].expr, expr))
            return combining->parts->items[i].value;
    if (resolve_is_aggregate(expr)) {
        Expr *combined = aggregates_combine(splitting, combining->parts, expr);
        return combined ? combined : expr; /* after a refusal nothing of it is used */
    }
    if (expr->select || (expr->kind == EXPR_IN && expr->text)) {
        Expr *combined = combine_subquery(combining, expr);
        return combined ? combined : expr;
    }
    if (expr->kind == EXPR_COLUMN) {
        Expr *combined = aggregates_bare_column(splitting, combining->parts, expr);
        return combined ? combined : expr;
    }
    if (asks_for_subtype(expr))
        split_refuse(splitting, "%s over aggregates is not split", expr->text);
    return NULL;
}

Expr *parts_combine(Splitting *splitting, PartList *parts, Expr *expr)
{
    Combining combining = {.splitting = splitting, .parts = parts};
    Expr *combined = expr_copy(&splitting->arena, expr, replace, &combining);
    return split_goes_on(splitting) ? combined : NULL;
}

bool parts_are_result(const PartList *parts, const Select *combine)
{
    const SelectCore *core = combine->cores[0];
    bool same = !combine->order_by.count && !combine->limit && !combine->offset && !core->distinct &&
                !core->where && !core->having && !core->group_by.count &&
                core->column_count <= parts->count && core->from.count == 1 &&
                core->from.items[0] == parts->table;
    for (int i = 0; same && i < core->column_count; i++)
        same = core->columns[i].expr == parts->items[i].column;
    return same;
}

/* ---- affinity and collation ---- */

/* An expression that says COLLATE goes before what columns were declared with: so does its column then. And
   one without affinity compares without: a unary plus takes that of the column. */
static bool shape_value(Splitting *splitting, Part *part, const Column *column)
{
    const bool collates = part->described && expr_has_collate(part->described);
    Expr inner = *part->value;
    if (column->no_affinity) {
        *part->value = (Expr){.kind = EXPR_UNARY, .text = "+", .left = parts_make(splitting, inner)};
        inner = *part->value;
    }
    if (collates)
        *part->value = (Expr){.kind = EXPR_COLLATE,
                              .text = column->collation ? arena_copy(&splitting->arena, column->collation,
                                                                     strlen(column->collation))
                                                        : "BINARY",
                              .left = parts_make(splitting, inner)};
    return split_goes_on(splitting);
}

/* An entry for each part, with its name. */
static bool list_parts(Splitting *splitting, const PartList *parts, ColumnList *columns)
{
    *columns = (ColumnList){.items = calloc((size_t)parts->count + 1, sizeof *columns->items)};
    for (int i = 0; columns->items && i < parts->count; i++) {
        Column *column = &columns->items[columns->count++];
        column->type = "";
        column->name = sqlite3_mprintf("%s", parts->items[i].column->text);
        if (!column->name)
            return split_fail(splitting, SQLITE_NOMEM);
    }
    return columns->items || split_fail(splitting, SQLITE_NOMEM);
}

bool parts_describe(Splitting *splitting, PartList *parts, DescribingText *text, void *arg,
                    ColumnList *columns)
{
    bool known = list_parts(splitting, parts, columns);
    if (!known)
        return false;
    for (int i = 0; known && i < parts->count; i++)
        known = describe_expression(splitting, parts->items[i].described, &columns->items[i]);
    char *sql = known ? NULL : text(arg);
    char *from = sql ? sqlite3_mprintf("(%s\n)", sql) : NULL;
    int rc = known ? SQLITE_OK : from ? columns_compare(splitting->shadow.db, from, columns) : SQLITE_NOMEM;
    sqlite3_free(from);
    sqlite3_free(sql);
    if (rc != SQLITE_OK)
        return split_goes_on(splitting) && split_refuse_unprepared(splitting, rc);
    for (int i = 0; i < parts->count; i++)
        if (parts->items[i].described && !shape_value(splitting, &parts->items[i], &columns->items[i]))
            return false;
    return split_goes_on(splitting);
}
