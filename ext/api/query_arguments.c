#include "ext/api/query_arguments.h"

#include <string.h>

#include "ext/base/error.h"
#include "ext/base/limits.h"
#include "ext/base/numbers.h"
#include "ext/plan/sql_text.h"

typedef enum ArgumentName { ARGUMENT_QUERY, ARGUMENT_EXECUTOR, ARGUMENT_WORKERS, ARGUMENTS } ArgumentName;

static const char *const argument_names[ARGUMENTS] = {"query", "executor", "workers"};

void query_arguments_free(QueryArguments *arguments)
{
    sqlite3_free(arguments->query);
    *arguments = (QueryArguments){0};
}

/* Puts the pieces together again that SQLite has made of a SELECT. */
static int join(QueryArguments *arguments, int argc, const char *const *argv)
{
    sqlite3_str *text = sqlite3_str_new(NULL);
    for (int i = 0; i < argc; i++)
        sqlite3_str_appendf(text, i ? ",%s" : "%s", argv[i]);
    char *joined = sqlite3_str_finish(text);
    bool bracketed;
    arguments->query = joined ? sql_unbracket(joined, &bracketed) : NULL;
    sqlite3_free(joined);
    return arguments->query ? SQLITE_OK : SQLITE_NOMEM;
}

static int set_query(QueryArguments *arguments, const char *value, char **message)
{
    bool bracketed;
    arguments->query = sql_unbracket(value, &bracketed);
    if (arguments->query && !bracketed)
        return error_text(message,
                          sqlite3_mprintf("parallel_query: query: write it in brackets: query = (SELECT …)"));
    return arguments->query ? SQLITE_OK : SQLITE_NOMEM;
}

static int set_argument(QueryArguments *arguments, ArgumentName name, const char *value, const char *plain,
                        char **message)
{
    int64_t number = 0;
    switch (name) {
    case ARGUMENT_QUERY:
        return set_query(arguments, value, message);
    case ARGUMENT_EXECUTOR:
        arguments->has_executor = true;
        if (executor_kind_parse(plain, &arguments->executor))
            return SQLITE_OK;
        return error_text(
            message, sqlite3_mprintf("parallel_query: executor is '%s': expected " EXECUTOR_CHOICES, plain));
    default:
        arguments->has_workers = true;
        number_parse(plain, 1, EXECUTOR_WORKERS_MAX, &number);
        arguments->workers = (int)number;
        if (number)
            return SQLITE_OK;
        return error_text(
            message, sqlite3_mprintf("parallel_query: workers is '%s': expected a whole number from 1 to %d",
                                     plain, EXECUTOR_WORKERS_MAX));
    }
}

/* Parses an argument, name = value; `seen` has a bit per argument that was there before. */
static int parse_argument(QueryArguments *arguments, const char *text, unsigned *seen, char **message)
{
    SqlToken name, equals, first;
    const char *value = sql_token(sql_token(text, &name), &equals);
    int argument = 0;
    while (argument < ARGUMENTS && !sql_is_word(&name, argument_names[argument]))
        argument++;
    if (name.kind != SQL_WORD || !sql_is_char(&equals, '=') || argument == ARGUMENTS)
        return error_text(message, sqlite3_mprintf("parallel_query: '%s' is no argument: write a SELECT, or "
                                                   "query = (SELECT …), executor = …, workers = …",
                                                   text));
    if (*seen & 1u << argument)
        return error_text(message, sqlite3_mprintf("parallel_query: %s is given twice: give it once",
                                                   argument_names[argument]));
    *seen |= 1u << argument;
    sql_token(value, &first);
    /* A lone quoted word is what is in the quotes; everything else is taken as it stands. */
    bool bracketed;
    char *trimmed = sql_unbracket(value, &bracketed);
    char *plain = !trimmed || bracketed || strlen(trimmed) != first.length ? trimmed : sql_unquote(&first);
    int rc = plain ? set_argument(arguments, (ArgumentName)argument, value, plain, message) : SQLITE_NOMEM;
    if (plain != trimmed)
        sqlite3_free(plain);
    sqlite3_free(trimmed);
    return rc;
}

/* Whether the first argument is the begin of a SELECT, in brackets or not. */
static bool begins_a_query(const char *text)
{
    SqlToken token;
    do
        text = sql_token(text, &token);
    while (sql_is_char(&token, '('));
    return sql_is_word(&token, "SELECT") || sql_is_word(&token, "WITH") || sql_is_word(&token, "VALUES");
}

int query_arguments_parse(QueryArguments *arguments, int argc, const char *const *argv, char **message)
{
    unsigned seen = 0;
    *arguments = (QueryArguments){0};
    int rc = SQLITE_OK;
    if (argc && begins_a_query(argv[0]))
        return join(arguments, argc, argv);
    for (int i = 0; rc == SQLITE_OK && i < argc; i++)
        rc = parse_argument(arguments, argv[i], &seen, message);
    if (rc == SQLITE_OK && !arguments->query)
        rc = error_text(message,
                        sqlite3_mprintf("parallel_query: query is missing: write a SELECT, or query = "
                                        "(SELECT …)"));
    if (rc != SQLITE_OK)
        query_arguments_free(arguments);
    return rc;
}
