#include "ext/select/tree.h"

#include <string.h>
#include <strings.h>

/* Adds `item` to the array `items` of `count` in a list, whatever the list's type. */
#define LIST_ADD(arena, items, count, item)                                                                  \
    do {                                                                                                     \
        void *grown = arena_grow((arena), (items), (count), sizeof *(items));                                \
        if (grown) {                                                                                         \
            (items) = grown;                                                                                 \
            (items)[(count)++] = (item);                                                                     \
        }                                                                                                    \
    } while (0)

void expr_list_add(Arena *arena, ExprList *list, Expr *expr)
{
    LIST_ADD(arena, list->items, list->count, expr);
}

void order_list_add(Arena *arena, OrderList *list, OrderTerm term)
{
    LIST_ADD(arena, list->items, list->count, term);
}

void name_list_add(Arena *arena, NameList *list, const char *name)
{
    LIST_ADD(arena, list->items, list->count, name);
}

void from_list_add(Arena *arena, FromList *list, FromItem *item)
{
    LIST_ADD(arena, list->items, list->count, item);
}

void core_add_column(Arena *arena, SelectCore *core, ResultColumn column)
{
    LIST_ADD(arena, core->columns, core->column_count, column);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static bool same_name(const char *a, const char *b)
{
    return a == b || (a && b && !strcasecmp(a, b));
}

static bool same_list(const ExprList *a, const ExprList *b)
{
    bool same = a->count == b->count;
    for (int i = 0; same && i < a->count; i++)
        same = expr_equal(a->items[i], b->items[i]);
    return same;
}

static bool same_order(const OrderList *a, const OrderList *b)
{
    bool same = a->count == b->count;
    for (int i = 0; same && i < a->count; i++)
        same = expr_equal(a->items[i].expr, b->items[i].expr) &&
               a->items[i].descending == b->items[i].descending &&
               same_text(a->items[i].nulls, b->items[i].nulls);
    return same;
}

static bool same_column(const Expr *a, const Expr *b)
{
    if (a->from || b->from)
        return a->from == b->from && a->column == b->column;
    return same_name(a->text, b->text) && same_name(a->table, b->table) && same_name(a->schema, b->schema);
}

bool expr_equal(const Expr *a, const Expr *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->kind != b->kind || a->select || b->select)
        return false;
    if (a->kind == EXPR_COLUMN)
        return same_column(a, b);
    bool named = a->kind == EXPR_CALL || a->kind == EXPR_COLLATE;
    return a->negated == b->negated && a->distinct == b->distinct && a->star == b->star &&
           a->number == b->number && (named ? same_name(a->text, b->text) : same_text(a->text, b->text)) &&
           same_name(a->table, b->table) && same_name(a->schema, b->schema) && expr_equal(a->left, b->left) &&
           expr_equal(a->right, b->right) && expr_equal(a->third, b->third) &&
           expr_equal(a->filter, b->filter) && same_list(&a->list, &b->list) &&
           same_order(&a->order_by, &b->order_by);
}

bool expr_each_part(Expr *expr, ExprVisitor *visit, void *arg)
{
    /* In a CASE, ELSE comes after the list. */
    Expr *last = expr->kind == EXPR_CASE ? expr->right : NULL;
    bool on = !expr->left || visit(arg, expr->left);
    if (on && !last && expr->right)
        on = visit(arg, expr->right);
    if (on && expr->third)
        on = visit(arg, expr->third);
    for (int i = 0; on && i < expr->list.count; i++)
        on = visit(arg, expr->list.items[i]);
    for (int i = 0; on && i < expr->order_by.count; i++)
        on = visit(arg, expr->order_by.items[i].expr);
    if (on && last)
        on = visit(arg, last);
    return on && (!expr->filter || visit(arg, expr->filter));
}

Expr *expr_both(Arena *arena, Expr *one, Expr *other)
{
    if (!one || !other)
        return one ? one : other;
    Expr *expr = arena_take(arena, sizeof *expr);
    if (expr)
        *expr = (Expr){.kind = EXPR_BINARY, .text = "AND", .left = one, .right = other};
    return expr;
}

Expr *expr_copy(Arena *arena, Expr *expr, ExprReplacer *replace, void *arg)
{
    if (!expr)
        return NULL;
    Expr *other = replace(arg, expr);
    if (other)
        return other;
    Expr *copy = arena_take(arena, sizeof *copy);
    if (!copy)
        return NULL;
    *copy = *expr;
    copy->left = expr_copy(arena, expr->left, replace, arg);
    copy->right = expr_copy(arena, expr->right, replace, arg);
    copy->third = expr_copy(arena, expr->third, replace, arg);
    copy->filter = expr_copy(arena, expr->filter, replace, arg);
    copy->list = (ExprList){0};
    for (int i = 0; i < expr->list.count; i++)
        expr_list_add(arena, &copy->list, expr_copy(arena, expr->list.items[i], replace, arg));
    copy->order_by = (OrderList){0};
    for (int i = 0; i < expr->order_by.count; i++) {
        OrderTerm term = expr->order_by.items[i];
        term.expr = expr_copy(arena, term.expr, replace, arg);
        order_list_add(arena, &copy->order_by, term);
    }
    return arena->failed ? NULL : copy;
}
