#include "ext/split/words.h"

#include <string.h>
#include <strings.h>

#include "ext/select/write.h"

typedef struct Words {
    Writer writer;
    /* Whether a part of the sentence is written, so that a comma comes before the next. */
    bool any;
} Words;

/* An expression without brackets around it. */
static void say(Words *words, const Expr *expr)
{
    Writer inner = {.sql = sqlite3_str_new(NULL), .brief = true};
    write_expression(&inner, expr);
    char *text = sqlite3_str_finish(inner.sql);
    size_t length = text ? strlen(text) : 0;
    bool brackets = length > 2 && *text == '(' && expr->kind != EXPR_SELECT && expr->kind != EXPR_ROW;
    if (text)
        sqlite3_str_appendf(words->writer.sql, "%.*s", (int)(brackets ? length - 2 : length),
                            brackets ? text + 1 : text);
    sqlite3_free(text);
}

static void say_next(Words *words, const char *text)
{
    sqlite3_str_appendf(words->writer.sql, "%s%s", words->any ? ", " : "", text);
    words->any = true;
}

static void say_list(Words *words, const char *begin, const ExprList *list)
{
    if (!list->count)
        return;
    say_next(words, begin);
    for (int i = 0; i < list->count; i++) {
        sqlite3_str_appendall(words->writer.sql, i ? ", " : " ");
        say(words, list->items[i]);
    }
}

static void say_order(Words *words, const char *begin, const OrderList *order)
{
    if (!order->count)
        return;
    say_next(words, begin);
    for (int i = 0; i < order->count; i++) {
        sqlite3_str_appendall(words->writer.sql, i ? ", " : " ");
        say(words, order->items[i].expr);
        if (order->items[i].descending)
            sqlite3_str_appendall(words->writer.sql, " DESC");
    }
}

static void say_limit(Words *words, const Select *select)
{
    if (!select->limit)
        return;
    say_next(words, "LIMIT ");
    say(words, select->limit);
    if (!select->offset)
        return;
    sqlite3_str_appendall(words->writer.sql, " OFFSET ");
    say(words, select->offset);
}

static char *say_combining(const Select *select, const SplitStage *stage)
{
    Words words = {.writer = {.sql = sqlite3_str_new(NULL), .brief = true}};
    const SelectCore *core = select->cores[0];
    bool groups = stage->kind == SPLIT_GROUPS;
    if (core->distinct)
        say_next(&words, "DISTINCT");
    if (groups && core->group_by.count)
        say_list(&words, "GROUP BY", &core->group_by);
    else if (groups && !core->distinct)
        say_next(&words, "one group");
    else if (!select->order_by.count)
        say_next(&words, "as they come");
    if (groups && core->having) {
        say_next(&words, "HAVING ");
        say(&words, core->having);
    }
    say_order(&words, "ORDER BY", &select->order_by);
    say_limit(&words, select);
    return sqlite3_str_finish(words.writer.sql);
}

/* A partial aggregate by the user's name of it. */
static void say_part(Words *words, const Expr *expr)
{
    Expr shown = *expr;
    bool sum = expr->kind == EXPR_CALL && !strcasecmp(expr->text, SPLIT_SUM_PART);
    sqlite3_str_appendall(words->writer.sql, words->any ? ", " : " ");
    words->any = true;
    if (sum) {
        sqlite3_str_appendall(words->writer.sql, "exact ");
        shown.text = "sum";
    }
    say(words, &shown);
}

static char *say_working(const PartList *parts, const SplitStage *stage)
{
    static const char *const kinds[] = {
        [SPLIT_ROWS] = "Rows:", [SPLIT_GROUPS] = "Partial aggregate", [SPLIT_WHOLE_GROUPS] = "Whole groups:"};
    Words words = {.writer = {.sql = sqlite3_str_new(NULL), .brief = true}};
    sqlite3_str_appendall(words.writer.sql, kinds[stage->kind]);
    int keys = stage->kind == SPLIT_GROUPS ? parts->keys : 0;
    for (int i = 0; i < keys; i++) {
        sqlite3_str_appendall(words.writer.sql, i ? ", " : " by ");
        say(&words, parts->items[i].expr);
    }
    if (stage->kind == SPLIT_GROUPS && parts->count > keys)
        sqlite3_str_appendall(words.writer.sql, ":");
    for (int i = keys; i < parts->count; i++)
        say_part(&words, parts->items[i].expr);
    if (parts->ordered || parts->beside_extreme || parts->by_first_row)
        sqlite3_str_appendall(words.writer.sql, ", in the order of the rows");
    if (stage->limit >= 0)
        sqlite3_str_appendf(words.writer.sql, ", at most %lld", (sqlite3_int64)stage->limit);
    return sqlite3_str_finish(words.writer.sql);
}

bool words_of_stage(Splitting *splitting, const PartList *parts, SplitStage *stage)
{
    stage->worker_words = say_working(parts, stage);
    stage->combine_words = say_combining(splitting->target, stage);
    return (stage->worker_words && stage->combine_words) || split_fail(splitting, SQLITE_NOMEM);
}
