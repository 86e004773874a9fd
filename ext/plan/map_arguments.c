#include "ext/plan/map_arguments.h"

#include <string.h>

#include "ext/base/error.h"
#include "ext/base/numbers.h"
#include "ext/plan/sql_text.h"

void map_arguments_free(MapArguments *arguments)
{
    sqlite3_free(arguments->source);
    sqlite3_free(arguments->map);
    sqlite3_free(arguments->where);
    sqlite3_free(arguments->group_by);
    *arguments = (MapArguments){0};
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

bool map_arguments_equal(const MapArguments *a, const MapArguments *b)
{
    return same_text(a->source, b->source) && same_text(a->map, b->map) && same_text(a->where, b->where) &&
           same_text(a->group_by, b->group_by) && a->partial == b->partial && a->ordered == b->ordered &&
           a->has_executor == b->has_executor && a->has_workers == b->has_workers &&
           a->has_chunk == b->has_chunk && (!a->has_executor || a->executor == b->executor) &&
           (!a->has_workers || a->workers == b->workers) && (!a->has_chunk || a->chunk == b->chunk);
}

bool map_arguments_have_subquery(const MapArguments *arguments)
{
    return sql_has_subquery(arguments->map) || sql_has_subquery(arguments->where) ||
           sql_has_subquery(arguments->group_by);
}

static int set_executor(MapArguments *arguments, const char *value, char **message)
{
    if (!executor_kind_parse(value, &arguments->executor))
        return error_text(
            message, sqlite3_mprintf("parallel_map: executor is '%s': expected " EXECUTOR_CHOICES, value));
    arguments->has_executor = true;
    return SQLITE_OK;
}

/* Of workers and chunk `number` is what `value` says, 0 where it is no number that either of them takes. */
static int set_workers(MapArguments *arguments, int64_t number, const char *value, char **message)
{
    if (!number)
        return error_text(
            message, sqlite3_mprintf("parallel_map: workers is '%s': expected a whole number from 1 to %d",
                                     value, EXECUTOR_WORKERS_MAX));
    arguments->workers = (int)number;
    arguments->has_workers = true;
    return SQLITE_OK;
}

static int set_chunk(MapArguments *arguments, int64_t number, const char *value, char **message)
{
    if (!number)
        return error_text(
            message, sqlite3_mprintf("parallel_map: chunk is '%s': expected a whole number of rows from 1 "
                                     "to %d",
                                     value, CHUNK_ROWS_MAX));
    arguments->chunk = number;
    arguments->has_chunk = true;
    return SQLITE_OK;
}

static int set_flag(bool *flag, const char *name, const char *value, char **message)
{
    if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
        return error_text(message, sqlite3_mprintf("parallel_map: %s is '%s': expected 0 or 1", name, value));
    *flag = *value == '1';
    return SQLITE_OK;
}

/* A source may stand in brackets, as a SELECT does in FROM; whether it names a table or selects is seen
 * later. */
static int set_source(MapArguments *arguments, const char *value, char **message)
{
    bool bracketed;
    arguments->source = sql_unbracket(value, &bracketed);
    if (arguments->source && !*arguments->source)
        return error_text(
            message, sqlite3_mprintf("parallel_map: source is empty: expected a table's name or a SELECT"));
    return arguments->source ? SQLITE_OK : SQLITE_NOMEM;
}

static int set_expressions(char **out, const char *name, const char *value, bool needs_brackets,
                           char **message)
{
    bool bracketed;
    char *text = sql_unbracket(value, &bracketed);
    if (!text)
        return SQLITE_NOMEM;
    char *problem = needs_brackets && !bracketed
                        ? sqlite3_mprintf("write it in brackets: %s = (%s)", name, *text ? text : "…")
                    : needs_brackets ? sql_check_parameterized(text)
                                     : sql_check_expressions(value);
    if (problem) {
        sqlite3_free(text);
        int rc = error_text(message, sqlite3_mprintf("parallel_map: %s: %s", name, problem));
        sqlite3_free(problem);
        return rc;
    }
    if (needs_brackets) {
        *out = text;
        return SQLITE_OK;
    }
    sqlite3_free(text);
    *out = sqlite3_mprintf("%s", value);
    return *out ? SQLITE_OK : SQLITE_NOMEM;
}

static const char *const argument_names[] = {"source",   "map",     "where", "group_by", "partial",
                                             "executor", "workers", "chunk", "ordered"};

static int set_argument(MapArguments *arguments, int argument, const char *value, const char *plain,
                        char **message)
{
    int64_t number = 0;
    switch (argument) {
    case 0:
        return set_source(arguments, value, message);
    case 1:
        return set_expressions(&arguments->map, "map", value, true, message);
    case 2:
        return set_expressions(&arguments->where, "where", value, true, message);
    case 3:
        return set_expressions(&arguments->group_by, "group_by", value, true, message);
    case 4:
        return set_flag(&arguments->partial, "partial", plain, message);
    case 5:
        return set_executor(arguments, plain, message);
    case 6:
        number_parse(plain, 1, EXECUTOR_WORKERS_MAX, &number);
        return set_workers(arguments, number, plain, message);
    case 7:
        number_parse(plain, 1, CHUNK_ROWS_MAX, &number);
        return set_chunk(arguments, number, plain, message);
    default:
        return set_flag(&arguments->ordered, "ordered", plain, message);
    }
}

/* Parses an argument, name = value; `seen` has a bit for each argument that was parsed before. */
static int parse_argument(MapArguments *arguments, const char *text, unsigned *seen, char **message)
{
    SqlToken name, equals, first;
    const char *value = sql_token(sql_token(text, &name), &equals);
    if (name.kind != SQL_WORD || !sql_is_char(&equals, '='))
        return error_text(message,
                          sqlite3_mprintf("parallel_map: '%s' is no argument: write name = value", text));
    int argument = 0;
    int count = sizeof argument_names / sizeof *argument_names;
    while (argument < count && !sql_is_word(&name, argument_names[argument]))
        argument++;
    if (argument == count)
        return error_text(
            message, sqlite3_mprintf("parallel_map: unknown argument '%.*s': expected source, map, where, "
                                     "group_by, partial, executor, workers, chunk or ordered",
                                     (int)name.length, name.start));
    if (*seen & 1u << argument)
        return error_text(message, sqlite3_mprintf("parallel_map: %s is given twice: give it once",
                                                   argument_names[argument]));
    *seen |= 1u << argument;
    sql_token(value, &first);
    /* A lone quoted word is what is in the quotes; everything else is taken as it stands. */
    bool bracketed;
    char *trimmed = sql_unbracket(value, &bracketed);
    char *plain = !trimmed || bracketed || strlen(trimmed) != first.length ? trimmed : sql_unquote(&first);
    int rc = plain ? set_argument(arguments, argument, value, plain, message) : SQLITE_NOMEM;
    if (plain != trimmed)
        sqlite3_free(plain);
    sqlite3_free(trimmed);
    return rc;
}

static int check_whole(const MapArguments *arguments, char **message)
{
    if (!arguments->source)
        return error_text(
            message, sqlite3_mprintf("parallel_map: source is missing: give a table's name or (SELECT …)"));
    if (!arguments->map)
        return error_text(message,
                          sqlite3_mprintf("parallel_map: map is missing: give the select-list to evaluate, "
                                          "map = (…)"));
    if (arguments->group_by && !arguments->partial)
        return error_text(
            message, sqlite3_mprintf("parallel_map: group_by needs partial = 1: groups are formed per chunk, "
                                     "and the query around the map combines them"));
    return SQLITE_OK;
}

int map_arguments_parse(MapArguments *arguments, int argc, const char *const *argv, char **message)
{
    unsigned seen = 0;
    *arguments = (MapArguments){.ordered = true};
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < argc; i++)
        rc = parse_argument(arguments, argv[i], &seen, message);
    if (rc == SQLITE_OK)
        rc = check_whole(arguments, message);
    if (rc != SQLITE_OK)
        map_arguments_free(arguments);
    return rc;
}

