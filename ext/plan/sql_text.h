/*
 * Reading SQL text as far as its tokens: names, literals, comments, brackets. Enough to distinguish a table's
 * name from a SELECT, and to see that a piece of SQL that is put into a statement cannot end before the
 * brackets around it do.
 */
#ifndef PRICEMAP_SQL_TEXT_H
#define PRICEMAP_SQL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef enum SqlTokenKind {
    SQL_END,
    /* A keyword or an unquoted name. */
    SQL_WORD,
    /* "name", [name] or `name`. */
    SQL_NAME,
    /* 'text'. */
    SQL_STRING,
    /* A number, parameter, or operator; each bracket, comma, dot and semicolon alone. */
    SQL_OTHER,
    /* A quote or comment that never ends. */
    SQL_BROKEN,
} SqlTokenKind;

typedef struct SqlToken {
    SqlTokenKind kind;
    const char *start;
    size_t length;
} SqlToken;

/* Reads the token at `text`, white space and comments skipped; returns the end of the token. */
const char *sql_token(const char *text, SqlToken *token);

/* Whether the token is this keyword (upper case), or this single character. */
bool sql_is_word(const SqlToken *token, const char *keyword);
bool sql_is_char(const SqlToken *token, char character);

/*
 * Reads `text` as a table's name, [schema .] table, quoted as in SQL where needed. True: *schema (NULL when
 * not given) and *table hold the unquoted names, to be sqlite3_free'd; both are NULL when out of memory.
 * False: it is something else, both NULL.
 */
bool sql_parse_table_name(const char *text, char **schema, char **table);

/* Whether `text`, as SQLite keeps it in a schema, makes a virtual table of this module. False also when out
   of memory. */
bool sql_makes_virtual_table(const char *text, const char *module);

/* A copy of `text` without white space around it and without one pair of brackets that embraces all of it;
 *bracketed says whether there was one. NULL when out of memory; sqlite3_free it. */
char *sql_unbracket(const char *text, bool *bracketed);

/* A copy of a quoted or unquoted name or string, unquoted. NULL when out of memory; sqlite3_free it. */
char *sql_unquote(const SqlToken *token);

/*
 * Sees to it that `text` can stand in a select-list, condition or GROUP BY and nowhere else: brackets closed,
 * quotes and comments ended, no semicolon, no keyword that would begin the next clause. NULL when it can;
 * else a sentence that says what is wrong, to be sqlite3_free'd.
 */
char *sql_check_expressions(const char *text);

/* The same of a text that may have parameters, each written as :name. */
char *sql_check_parameterized(const char *text);

/* The next parameter in `text`: its name without the colon, and the text after it. NULL: there is none. */
const char *sql_next_parameter(const char *text, SqlToken *name);

/* Whether `text` may call the function `name`: an opening bracket follows the name, in any letters' case. */
bool sql_calls(const char *text, const char *name);

/* Whether a subquery may stand in `text`, `x IN name` being one; NULL has none. */
bool sql_has_subquery(const char *text);

#endif
