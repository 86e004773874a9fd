#include "ext/plan/sql_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "ext/base/sql_bytes.h"
#include "ext/base/sqlite_api.h"

const char *sql_token(const char *text, SqlToken *token)
{
    const char *start = sql_skip_space(text);
    *token = (SqlToken){.kind = SQL_BROKEN, .start = text, .length = strlen(text)};
    if (!start)
        return text + token->length;
    const char *end = start + 1;
    SqlTokenKind kind = SQL_OTHER;
    if (!*start) {
        kind = SQL_END;
        end = start;
    } else if (strchr("'\"[`", *start)) {
        kind = *start == '\'' ? SQL_STRING : SQL_NAME;
        end = sql_skip_quoted(start);
        if (!end)
            return text + token->length;
    } else if (*start != '$' && sql_is_name_byte((unsigned char)*start)) {
        kind = isdigit((unsigned char)*start) ? SQL_OTHER : SQL_WORD;
        while (sql_is_name_byte((unsigned char)*end))
            end++;
        /* x'00' is one literal. */
        if (*end == '\'' && end == start + 1 && (*start == 'x' || *start == 'X')) {
            kind = SQL_OTHER;
            end = sql_skip_quoted(end);
            if (!end)
                return text + token->length;
        }
    }
    *token = (SqlToken){.kind = kind, .start = start, .length = (size_t)(end - start)};
    return end;
}

bool sql_is_word(const SqlToken *token, const char *keyword)
{
    return token->kind == SQL_WORD && token->length == strlen(keyword) &&
           !strncasecmp(token->start, keyword, token->length);
}

bool sql_is_char(const SqlToken *token, char character)
{
    return token->kind == SQL_OTHER && token->length == 1 && *token->start == character;
}

char *sql_unquote(const SqlToken *token)
{
    char *copy = sqlite3_mprintf("%.*s", (int)token->length, token->start);
    if (!copy || token->kind == SQL_WORD || token->kind == SQL_OTHER)
        return copy;
    char quote = *copy == '[' ? ']' : *copy;
    size_t to = 0;
    for (size_t from = 1; from + 1 < token->length; from++) {
        copy[to++] = copy[from];
        if (copy[from] == quote && quote != ']')
            from++;
    }
    copy[to] = 0;
    return copy;
}

static bool is_name(const SqlToken *token)
{
    return token->kind == SQL_WORD || token->kind == SQL_NAME || token->kind == SQL_STRING;
}

bool sql_parse_table_name(const char *text, char **schema, char **table)
{
    SqlToken first, dot, second = {0}, end;
    *schema = *table = NULL;
    const char *rest = sql_token(sql_token(text, &first), &dot);
    end = dot;
    if (sql_is_char(&dot, '.'))
        sql_token(sql_token(rest, &second), &end);
    bool qualified = second.start != NULL;
    if (!is_name(&first) || (qualified && !is_name(&second)) || end.kind != SQL_END)
        return false;
    *table = sql_unquote(qualified ? &second : &first);
    *schema = qualified ? sql_unquote(&first) : NULL;
    if (*table && (!qualified || *schema))
        return true;
    sqlite3_free(*table);
    sqlite3_free(*schema);
    *schema = *table = NULL;
    return true;
}

bool sql_makes_virtual_table(const char *text, const char *module)
{
    static const char *const words[] = {"CREATE", "VIRTUAL", "TABLE", NULL /* the name */, "USING"};
    SqlToken token;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        text = sql_token(text, &token);
        const char *word = words[i];
        if (word && !sql_is_word(&token, word))
            return false;
    }
    sql_token(text, &token);
    char *name = sql_unquote(&token);
    bool is = name && !sqlite3_stricmp(name, module);
    sqlite3_free(name);
    return is;
}

char *sql_unbracket(const char *text, bool *bracketed)
{
    SqlToken token;
    const char *start = sql_skip_space(text);
    const char *inside = start ? start + 1 : NULL;
    int depth = 0;
    *bracketed = false;
    if (start && *start == '(') {
        const char *rest = start;
        do {
            rest = sql_token(rest, &token);
            depth += sql_is_char(&token, '(') - sql_is_char(&token, ')');
        } while (depth > 0 && token.kind != SQL_END && token.kind != SQL_BROKEN);
        SqlToken after;
        sql_token(rest, &after);
        if (depth == 0 && token.kind == SQL_OTHER && after.kind == SQL_END) {
            *bracketed = true;
            return sqlite3_mprintf("%.*s", (int)(token.start - inside), inside);
        }
    }
    size_t length = strlen(text);
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    size_t skipped = 0;
    while (skipped < length && isspace((unsigned char)text[skipped]))
        skipped++;
    return sqlite3_mprintf("%.*s", (int)(length - skipped), text + skipped);
}

