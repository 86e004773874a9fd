#include "ext/select/write.h"

#include <ctype.h>
#include <string.h>

static void write_from(Writer *writer, const FromList *list);

static void add(Writer *writer, const char *text)
{
    sqlite3_str_appendall(writer->sql, text);
}

static bool is_word(const char *name)
{
    bool word = *name && !isdigit((unsigned char)*name);
    for (const char *byte = name; *byte && word; byte++)
        word = isalnum((unsigned char)*byte) || *byte == '_';
    return word;
}

static void add_name(Writer *writer, const char *name)
{
    sqlite3_str_appendf(writer->sql, writer->brief && is_word(name) ? "%s" : "\"%w\"", name);
}

static const char *schema_name(const Writer *writer, const char *schema)
{
    return writer->main_as && !strcmp(schema, "main") ? writer->main_as : schema;
}

/* Expressions with commas between them. */
static void write_expressions(Writer *writer, const ExprList *list)
{
    for (int i = 0; i < list->count; i++) {
        if (i)
            add(writer, ", ");
        write_expression(writer, list->items[i]);
    }
}

/* The terms of an ORDER BY. */
static void write_order(Writer *writer, const OrderList *list)
{
    for (int i = 0; i < list->count; i++) {
        const OrderTerm *term = &list->items[i];
        if (i)
            add(writer, ", ");
        if (term->position)
            sqlite3_str_appendf(writer->sql, "%d", term->position);
        else
            write_expression(writer, term->expr);
        if (term->descending)
            add(writer, " DESC");
        if (term->nulls && *term->nulls)
            sqlite3_str_appendf(writer->sql, " %s", term->nulls);
    }
}

static void write_column(Writer *writer, const Expr *expr)
{
    const char *table = expr->from && expr->from->written_as ? expr->from->written_as : expr->table;
    if (writer->brief)
        table = NULL;
    else if (expr->schema && !(expr->from && expr->from->written_as)) {
        add_name(writer, expr->schema);
        add(writer, ".");
    }
    if (table) {
        add_name(writer, table);
        add(writer, ".");
    }
    if (expr->word && !table)
        add(writer, expr->text);
    else
        add_name(writer, expr->text);
}

/* A function's name needs no quotes where it is a plain word. */
static void write_function(Writer *writer, const char *name)
{
    if (is_word(name))
        add(writer, name);
    else
        add_name(writer, name);
}

static void write_call(Writer *writer, const Expr *expr)
{
    write_function(writer, expr->text);
    add(writer, expr->distinct ? "(DISTINCT " : "(");
    if (expr->star)
        add(writer, "*");
    write_expressions(writer, &expr->list);
    if (expr->order_by.count) {
        add(writer, " ORDER BY ");
        write_order(writer, &expr->order_by);
    }
    add(writer, ")");
    if (expr->filter) {
        add(writer, " FILTER (WHERE ");
        write_expression(writer, expr->filter);
        add(writer, ")");
    }
}

static void write_case(Writer *writer, const Expr *expr)
{
    add(writer, "CASE");
    if (expr->left) {
        add(writer, " ");
        write_expression(writer, expr->left);
    }
    for (int i = 0; i + 1 < expr->list.count; i += 2) {
        add(writer, " WHEN ");
        write_expression(writer, expr->list.items[i]);
        add(writer, " THEN ");
        write_expression(writer, expr->list.items[i + 1]);
    }
    if (expr->right) {
        add(writer, " ELSE ");
        write_expression(writer, expr->right);
    }
    add(writer, " END");
}

static void write_in(Writer *writer, const Expr *expr)
{
    write_expression(writer, expr->left);
    add(writer, expr->negated ? " NOT IN " : " IN ");
    if (expr->text) {
        if (expr->schema) {
            add_name(writer, schema_name(writer, expr->schema));
            add(writer, ".");
        }
        add_name(writer, expr->text);
        return;
    }
    add(writer, "(");
    if (expr->select)
        write_select(writer, expr->select);
    else
        write_expressions(writer, &expr->list);
    add(writer, ")");
}

static void write_like(Writer *writer, const Expr *expr)
{
    write_expression(writer, expr->left);
    sqlite3_str_appendf(writer->sql, expr->negated ? " NOT %s " : " %s ", expr->text);
    write_expression(writer, expr->right);
    if (expr->third) {
        add(writer, " ESCAPE ");
        write_expression(writer, expr->third);
    }
}

/* An operator with its operands, without brackets around it. */
static void write_operator(Writer *writer, const Expr *expr)
{
    switch (expr->kind) {
    case EXPR_UNARY:
        sqlite3_str_appendf(writer->sql, "%s ", expr->text);
        write_expression(writer, expr->left);
        break;
    case EXPR_BINARY:
        write_expression(writer, expr->left);
        sqlite3_str_appendf(writer->sql, " %s ", expr->text);
        write_expression(writer, expr->right);
        break;
    case EXPR_LIKE:
        write_like(writer, expr);
        break;
    case EXPR_BETWEEN:
        write_expression(writer, expr->left);
        add(writer, expr->negated ? " NOT BETWEEN " : " BETWEEN ");
        write_expression(writer, expr->right);
        add(writer, " AND ");
        write_expression(writer, expr->third);
        break;
    case EXPR_IN:
        write_in(writer, expr);
        break;
    case EXPR_NULL_TEST:
        write_expression(writer, expr->left);
        add(writer, expr->negated ? " NOT NULL" : " ISNULL");
        break;
    default: /* COLLATE */
        write_expression(writer, expr->left);
        add(writer, " COLLATE ");
        add_name(writer, expr->text);
    }
}