/* A call gives both arguments, be they NULL. */
static int check_call(const MapArguments *arguments, char **message)
{
    if (!arguments->source)
        return error_text(
            message, sqlite3_mprintf("parallel_map: source is NULL: expected a table's name or a SELECT"));
    if (!arguments->map)
        return error_text(message,
                          sqlite3_mprintf("parallel_map: map is NULL: expected an expression over the "
                                          "columns of the source"));
    return SQLITE_OK;
}

/* The text of a value that was given, else NULL. A text with a NUL is refused: SQL would end at it. */
static int text_of(sqlite3_value *value, const char *name, const char **text, char **message)
{
    *text = NULL;
    if (!value || sqlite3_value_type(value) == SQLITE_NULL)
        return SQLITE_OK;
    *text = (const char *)sqlite3_value_text(value);
    if (!*text)
        return SQLITE_NOMEM;
    if (strlen(*text) != (size_t)sqlite3_value_bytes(value))
        return error_text(message,
                          sqlite3_mprintf("parallel_map: %s holds a NUL character: give plain text", name));
    return SQLITE_OK;
}

/* As text_of, with the number from 1 to `most` that the value is; 0: it is none. */
static int number_of(sqlite3_value *value, const char *name, int64_t most, int64_t *number, const char **text,
                     char **message)
{
    *number = 0;
    /* The number is read before the text: reading a text may change the value. */
    if (value)
        number_read(value, 1, most, number);
    return text_of(value, name, text, message);
}

int map_arguments_from_values(MapArguments *arguments, sqlite3_value *source, sqlite3_value *map,
                              sqlite3_value *executor, sqlite3_value *workers, sqlite3_value *chunk,
                              char **message)
{
    *arguments = (MapArguments){.ordered = true};
    const char *text;
    int64_t number;
    int rc = text_of(source, "source", &text, message);
    if (text && rc == SQLITE_OK)
        rc = set_source(arguments, text, message);
    SqlToken parameter;
    if (text && rc == SQLITE_OK && sql_next_parameter(text, &parameter))
        rc = error_text(message,
                        sqlite3_mprintf("parallel_map: source: parameters cannot be bound in it: write the "
                                        "values, as quote() gives them"));
    if (rc == SQLITE_OK)
        rc = text_of(map, "map", &text, message);
    if (text && rc == SQLITE_OK)
        rc = set_expressions(&arguments->map, "map", text, false, message);
    if (rc == SQLITE_OK)
        rc = text_of(executor, "executor", &text, message);
    if (text && rc == SQLITE_OK)
        rc = set_executor(arguments, text, message);
    if (rc == SQLITE_OK)
        rc = number_of(workers, "workers", EXECUTOR_WORKERS_MAX, &number, &text, message);
    if (text && rc == SQLITE_OK)
        rc = set_workers(arguments, number, text, message);
    if (rc == SQLITE_OK)
        rc = number_of(chunk, "chunk", CHUNK_ROWS_MAX, &number, &text, message);
    if (text && rc == SQLITE_OK)
        rc = set_chunk(arguments, number, text, message);
    if (rc == SQLITE_OK)
        rc = check_call(arguments, message);
    if (rc != SQLITE_OK)
        map_arguments_free(arguments);
    return rc;
}