/* Keywords that end an expression and begin another part of a SELECT. FROM also stands in IS DISTINCT FROM.
 */
static const char *const clause_words[] = {"FROM",  "WHERE",     "GROUP",  "HAVING", "ORDER", "LIMIT",
                                           "UNION", "INTERSECT", "EXCEPT", "SELECT", "WINDOW"};

/* The name of a parameter whose colon is `colon`; false: it is something else. */
static bool read_parameter(const SqlToken *colon, SqlToken *name)
{
    if (!sql_is_char(colon, ':'))
        return false;
    sql_token(colon->start + 1, name);
    return name->kind == SQL_WORD && name->start == colon->start + 1;
}

const char *sql_next_parameter(const char *text, SqlToken *name)
{
    SqlToken token;
    do
        text = sql_token(text, &token);
    while (token.kind != SQL_END && token.kind != SQL_BROKEN && !read_parameter(&token, name));
    return token.kind == SQL_OTHER ? name->start + name->length : NULL;
}

/* Error of a token that begins a parameter; NULL: there is none. */
static char *check_parameter(const SqlToken *token, bool parameters)
{
    SqlToken name;
    if (!sql_is_char(token, '?') && !sql_is_char(token, '@') && !sql_is_char(token, ':') &&
        !sql_is_char(token, '$'))
        return NULL;
    if (!parameters || !read_parameter(token, &name))
        return sqlite3_mprintf(
            parameters ? "parameters cannot be bound here: make the value a column of the source, or "
                         "write it as quote() gives it, or :name"
                       : "parameters cannot be bound here: make the value a column of the source, or "
                         "write it as quote() gives it");
    return name.length >= 9 && !strncasecmp(name.start, "pricemap_", 9)
               ? sqlite3_mprintf("the parameter %.*s has a name that is for pricemap: give it another",
                                 (int)name.length, name.start)
               : NULL;
}

static char *check_expressions(const char *text, bool parameters)
{
    SqlToken token, before = {0}, before_that = {0};
    bool first = true;
    int depth = 0;
    for (const char *rest = sql_token(text, &token); token.kind != SQL_END; rest = sql_token(rest, &token)) {
        if (token.kind == SQL_BROKEN)
            return sqlite3_mprintf("a quote or comment is not closed");
        if (sql_is_char(&token, ';'))
            return sqlite3_mprintf("';' has no place here: there is one statement, and this is a part of it");
        char *problem = check_parameter(&token, parameters);
        if (problem)
            return problem;
        depth += sql_is_char(&token, '(') - sql_is_char(&token, ')');
        if (depth < 0)
            return sqlite3_mprintf("there is a ')' too many");
        for (size_t i = 0; depth == 0 && i < sizeof clause_words / sizeof *clause_words; i++)
            if (sql_is_word(&token, clause_words[i]) && !(i == 0 && sql_is_word(&before, "DISTINCT")))
                return sqlite3_mprintf("%s has no place here: the rows come from source, and only from there",
                                       clause_words[i]);
        if (first && sql_is_word(&token, "DISTINCT"))
            return sqlite3_mprintf("DISTINCT would hold per chunk only: say it in the query around the map");
        if (sql_is_char(&token, '(') && sql_is_word(&before, "OVER") && sql_is_char(&before_that, ')'))
            return sqlite3_mprintf(
                "a window function would see one chunk only: use it in the query around the map");
        before_that = before;
        before = token;
        first = false;
    }
    if (depth > 0)
        return sqlite3_mprintf("a '(' is not closed");
    return before.start ? NULL : sqlite3_mprintf("there is nothing in it");
}

char *sql_check_expressions(const char *text)
{
    return check_expressions(text, false);
}

char *sql_check_parameterized(const char *text)
{
    return check_expressions(text, true);
}

bool sql_has_subquery(const char *text)
{
    SqlToken token = {.kind = SQL_OTHER}, before;
    while (text && token.kind != SQL_END) {
        before = token;
        text = sql_token(text, &token);
        if (sql_is_word(&token, "SELECT") || (sql_is_word(&before, "IN") && !sql_is_char(&token, '(')))
            return true;
    }
    return false;
}

bool sql_calls(const char *text, const char *name)
{
    SqlToken before = {0}, token;
    size_t length = strlen(name);
    for (;;) {
        text = sql_token(text, &token);
        if (token.kind == SQL_END || token.kind == SQL_BROKEN)
            return false;
        /* A quoted name has a quote more at each end; one with a quote in it is none of a function. */
        size_t quotes = before.kind == SQL_NAME;
        if (sql_is_char(&token, '(') && (before.kind == SQL_WORD || before.kind == SQL_NAME) &&
            before.length == length + 2 * quotes && !strncasecmp(before.start + quotes, name, length))
            return true;
        before = token;
    }
}
