#include "ext/split/aggregates.h"

#include <string.h>
#include <strings.h>

#include "ext/split/resolve.h"

static bool is_named(const Expr *call, const char *name)
{
    return !strcasecmp(call->text, name);
}

static bool is_extreme(const Expr *call)
{
    return is_named(call, "min") || is_named(call, "max");
}

static bool is_sum(const Expr *call)
{
    return is_named(call, "sum") || is_named(call, "total") || is_named(call, "avg");
}

static bool is_concatenation(const Expr *call)
{
    return is_named(call, "group_concat") || is_named(call, "string_agg");
}

/* DISTINCT of min() and max() changes nothing. */
static bool is_distinct(const Expr *call)
{
    return call->distinct && !is_extreme(call);
}

/* ---- which number of equal ones ---- */

/* Finds the affinity, as a column's type has it, of a column of a table; "INT" for a rowid. NULL: it is no
   such column, or texts are equal there that are different numbers, as they may be to a collation that is
   none of SQLite's own. */
static const char *find_affinity(const Splitting *splitting, const PartList *parts, const Expr *expr)
{
    const Expr *origin = cut_origin(parts->cut, expr);
    const KnownTable *table =
        origin->kind == EXPR_COLUMN && origin->from ? resolved_table(origin->from) : NULL;
    const char *type = NULL, *collation = NULL;
    Column column = {0};
    if (!table || !table->name || origin->column >= table->columns.count)
        return NULL;
    if (origin->column < 0)
        return "INT";
    if (sqlite3_table_column_metadata(splitting->shadow.db, "main", table->name,
                                      table->columns.items[origin->column], &type, &collation, NULL, NULL,
                                      NULL) != SQLITE_OK ||
        column_declare(&column, type, collation) != SQLITE_OK)
        return NULL;
    const char *by = column.collation ? column.collation : "BINARY";
    bool known = !strcasecmp(by, "BINARY") || !strcasecmp(by, "NOCASE") || !strcasecmp(by, "RTRIM");
    sqlite3_free(column.collation);
    /* In a STRICT table ANY is no affinity. */
    return !known ? NULL : type && !strcasecmp(type, "ANY") ? "" : column.type;
}

/* Whether values that are equal are the same number to a sum: a column of INTEGER or NUMERIC affinity has no
   real that equals an integer. */
static bool is_alike(const Splitting *splitting, const PartList *parts, const Expr *argument)
{
    const char *affinity = find_affinity(splitting, parts, argument);
    return affinity && *affinity;
}

/* ---- the survey ---- */

typedef struct Survey {
    Splitting *splitting;
    PartList *parts;
} Survey;

static bool survey_distinct(Survey *survey, Expr *call)
{
    Splitting *splitting = survey->splitting;
    PartList *parts = survey->parts;
    bool known = is_named(call, "count") || is_sum(call) || is_concatenation(call);
    if (!known || call->list.count != 1)
        return split_refuse(splitting, "%s(DISTINCT …) is not split", call->text);
    parts->finer = true;
    Expr *argument = call->list.items[0];
    if (expr_has_subquery(argument, false) || expr_has_subquery(call->filter, false))
        return split_refuse(splitting, "a subquery in %s(DISTINCT …) is not split", call->text);
    if (is_concatenation(call) || (is_named(call, "sum") && !is_alike(splitting, parts, argument))) {
        if (!cut_orders_by_rowids(splitting, parts->cut))
            return split_refuse(splitting, "%s(DISTINCT …) depends on the order of the rows", call->text);
        parts->by_first_row = true;
    }
    return parts_add(splitting, parts, argument, argument) >= 0 &&
           (!call->filter || parts_add(splitting, parts, call->filter, call->filter) >= 0);
}

static bool survey_part(void *arg, Expr *expr)
{
    Survey *survey = arg;
    PartList *parts = survey->parts;
    if (!resolve_is_aggregate(expr))
        return expr_each_part(expr, survey_part, survey);
    if (is_extreme(expr) && !(parts->extreme && expr_equal(parts->extreme, expr))) {
        parts->extreme = expr;
        parts->extremes++;
    }
    return !is_distinct(expr) || survey_distinct(survey, expr);
}

