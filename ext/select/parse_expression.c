/* Expressions: each operator has a level, and takes to its right what binds stronger (Pratt's method). */
#include <stdlib.h>
#include <string.h>

#include "ext/select/parser.h"

/* Levels of the operators, from the weakest, as in SQLite's grammar. */
enum {
    LEVEL_OR = 1,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_EQUAL,
    LEVEL_LESS,
    LEVEL_BITS,
    LEVEL_PLUS,
    LEVEL_TIMES,
    LEVEL_CONCAT,
    LEVEL_COLLATE,
};

static Expr *parse_level(Parser *parser, int level);

static Expr *make(Parser *parser, ExprKind kind)
{
    Expr *expr = arena_take(parser->arena, sizeof *expr);
    if (expr)
        expr->kind = kind;
    return expr;
}

static bool deepest(void *arg, Expr *part)
{
    int *depth = arg;
    if (part && part->depth > *depth)
        *depth = part->depth;
    return true;
}

/* Ends the making of a node: NULL after a failure. */
static Expr *finish(Parser *parser, Expr *expr)
{
    if (!expr || !parser_is_well(parser))
        return NULL;
    int depth = 0;
    expr_each_part(expr, deepest, &depth);
    expr->depth = depth + 1;
    if (expr->depth > PARSER_DEPTH)
        parser_fail(parser, "an expression of it is nested too deeply");
    return parser_is_well(parser) ? expr : NULL;
}

static Expr *make_text(Parser *parser, ExprKind kind, const Token *token)
{
    Expr *expr = make(parser, kind);
    if (expr)
        expr->text = arena_copy(parser->arena, token->start, token->length);
    return expr;
}

/* A literal is the token itself. */
static Expr *parse_literal(Parser *parser)
{
    Expr *expr = make_text(parser, EXPR_LITERAL, &parser->token);
    parser_next(parser);
    return finish(parser, expr);
}

static int find_parameter(Parser *parser, const Token *token)
{
    for (int i = 0; i < parser->parameters.count; i++) {
        const char *name = parser->parameters.items[i];
        if (name && strlen(name) == token->length && !strncmp(name, token->start, token->length))
            return i + 1;
    }
    return 0;
}

/* Parameters are numbered as SQLite numbers them: ?N is N, a name that was there has its number, all others
   have the next one. */
static Expr *parse_parameter(Parser *parser)
{
    enum { MOST = 32766 };
    const Token token = parser->token;
    bool named = *token.start != '?', numbered = !named && token.length > 1;
    int number = numbered ? (token.length < 7 ? atoi(token.start + 1) : 0)
                          : (named ? find_parameter(parser, &token) : 0);
    if (!number && !numbered)
        number = parser->parameters.count + 1;
    if (number < 1 || number > MOST) {
        parser_fail(parser, "a parameter of it has a number that is not understood");
        return NULL;
    }
    while (!parser->arena->failed && parser->parameters.count < number)
        name_list_add(parser->arena, &parser->parameters, NULL);
    Expr *expr = make(parser, EXPR_PARAMETER);
    if (!expr || parser->arena->failed)
        return NULL;
    if (named)
        parser->parameters.items[number - 1] = arena_copy(parser->arena, token.start, token.length);
    expr->number = number;
    parser_next(parser);
    return finish(parser, expr);
}

static Expr *parse_case(Parser *parser)
{
    Expr *expr = make(parser, EXPR_CASE);
    parser_next(parser);
    if (!expr)
        return NULL;
    if (!token_is_word(&parser->token, "WHEN"))
        expr->left = parser_expression(parser);
    while (parser_is_well(parser) && parser_take_word(parser, "WHEN")) {
        expr_list_add(parser->arena, &expr->list, parser_expression(parser));
        parser_expect_word(parser, "THEN");
        expr_list_add(parser->arena, &expr->list, parser_expression(parser));
    }
    if (parser_take_word(parser, "ELSE"))
        expr->right = parser_expression(parser);
    parser_expect_word(parser, "END");
    return finish(parser, expr);
}

