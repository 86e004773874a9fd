#include "ext/select/parser.h"

#include <string.h>

void parser_next(Parser *parser)
{
    parser->token = token_read(parser->token.start + parser->token.length);
    if (parser->token.kind == TOKEN_BROKEN)
        parser_fail(parser, "it has a token that is not understood");
}

Token parser_peek(const Parser *parser)
{
    return token_read(parser->token.start + parser->token.length);
}

bool parser_fail(Parser *parser, const char *reason)
{
    if (!parser->reason)
        parser->reason = reason;
    return false;
}

bool parser_is_well(const Parser *parser)
{
    return !parser->reason && !parser->arena->failed;
}

bool parser_take_word(Parser *parser, const char *keyword)
{
    if (!token_is_word(&parser->token, keyword))
        return false;
    parser_next(parser);
    return true;
}

bool parser_take(Parser *parser, const char *op)
{
    if (!token_is(&parser->token, op))
        return false;
    parser_next(parser);
    return true;
}

static bool fail_unexpected(Parser *parser)
{
    return parser_fail(parser, "its grammar is not understood");
}

bool parser_expect_word(Parser *parser, const char *keyword)
{
    return parser_take_word(parser, keyword) || fail_unexpected(parser);
}

bool parser_expect(Parser *parser, const char *op)
{
    return parser_take(parser, op) || fail_unexpected(parser);
}

bool parser_sees_name(const Parser *parser)
{
    TokenKind kind = parser->token.kind;
    return kind == TOKEN_NAME || kind == TOKEN_STRING ||
           (kind == TOKEN_WORD && !token_is_reserved(&parser->token));
}

const char *parser_name(Parser *parser)
{
    if (!parser_sees_name(parser)) {
        fail_unexpected(parser);
        return NULL;
    }
    const Token token = parser->token;
    parser_next(parser);
    if (token.kind == TOKEN_WORD)
        return arena_copy(parser->arena, token.start, token.length);
    char *name = arena_copy(parser->arena, token.start + 1, token.length - 2);
    char quote = token.start[token.length - 1];
    size_t to = 0;
    for (size_t from = 0; name && from < token.length - 2; from++) {
        name[to++] = name[from];
        from += name[from] == quote && quote != ']';
    }
    if (name)
        name[to] = 0;
    return name;
}

bool parser_sees_select(const Parser *parser)
{
    return token_is_word(&parser->token, "SELECT") || token_is_word(&parser->token, "WITH") ||
           token_is_word(&parser->token, "VALUES");
}