bool aggregates_survey(Splitting *splitting, PartList *parts, Expr *expr)
{
    Survey survey = {.splitting = splitting, .parts = parts};
    if (!survey_part(&survey, expr))
        return false;
    parts->keys = parts->count;
    return true;
}

/* ---- over parts ---- */

/* The column of a partial aggregate. NULL with an error. */
static Expr *add_partial(Splitting *splitting, PartList *parts, Expr *partial, Expr *described)
{
    int part = partial ? parts_add(splitting, parts, partial, described) : -1;
    return part < 0 ? NULL : parts->items[part].value;
}

typedef struct SumNames {
    const char *name, *of_states, *of_values;
} SumNames;

static const SumNames *find_sum(const Expr *call)
{
    static const SumNames sums[] = {{"sum", SPLIT_SUM, SPLIT_SUM_OF_VALUES},
                                    {"total", SPLIT_TOTAL, SPLIT_TOTAL_OF_VALUES},
                                    {"avg", SPLIT_AVG, SPLIT_AVG_OF_VALUES}};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        if (is_named(call, sums[i].name))
            return &sums[i];
    return NULL;
}

/* A DISTINCT aggregate sees the values among the keys; the condition of a FILTER is a key too, as within the
   argument it would take the argument's collation away. */
static Expr *combine_distinct(Splitting *splitting, PartList *parts, const Expr *call)
{
    const SumNames *sum = find_sum(call);
    int argument = parts_add(splitting, parts, call->list.items[0], call->list.items[0]);
    int filter = call->filter ? parts_add(splitting, parts, call->filter, call->filter) : -1;
    if (argument < 0 || (call->filter && filter < 0))
        return NULL;
    parts->sums = parts->sums || sum;
    Expr *made = parts_make_call(splitting, sum ? sum->of_values : call->text, parts->items[argument].value,
                                 filter < 0 ? NULL : parts->items[filter].value);
    if (made)
        made->distinct = true;
    return made;
}

static Expr *combine_count(Splitting *splitting, PartList *parts, Expr *call)
{
    Expr *part = add_partial(splitting, parts, call, NULL);
    Expr *sum = part ? parts_make_call(splitting, "sum", part, NULL) : NULL;
    Expr *coalesce = sum ? parts_make_call(splitting, "coalesce", sum, NULL) : NULL;
    if (coalesce)
        expr_list_add(&splitting->arena, &coalesce->list,
                      parts_make(splitting, (Expr){.kind = EXPR_LITERAL, .text = "0"}));
    return coalesce;
}

static Expr *combine_sum(Splitting *splitting, PartList *parts, const Expr *call)
{
    parts->sums = true;
    Expr *partial = parts_make_call(splitting, SPLIT_SUM_PART, call->list.items[0], call->filter);
    Expr *part = add_partial(splitting, parts, partial, NULL);
    return part ? parts_make_call(splitting, find_sum(call)->of_states, part, NULL) : NULL;
}

/* Whether the parts of a group are those of all its rows, range by range in their order. Finer keys give each
   group several parts of one range. */
static bool keeps_order(const Splitting *splitting, const PartList *parts)
{
    return !parts->finer && cut_keeps_order(splitting, parts->cut);
}

static bool is_constant(const Expr *expr)
{
    return expr->kind == EXPR_LITERAL || expr->kind == EXPR_PARAMETER;
}

/* Texts are joined by the separator that joined their own. */
static Expr *combine_text(Splitting *splitting, PartList *parts, Expr *call)
{
    Expr *separator = call->list.count > 1 ? call->list.items[1] : NULL;
    if (separator && !is_constant(separator)) {
        split_refuse(splitting, "the separator of %s is no constant", call->text);
        return NULL;
    }
    Expr *part = add_partial(splitting, parts, call, NULL);
    Expr *made = part ? parts_make_call(splitting, call->text, part, NULL) : NULL;
    if (made && separator)
        expr_list_add(&splitting->arena, &made->list, separator);
    return made;
}