static void write_brackets(Writer *writer, const Expr *expr)
{
    add(writer, "(");
    if (expr->kind == EXPR_SELECT)
        write_select(writer, expr->select);
    else if (expr->kind == EXPR_ROW)
        write_expressions(writer, &expr->list);
    else
        write_operator(writer, expr);
    add(writer, ")");
}

void write_expression(Writer *writer, const Expr *expr)
{
    switch (expr->kind) {
    case EXPR_LITERAL:
        add(writer, expr->text);
        break;
    case EXPR_PARAMETER:
        sqlite3_str_appendf(writer->sql, "?%d", expr->number + writer->parameter_shift);
        break;
    case EXPR_COLUMN:
        write_column(writer, expr);
        break;
    case EXPR_STAR:
        if (expr->table) {
            add_name(writer, expr->table);
            add(writer, ".");
        }
        add(writer, "*");
        break;
    case EXPR_CALL:
        write_call(writer, expr);
        break;
    case EXPR_CAST:
        add(writer, "CAST(");
        write_expression(writer, expr->left);
        sqlite3_str_appendf(writer->sql, " AS %s)", expr->text);
        break;
    case EXPR_CASE:
        write_case(writer, expr);
        break;
    case EXPR_EXISTS:
        add(writer, "EXISTS (");
        write_select(writer, expr->select);
        add(writer, ")");
        break;
    default:
        write_brackets(writer, expr);
    }
}

static void write_names(Writer *writer, const NameList *names)
{
    add(writer, "(");
    for (int i = 0; i < names->count; i++) {
        if (i)
            add(writer, ", ");
        add_name(writer, names->items[i]);
    }
    add(writer, ")");
}

static void write_source(Writer *writer, const FromItem *item)
{
    if (item->table) {
        if (item->schema) {
            add_name(writer, schema_name(writer, item->schema));
            add(writer, ".");
        }
        add_name(writer, item->table);
        if (item->called) {
            add(writer, "(");
            write_expressions(writer, &item->arguments);
            add(writer, ")");
        }
        return;
    }
    add(writer, "(");
    if (item->select)
        write_select(writer, item->select);
    else
        write_from(writer, &item->joined);
    add(writer, ")");
}

static void write_item(Writer *writer, const FromItem *item)
{
    write_source(writer, item);
    const char *alias = item->written_as ? item->written_as : item->alias;
    if (alias) {
        add(writer, " AS ");
        add_name(writer, alias);
    }
    if (item->indexed_by) {
        add(writer, " INDEXED BY ");
        add_name(writer, item->indexed_by);
    } else if (item->not_indexed) {
        add(writer, " NOT INDEXED");
    }
    if (item->on) {
        add(writer, " ON ");
        write_expression(writer, item->on);
    } else if (item->using_columns.count) {
        add(writer, " USING ");
        write_names(writer, &item->using_columns);
    }
}

/* A FROM clause without the word. */
static void write_from(Writer *writer, const FromList *list)
{
    static const char *const joins[] = {
        [JOIN_COMMA] = ", ",         [JOIN_INNER] = " JOIN ",       [JOIN_CROSS] = " CROSS JOIN ",
        [JOIN_LEFT] = " LEFT JOIN ", [JOIN_RIGHT] = " RIGHT JOIN ", [JOIN_FULL] = " FULL JOIN "};
    for (int i = 0; i < list->count; i++) {
        const FromItem *item = list->items[i];
        if (i && item->natural)
            add(writer, " NATURAL");
        if (i)
            add(writer, joins[item->join]);
        write_item(writer, item);
    }
}

static void write_core(Writer *writer, const SelectCore *core)
{
    add(writer, core->distinct ? "SELECT DISTINCT " : "SELECT ");
    for (int i = 0; i < core->column_count; i++) {
        if (i)
            add(writer, ", ");
        write_expression(writer, core->columns[i].expr);
        if (core->columns[i].alias) {
            add(writer, " AS ");
            add_name(writer, core->columns[i].alias);
        }
    }
    if (core->from.count) {
        add(writer, " FROM ");
        write_from(writer, &core->from);
    }
    if (core->where) {
        add(writer, " WHERE ");
        write_expression(writer, core->where);
    }
    if (core->group_by.count) {
        add(writer, " GROUP BY ");
        write_expressions(writer, &core->group_by);
    }
    if (core->having) {
        add(writer, " HAVING ");
        write_expression(writer, core->having);
    }
}

static void write_with(Writer *writer, const Select *select)
{
    for (int i = 0; i < select->with_count; i++) {
        const CommonTable *table = &select->with[i];
        add(writer, i ? ", " : select->recursive ? "WITH RECURSIVE " : "WITH ");
        add_name(writer, table->name);
        if (table->columns.count)
            write_names(writer, &table->columns);
        sqlite3_str_appendf(writer->sql, " AS %s(", table->materialized);
        write_select(writer, table->select);
        add(writer, ")");
    }
    if (select->with_count)
        add(writer, " ");
}

/* A whole SELECT, without brackets around it. */
void write_select(Writer *writer, const Select *select)
{
    write_with(writer, select);
    for (int i = 0; i < select->core_count; i++) {
        if (i)
            sqlite3_str_appendf(writer->sql, " %s ", select->operators[i]);
        write_core(writer, select->cores[i]);
    }
    if (select->order_by.count) {
        add(writer, " ORDER BY ");
        write_order(writer, &select->order_by);
    }
    if (select->limit) {
        add(writer, " LIMIT ");
        write_expression(writer, select->limit);
    }
    if (select->offset) {
        add(writer, " OFFSET ");
        write_expression(writer, select->offset);
    }
}

char *select_text(const Select *select, int parameter_shift)
{
    Writer writer = {.sql = sqlite3_str_new(NULL), .parameter_shift = parameter_shift};
    write_select(&writer, select);
    return sqlite3_str_finish(writer.sql);
}
