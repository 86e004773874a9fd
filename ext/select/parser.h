/* The state that the parts of the parser share: the token under way, and the error. */
#ifndef PRICEMAP_SELECT_PARSER_H
#define PRICEMAP_SELECT_PARSER_H

#include "ext/select/parse.h"
#include "ext/select/tokens.h"

enum {
    /* Nodes from the root of an expression to a leaf, as SQLite allows them by default. */
    PARSER_DEPTH = 1000,
    /* Brackets, subqueries and prefixes one inside the other: each takes some stack. */
    PARSER_NESTING = 200,
};

typedef struct Parser {
    Arena *arena;
    /* Token that was read last and is not used yet. */
    Token token;
    int nesting;
    const char *reason;
    NameList parameters;
} Parser;

/* Goes to the next token. */
void parser_next(Parser *parser);

/* The token after the one under way. */
Token parser_peek(const Parser *parser);

/* Notes why there is no tree, unless that is known already. False. */
bool parser_fail(Parser *parser, const char *reason);

/* Whether nothing went wrong so far. */
bool parser_is_well(const Parser *parser);

/* Whether the token is the keyword or the operator, which is used then. */
bool parser_take_word(Parser *parser, const char *keyword);
bool parser_take(Parser *parser, const char *op);

/* Uses the keyword or the operator; a failure where it is another token. False then. */
bool parser_expect_word(Parser *parser, const char *keyword);
bool parser_expect(Parser *parser, const char *op);

/* Whether the token can be a name. */
bool parser_sees_name(const Parser *parser);

/* Uses a name and returns it without quotes; NULL with a failure where there is none. */
const char *parser_name(Parser *parser);

/* Whether a SELECT begins at the token: with SELECT, WITH or VALUES. */
bool parser_sees_select(const Parser *parser);

/* Parses an expression, or expressions with commas between them. NULL, or an incomplete list, with a failure.
 */
Expr *parser_expression(Parser *parser);
void parser_expressions(Parser *parser, ExprList *list);

/* Parses what follows ORDER BY. */
void parser_order(Parser *parser, OrderList *list);

/* Parses a SELECT as far as it goes. NULL with a failure. */
Select *parser_select(Parser *parser);

#endif