static Expr *combine_json(Splitting *splitting, PartList *parts, Expr *call)
{
    const char *function = is_named(call, "json_group_array") ? SPLIT_JSON_ARRAY : SPLIT_JSON_OBJECT;
    Expr *part = add_partial(splitting, parts, call, NULL);
    return part ? parts_make_call(splitting, function, part, NULL) : NULL;
}

/* An aggregate whose result is made of the rows in their order. */
static Expr *combine_ordered(Splitting *splitting, PartList *parts, Expr *call)
{
    if (!keeps_order(splitting, parts)) {
        split_refuse(splitting, "%s depends on the order of the rows", call->text);
        return NULL;
    }
    parts->ordered = true;
    return is_concatenation(call) ? combine_text(splitting, parts, call)
                                  : combine_json(splitting, parts, call);
}

Expr *aggregates_combine(Splitting *splitting, PartList *parts, Expr *call)
{
    int arguments = call->list.count;
    if (call->order_by.count) {
        split_refuse(splitting, "%s(… ORDER BY …) is not split", call->text);
        return NULL;
    }
    if (is_distinct(call))
        return combine_distinct(splitting, parts, call);
    if (is_named(call, "count") && arguments <= 1)
        return combine_count(splitting, parts, call);
    if (arguments == 1 && is_extreme(call)) {
        Expr *part = add_partial(splitting, parts, call, call->list.items[0]);
        return part ? parts_make_call(splitting, call->text, part, NULL) : NULL;
    }
    if (arguments == 1 && is_sum(call))
        return combine_sum(splitting, parts, call);
    return combine_ordered(splitting, parts, call);
}

/* ---- columns outside of aggregates ---- */

static bool is_rowid(const PartList *parts, const Expr *expr, const FromItem *item)
{
    const Expr *origin = cut_origin(parts->cut, expr);
    return origin->kind == EXPR_COLUMN && origin->from == item && origin->column == -1;
}

/* Whether the expression is a key, a column whose equal values are found in equal rowids. */
static bool is_key(const Splitting *splitting, const PartList *parts, const Expr *expr)
{
    for (int i = 0; i < parts->keys; i++)
        if (expr_equal(cut_origin(parts->cut, parts->items[i].expr), expr))
            return find_affinity(splitting, parts, expr) != NULL;
    return false;
}

/* Whether the condition says that the rowid of the item is a key. */
static bool joins_by_key(const Splitting *splitting, const PartList *parts, const Expr *where,
                         const FromItem *item)
{
    if (!where || where->kind != EXPR_BINARY)
        return false;
    if (!strcasecmp(where->text, "AND"))
        return joins_by_key(splitting, parts, where->left, item) ||
               joins_by_key(splitting, parts, where->right, item);
    bool equal = !strcmp(where->text, "=") || !strcmp(where->text, "==");
    return equal && ((is_rowid(parts, where->left, item) && is_key(splitting, parts, where->right)) ||
                     (is_rowid(parts, where->right, item) && is_key(splitting, parts, where->left)));
}

/* Whether each group has rows of one row of the column's table, or none of any: its rowid is a key, or equal
   to one. */
static bool is_determined(const Splitting *splitting, const PartList *parts, const Expr *column)
{
    const Expr *origin = cut_origin(parts->cut, column);
    if (origin->kind != EXPR_COLUMN || !origin->from || !resolved_table(origin->from)->name)
        return false;
    for (int i = 0; i < parts->keys; i++)
        if (is_rowid(parts, parts->items[i].expr, origin->from))
            return true;
    return joins_by_key(splitting, parts, parts->cut->where, origin->from);
}

static bool find_null_test(void *arg, Expr *expr)
{
    bool *found = arg;
    bool is = expr->kind == EXPR_BINARY && !strncasecmp(expr->text, "IS", 2);
    if (is || (expr->kind == EXPR_NULL_TEST && !expr->negated))
        *found = true;
    else
        expr_each_part(expr, find_null_test, found);
    return !*found;
}

/* Whether the conditions may say that the min() or max() of all rows is NULL: then SQLite ends with the first
   row. */
