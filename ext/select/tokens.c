#include "ext/select/tokens.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "ext/base/sql_bytes.h"

static const char *skip_digits(const char *text)
{
    while (isdigit((unsigned char)*text))
        text++;
    return text;
}

/* The text after the number at `text`; NULL where letters follow, which is an error to SQLite. Digits with
   underscores between them, of SQLite 3.46, are letters here. */
static const char *skip_number(const char *text)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && isxdigit((unsigned char)text[2])) {
        text += 2;
        while (isxdigit((unsigned char)*text))
            text++;
        return sql_is_name_byte((unsigned char)*text) ? NULL : text;
    }
    text = skip_digits(text);
    if (*text == '.')
        text = skip_digits(text + 1);
    if (*text == 'e' || *text == 'E') {
        const char *exponent = text + 1 + (text[1] == '+' || text[1] == '-');
        if (isdigit((unsigned char)*exponent))
            text = skip_digits(exponent);
    }
    return sql_is_name_byte((unsigned char)*text) ? NULL : text;
}

/* The text after the parameter at `text`; NULL where none is there. */
static const char *skip_parameter(const char *text)
{
    if (*text == '?')
        return skip_digits(text + 1);
    const char *end = text + 1;
    while (sql_is_name_byte((unsigned char)*end))
        end++;
    return end > text + 1 ? end : NULL;
}

static const char *skip_operator(const char *text)
{
    static const char *const operators[] = {"->>", "->", "||", "<<", ">>", "<=", ">=", "<>", "!=", "=="};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (!strncmp(text, operators[i], strlen(operators[i])))
            return text + strlen(operators[i]);
    return strchr("()+-*/%&|<>=~,.;", *text) ? text + 1 : NULL;
}

static const char *skip_word(const char *text)
{
    while (sql_is_name_byte((unsigned char)*text))
        text++;
    return text;
}

static const char *skip_token(const char *text, TokenKind *kind)
{
    unsigned char c = (unsigned char)*text;
    if (strchr("'\"[`", c)) {
        *kind = c == '\'' ? TOKEN_STRING : TOKEN_NAME;
        return sql_skip_quoted(text);
    }
    if (isdigit(c) || (c == '.' && isdigit((unsigned char)text[1]))) {
        *kind = TOKEN_LITERAL;
        return skip_number(text);
    }
    if (strchr("?:@$", c)) {
        *kind = TOKEN_PARAMETER;
        return skip_parameter(text);
    }
    if ((c == 'x' || c == 'X') && text[1] == '\'') {
        *kind = TOKEN_LITERAL;
        return sql_skip_quoted(text + 1);
    }
    *kind = sql_is_name_byte((unsigned char)*text) ? TOKEN_WORD : TOKEN_OPERATOR;
    return *kind == TOKEN_WORD ? skip_word(text) : skip_operator(text);
}

Token token_read(const char *text)
{
    const char *start = sql_skip_space(text);
    if (start && !*start)
        return (Token){.kind = TOKEN_END, .start = start};
    TokenKind kind;
    const char *end = start ? skip_token(start, &kind) : NULL;
    if (!end)
        return (Token){.kind = TOKEN_BROKEN, .start = text, .length = strlen(text)};
    return (Token){.kind = kind, .start = start, .length = (size_t)(end - start)};
}

static bool matches(const Token *token, const char *word)
{
    /* The first bytes of most words differ, whatever their case. */
    return (*token->start | 0x20) == (*word | 0x20) && !strncasecmp(token->start, word, token->length) &&
           !word[token->length];
}

bool token_is_word(const Token *token, const char *keyword)
{
    return token->kind == TOKEN_WORD && matches(token, keyword);
}

bool token_is(const Token *token, const char *op)
{
    return token->kind == TOKEN_OPERATOR && matches(token, op);
}

bool token_is_reserved(const Token *token)
{
    static const char *const words[] = {
        "ADD",        "ALL",        "ALTER",      "AND",          "AS",           "AUTOINCREMENT",
        "BETWEEN",    "CASE",       "CHECK",      "COLLATE",      "COMMIT",       "CREATE",
        "CONSTRAINT", "DEFAULT",    "DEFERRABLE", "DELETE",       "DISTINCT",     "DROP",
        "ELSE",       "ESCAPE",     "EXCEPT",     "EXISTS",       "FOREIGN",      "FROM",
        "GROUP",      "HAVING",     "IN",         "INDEX",        "INSERT",       "INTERSECT",
        "INTO",       "IS",         "ISNULL",     "JOIN",         "LIMIT",        "NOT",
        "NOTHING",    "NOTNULL",    "NULL",       "ON",           "OR",           "ORDER",
        "PRIMARY",    "REFERENCES", "RETURNING",  "SELECT",       "SET",          "TABLE",
        "THEN",       "TO",         "UNION",      "TRANSACTION",  "UNIQUE",       "UPDATE",
        "USING",      "VALUES",     "WHEN",       "WHERE",        "CROSS",        "NATURAL",
        "INNER",      "OUTER",      "LEFT",       "RIGHT",        "FULL",         "WINDOW",
        "OVER",       "FILTER",     "INDEXED",    "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"};
    if (token->kind != TOKEN_WORD)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (matches(token, words[i]))
            return true;
    return false;
}
