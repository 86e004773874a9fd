#include "ext/split/describe.h"

#include <string.h>
#include <strings.h>

#include "ext/split/parts.h"
#include "ext/split/resolve.h"

/* A column of a table of the file. A table WITHOUT ROWID has no -1; the rowid of others is an INTEGER. */
static bool describe_column(Splitting *splitting, const Expr *expr, Column *column)
{
    const KnownTable *table = expr->from ? resolved_table(expr->from) : NULL;
    const char *type = "INTEGER", *collation = NULL;
    if (!table || !table->name || table->view || table->select || expr->column >= table->columns.count)
        return false;
    if (expr->column >= 0 && sqlite3_table_column_metadata(splitting->shadow.db, "main", table->name,
                                                           table->columns.items[expr->column], &type,
                                                           &collation, NULL, NULL, NULL) != SQLITE_OK)
        return false;
    /* In a STRICT table ANY is no affinity, in others it is that of numbers. */
    if (type && !strcasecmp(type, "ANY"))
        return false;
    return column_declare(column, type, collation) == SQLITE_OK || split_fail(splitting, SQLITE_NOMEM);
}

/* The expression that a column of a subquery in FROM is, through all subqueries; itself where it is another
   one. */
static const Expr *origin_of(const Expr *expr)
{
    while (expr && expr->kind == EXPR_COLUMN && expr->from && expr->column >= 0) {
        const KnownTable *table = resolved_table(expr->from);
        const Select *select = table && !table->stage ? table->select : NULL;
        if (!select || select->core_count != 1 || expr->column >= select->cores[0]->column_count)
            break;
        expr = select->cores[0]->columns[expr->column].expr;
    }
    return expr;
}

static bool is_one_of(const char *text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcasecmp(text, names[i]))
            return true;
    return false;
}

/* Whether the value is computed by an operator or a function whose result has neither affinity nor collation.
   Some functions are what their first argument is, as likely() is. */
static bool is_computed(const Expr *expr)
{
    static const char *const operators[] = {"+", "-", "*", "/", "%", "||"};
    static const char *const functions[] = {"substr", "substring", "strftime", "round",
                                            "abs",    "length",    "lower",    "upper"};
    if (expr->kind == EXPR_BINARY)
        return is_one_of(expr->text, operators, sizeof operators / sizeof *operators);
    return expr->kind == EXPR_CALL &&
           (resolve_is_aggregate(expr) ||
            is_one_of(expr->text, functions, sizeof functions / sizeof *functions));
}

static bool find_other(void *arg, Expr *expr)
{
    bool *found = arg;
    if (expr->kind == EXPR_COLLATE || expr->select || (expr->kind == EXPR_IN && expr->text))
        *found = true;
    else
        expr_each_part(expr, find_other, found);
    return !*found;
}

/* Whether a COLLATE may stand in the expression, which goes up to the whole of it. */
static bool may_collate(Expr *expr)
{
    bool found = false;
    find_other(&found, expr);
    return found;
}

bool describe_expression(Splitting *splitting, const Expr *expr, Column *column)
{
    expr = origin_of(expr);
    if (expr && expr->kind == EXPR_COLUMN)
        return describe_column(splitting, expr, column);
    if (expr && (!is_computed(expr) || may_collate((Expr *)(uintptr_t)expr)))
        return false;
    column->type = "";
    column->no_affinity = true;
    return true;
}
