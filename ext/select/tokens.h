/* Tokens of SQL as SQLite cuts them. Reads a NUL-terminated text, and never a byte after the NUL. */
#ifndef PRICEMAP_SELECT_TOKENS_H
#define PRICEMAP_SELECT_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum TokenKind {
    TOKEN_END,
    /* A keyword or an unquoted name. */
    TOKEN_WORD,
    /* "name", [name] or `name`. */
    TOKEN_NAME,
    /* 'text'. */
    TOKEN_STRING,
    /* A number or a blob. */
    TOKEN_LITERAL,
    /* ?, ?12, :name, @name or $name. */
    TOKEN_PARAMETER,
    /* An operator, a bracket, a comma, a dot or a semicolon. */
    TOKEN_OPERATOR,
    /* No token of SQL: a quote or comment that never ends, a number with letters in it. */
    TOKEN_BROKEN,
} TokenKind;

typedef struct Token {
    TokenKind kind;
    const char *start;
    size_t length;
} Token;

/* Reads the token at `text`, white space and comments skipped. */
Token token_read(const char *text);

/* Whether the token is this keyword (upper case), or this operator. */
bool token_is_word(const Token *token, const char *keyword);
bool token_is(const Token *token, const char *op);

/* Whether the token is a word that SQLite never takes for a name. */
bool token_is_reserved(const Token *token);

#endif