static bool may_end_at_first_row(const PartList *parts)
{
    const Cut *cut = parts->cut;
    bool found = false;
    if (parts->keys)
        return false;
    if (cut->where)
        find_null_test(&found, cut->where);
    if (!found && cut->core->where)
        find_null_test(&found, cut->core->where);
    for (int i = 0; !found && i < cut->nested_count; i++) {
        Expr *where = resolved_table(cut->nested[i])->select->cores[0]->where;
        if (where)
            find_null_test(&found, where);
    }
    return found;
}

/* SQLite takes the columns from the row of the min() or max(), of the first of equal ones, and where all are
   NULL from the last row; of the parts of a group it takes them alike. With a FILTER other rows count. */
static bool is_beside_extreme(Splitting *splitting, PartList *parts, const Expr *column)
{
    const Expr *extreme = parts->extreme;
    if (parts->extremes != 1)
        return split_refuse(splitting, "the column %s is neither grouped by nor in an aggregate",
                            column->text);
    if (extreme->filter || extreme->distinct || !keeps_order(splitting, parts) || may_end_at_first_row(parts))
        return split_refuse(splitting, "the column %s is of a row that depends on the order of the rows",
                            column->text);
    parts->beside_extreme = true;
    return true;
}

Expr *aggregates_bare_column(Splitting *splitting, PartList *parts, Expr *column)
{
    if (!is_determined(splitting, parts, column) && !is_beside_extreme(splitting, parts, column))
        return NULL;
    return add_partial(splitting, parts, column, column);
}

typedef struct BareSearch {
    const ExprList *keys;
    bool found;
} BareSearch;

static bool find_bare(void *arg, Expr *expr)
{
    BareSearch *search = arg;
    if (resolve_is_aggregate(expr))
        return true;
    for (int i = 0; i < search->keys->count; i++)
        if (expr_equal(search->keys->items[i], expr))
            return true;
    if (expr->kind == EXPR_COLUMN)
        search->found = true;
    else
        expr_each_part(expr, find_bare, search);
    return !search->found;
}

bool aggregates_have_bare_column(const ExprList *keys, Expr *expr)
{
    BareSearch search = {.keys = keys};
    find_bare(&search, expr);
    return search.found;
}

static bool find_ordered(void *arg, Expr *expr)
{
    bool *found = arg;
    if (resolve_is_aggregate(expr) && !is_extreme(expr) && !is_sum(expr) && !is_named(expr, "count"))
        *found = true;
    else
        expr_each_part(expr, find_ordered, found);
    return !*found;
}

static bool depends_on_order(const ExprList *keys, Expr *expr)
{
    bool found = aggregates_have_bare_column(keys, expr);
    if (!found)
        find_ordered(&found, expr);
    return found;
}

bool aggregates_depend_on_order(const Select *select)
{
    const SelectCore *core = select->cores[0];
    bool found = false;
    for (int i = 0; i < core->column_count; i++)
        found = found || depends_on_order(&core->group_by, core->columns[i].expr);
    for (int i = 0; i < select->order_by.count; i++)
        found = found || depends_on_order(&core->group_by, select->order_by.items[i].expr);
    return found || (core->having && depends_on_order(&core->group_by, core->having));
}

bool aggregates_is_free_of_order(const Expr *call)
{
    return is_extreme(call) || is_named(call, "count");
}

static bool find_bound_to_order(void *arg, Expr *expr)
{
    bool *found = arg;
    if (resolve_is_aggregate(expr) && !aggregates_is_free_of_order(expr))
        *found = true;
    else
        expr_each_part(expr, find_bound_to_order, found);
    return !*found;
}

bool aggregates_are_free_of_order(const Select *select)
{
    const SelectCore *core = select->cores[0];
    bool found = aggregates_depend_on_order(select);
    for (int i = 0; !found && i < core->column_count; i++)
        find_bound_to_order(&found, core->columns[i].expr);
    for (int i = 0; !found && i < select->order_by.count; i++)
        find_bound_to_order(&found, select->order_by.items[i].expr);
    if (!found && core->having)
        find_bound_to_order(&found, core->having);
    return !found;
}