/* A type is kept as it is written. */
static Expr *parse_cast(Parser *parser)
{
    Expr *expr = make(parser, EXPR_CAST);
    parser_next(parser);
    parser_expect(parser, "(");
    Expr *left = parser_expression(parser);
    parser_expect_word(parser, "AS");
    const char *start = parser->token.start;
    const char *end = start;
    for (int depth = 0; parser_is_well(parser) && parser->token.kind != TOKEN_END; parser_next(parser)) {
        if (token_is(&parser->token, ")") && depth-- == 0)
            break;
        depth += token_is(&parser->token, "(");
        end = parser->token.start + parser->token.length;
    }
    if (expr) {
        expr->left = left;
        expr->text = arena_copy(parser->arena, start, (size_t)(end - start));
    }
    parser_expect(parser, ")");
    return finish(parser, expr);
}

static Expr *parse_exists(Parser *parser)
{
    Expr *expr = make(parser, EXPR_EXISTS);
    parser_next(parser);
    parser_expect(parser, "(");
    if (expr)
        expr->select = parser_select(parser);
    parser_expect(parser, ")");
    return finish(parser, expr);
}

/* Parses the inside of brackets: a SELECT, a row or one expression, whose brackets are not kept. */
static Expr *parse_brackets(Parser *parser)
{
    parser_next(parser);
    if (parser_sees_select(parser)) {
        Expr *expr = make(parser, EXPR_SELECT);
        if (expr)
            expr->select = parser_select(parser);
        parser_expect(parser, ")");
        return finish(parser, expr);
    }
    Expr *first = parser_expression(parser);
    if (!token_is(&parser->token, ",")) {
        parser_expect(parser, ")");
        return parser_is_well(parser) ? first : NULL;
    }
    Expr *row = make(parser, EXPR_ROW);
    if (!row)
        return NULL;
    expr_list_add(parser->arena, &row->list, first);
    while (parser_is_well(parser) && parser_take(parser, ","))
        expr_list_add(parser->arena, &row->list, parser_expression(parser));
    parser_expect(parser, ")");
    return finish(parser, row);
}

static void parse_arguments(Parser *parser, Expr *call)
{
    if (parser_take(parser, "*")) {
        call->star = true;
    } else if (!token_is(&parser->token, ")")) {
        call->distinct = parser_take_word(parser, "DISTINCT");
        if (!call->distinct)
            parser_take_word(parser, "ALL");
        parser_expressions(parser, &call->list);
        if (parser_take_word(parser, "ORDER") && parser_expect_word(parser, "BY"))
            parser_order(parser, &call->order_by);
    }
    parser_expect(parser, ")");
}

static Expr *parse_call(Parser *parser, const char *name)
{
    Expr *call = make(parser, EXPR_CALL);
    parser_expect(parser, "(");
    if (!call)
        return NULL;
    call->text = name;
    parse_arguments(parser, call);
    if (token_is_word(&parser->token, "FILTER")) {
        parser_next(parser);
        parser_expect(parser, "(");
        parser_expect_word(parser, "WHERE");
        call->filter = parser_expression(parser);
        parser_expect(parser, ")");
    }
    if (token_is_word(&parser->token, "OVER"))
        parser_fail(parser, "window functions are not split");
    return finish(parser, call);
}

/* A column with up to two names before it, table.* or a call. */
static Expr *parse_name(Parser *parser)
{
    const char *names[3] = {NULL};
    int count = 0;
    bool double_quoted = parser->token.kind == TOKEN_NAME && *parser->token.start == '"';
    bool word = parser->token.kind == TOKEN_WORD;
    names[count++] = parser_name(parser);
    if (parser_is_well(parser) && token_is(&parser->token, "("))
        return parse_call(parser, names[0]);
    bool star = false;
    while (parser_is_well(parser) && count < 3 && !star && parser_take(parser, ".")) {
        star = parser_take(parser, "*");
        if (!star)
            names[count++] = parser_name(parser);
    }
    Expr *expr = make(parser, star ? EXPR_STAR : EXPR_COLUMN);
    if (!expr)
        return NULL;
    if (star) {
        expr->table = names[count - 1];
        if (count > 1)
            parser_fail(parser, "its grammar is not understood");
        return finish(parser, expr);
    }
    expr->text = names[count - 1];
    expr->table = count > 1 ? names[count - 2] : NULL;
    expr->schema = count > 2 ? names[0] : NULL;
    expr->double_quoted = double_quoted && count == 1;
    expr->word = word && count == 1;
    return finish(parser, expr);
}

static bool is_literal_word(const Token *token)
{
    static const char *const words[] = {"NULL", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (token_is_word(token, words[i]))
            return true;
    return false;
}

/* Parses an operand without the operators before and after it: a literal, a column, a call, brackets … */
static Expr *parse_operand(Parser *parser)
{
    const Token *token = &parser->token;
    if (token->kind == TOKEN_LITERAL || is_literal_word(token))
        return parse_literal(parser);
    if (token->kind == TOKEN_STRING) {
        Token next = parser_peek(parser);
        if (!token_is(&next, ".") && !token_is(&next, "("))
            return parse_literal(parser);
    }
    if (token->kind == TOKEN_PARAMETER)
        return parse_parameter(parser);
    if (token_is(token, "("))
        return parse_brackets(parser);
    if (token_is(token, "*")) {
        parser_next(parser);
        return finish(parser, make(parser, EXPR_STAR));
    }
    if (token_is_word(token, "CASE"))
        return parse_case(parser);
    if (token_is_word(token, "CAST")) {
        Token next = parser_peek(parser);
        if (token_is(&next, "("))
            return parse_cast(parser);
    }
    if (token_is_word(token, "EXISTS"))
        return parse_exists(parser);
    return parse_name(parser);
}

static Expr *parse_prefix(Parser *parser)
{
    static const char *const signs[] = {"-", "+", "~"};
    int operand = token_is_word(&parser->token, "NOT") ? LEVEL_NOT : 0;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (token_is(&parser->token, signs[i]))
            operand = LEVEL_COLLATE + 1;
    if (++parser->nesting > PARSER_NESTING)
        parser_fail(parser, "an expression of it is nested too deeply");
    Expr *expr = NULL;
    if (parser_is_well(parser) && operand) {
        expr = make_text(parser, EXPR_UNARY, &parser->token);
        parser_next(parser);
        Expr *left = parse_level(parser, operand);
        if (expr)
            expr->left = left;
        expr = finish(parser, expr);
    } else if (parser_is_well(parser)) {
        expr = parse_operand(parser);
    }
    parser->nesting--;
    return expr;
}

typedef struct Infix {
    /* Operator or keyword, its level, and the kind of node that it makes. */
    const char *text;
    int level;
    ExprKind kind;
} Infix;

static const Infix infixes[] = {
    {"OR", LEVEL_OR, EXPR_BINARY},
    {"AND", LEVEL_AND, EXPR_BINARY},
    {"=", LEVEL_EQUAL, EXPR_BINARY},
    {"==", LEVEL_EQUAL, EXPR_BINARY},
    {"<>", LEVEL_EQUAL, EXPR_BINARY},
    {"!=", LEVEL_EQUAL, EXPR_BINARY},
    {"IS", LEVEL_EQUAL, EXPR_BINARY},
    {"LIKE", LEVEL_EQUAL, EXPR_LIKE},
    {"GLOB", LEVEL_EQUAL, EXPR_LIKE},
    {"REGEXP", LEVEL_EQUAL, EXPR_LIKE},
    {"MATCH", LEVEL_EQUAL, EXPR_LIKE},
    {"BETWEEN", LEVEL_EQUAL, EXPR_BETWEEN},
    {"IN", LEVEL_EQUAL, EXPR_IN},
    {"ISNULL", LEVEL_EQUAL, EXPR_NULL_TEST},
    {"NOTNULL", LEVEL_EQUAL, EXPR_NULL_TEST},
    {"NULL", LEVEL_EQUAL, EXPR_NULL_TEST},
    {"<", LEVEL_LESS, EXPR_BINARY},
    {"<=", LEVEL_LESS, EXPR_BINARY},
    {">", LEVEL_LESS, EXPR_BINARY},
    {">=", LEVEL_LESS, EXPR_BINARY},
    {"&", LEVEL_BITS, EXPR_BINARY},
    {"|", LEVEL_BITS, EXPR_BINARY},
    {"<<", LEVEL_BITS, EXPR_BINARY},
    {">>", LEVEL_BITS, EXPR_BINARY},
    {"+", LEVEL_PLUS, EXPR_BINARY},
    {"-", LEVEL_PLUS, EXPR_BINARY},
    {"*", LEVEL_TIMES, EXPR_BINARY},
    {"/", LEVEL_TIMES, EXPR_BINARY},
    {"%", LEVEL_TIMES, EXPR_BINARY},
    {"||", LEVEL_CONCAT, EXPR_BINARY},
    {"->", LEVEL_CONCAT, EXPR_BINARY},
    {"->>", LEVEL_CONCAT, EXPR_BINARY},
    {"COLLATE", LEVEL_COLLATE, EXPR_COLLATE},
};

static const Infix *find_infix(const Token *token)
{
    for (size_t i = 0; i < sizeof infixes / sizeof *infixes; i++)
        if (token_is_word(token, infixes[i].text) || token_is(token, infixes[i].text))
            return &infixes[i];
    return NULL;
}

/* The operator at the token, *negated where a NOT comes before it; NULL: there is none. NULL is an operator
   after NOT only, and NOT goes with these kinds only. */
static const Infix *see_infix(const Parser *parser, bool *negated)
{
    *negated = token_is_word(&parser->token, "NOT");
    Token token = *negated ? parser_peek(parser) : parser->token;
    const Infix *infix = find_infix(&token);
    if (!infix)
        return NULL;
    bool null_test = !strcmp(infix->text, "NULL");
    bool may_be_negated = infix->kind == EXPR_LIKE || infix->kind == EXPR_BETWEEN || infix->kind == EXPR_IN;
    return *negated ? (may_be_negated || null_test ? infix : NULL) : null_test ? NULL : infix;
}

static void parse_in(Parser *parser, Expr *expr)
{
    if (!token_is(&parser->token, "(")) {
        expr->text = parser_name(parser);
        if (parser_take(parser, ".")) {
            expr->schema = expr->text;
            expr->text = parser_name(parser);
        }
        if (token_is(&parser->token, "("))
            parser_fail(parser, "IN a table-valued function is not split");
        return;
    }
    parser_next(parser);
    if (parser_sees_select(parser))
        expr->select = parser_select(parser);
    else if (!token_is(&parser->token, ")"))
        parser_expressions(parser, &expr->list);
    parser_expect(parser, ")");
}

/* The text of an IS with the words that follow it. */
static const char *parse_is(Parser *parser)
{
    bool not = parser_take_word(parser, "NOT");
    Token next = parser_peek(parser);
    if (token_is_word(&parser->token, "DISTINCT") && token_is_word(&next, "FROM")) {
        parser_next(parser);
        parser_next(parser);
        return not ? "IS NOT DISTINCT FROM" : "IS DISTINCT FROM";
    }
    return not ? "IS NOT" : "IS";
}

/* Parses what follows the operator, which has been used. */
static void parse_right(Parser *parser, Expr *expr, const Infix *infix)
{
    switch (infix->kind) {
    case EXPR_NULL_TEST:
        break;
    case EXPR_COLLATE:
        expr->text = parser_name(parser);
        break;
    case EXPR_IN:
        parse_in(parser, expr);
        break;
    case EXPR_BETWEEN:
        expr->right = parse_level(parser, LEVEL_NOT);
        parser_expect_word(parser, "AND");
        expr->third = parse_level(parser, infix->level + 1);
        break;
    case EXPR_LIKE:
        expr->right = parse_level(parser, infix->level + 1);
        if (parser_take_word(parser, "ESCAPE"))
            expr->third = parse_level(parser, infix->level + 1);
        break;
    default:
        if (!strcmp(infix->text, "IS"))
            expr->text = parse_is(parser);
        expr->right = parse_level(parser, infix->level + 1);
    }
}

static Expr *parse_level(Parser *parser, int level)
{
    Expr *left = parse_prefix(parser);
    bool negated;
    const Infix *infix;
    while (parser_is_well(parser) && (infix = see_infix(parser, &negated)) && infix->level >= level) {
        Expr *expr = make(parser, infix->kind);
        if (!expr)
            return NULL;
        if (negated)
            parser_next(parser);
        parser_next(parser);
        expr->left = left;
        expr->text = infix->text;
        expr->negated = negated || !strcmp(infix->text, "NOTNULL");
        if (expr->kind == EXPR_IN || expr->kind == EXPR_NULL_TEST)
            expr->text = NULL;
        parse_right(parser, expr, infix);
        left = finish(parser, expr);
    }
    return parser_is_well(parser) ? left : NULL;
}

Expr *parser_expression(Parser *parser)
{
    return parse_level(parser, LEVEL_OR);
}

void parser_expressions(Parser *parser, ExprList *list)
{
    do
        expr_list_add(parser->arena, list, parser_expression(parser));
    while (parser_is_well(parser) && parser_take(parser, ","));
}
