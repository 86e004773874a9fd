#include "ext/api/python_function.h"

#include <string.h>
#include <strings.h>

#include "ext/base/error.h"
#include "ext/base/numbers.h"
#include "ext/connection/language_functions.h"
#include "ext/evaluate/authorizer.h"

enum { ARGUMENTS_MAX = 127, NAME_BYTES_MAX = 100, TARGET_BYTES_MAX = 1000 };

static bool is_letter(unsigned char byte)
{
    return byte == '_' || byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

/* The end of a name at `text`: letters and digits, a letter first. NULL where there is none. */
static const char *name_end(const char *text)
{
    if (!is_letter((unsigned char)*text))
        return NULL;
    while (is_letter((unsigned char)*text) || is_digit((unsigned char)*text))
        text++;
    return text;
}

/* The end of names with dots between them at `text`; *last is the last of them. NULL where there are none. */
static const char *dotted_end(const char *text, const char **last)
{
    for (;;) {
        *last = text;
        const char *end = name_end(text);
        if (!end || *end != '.')
            return end;
        text = end + 1;
    }
}

/* Whether it is module:function, each of names with dots; *last is the last name. */
static bool is_target(const char *target, const char **last)
{
    const char *colon = dotted_end(target, last);
    const char *end = colon && *colon == ':' ? dotted_end(colon + 1, last) : NULL;
    return end && !*end && end - target <= TARGET_BYTES_MAX;
}

/* Whether SQL can call a function of that name: a keyword may not be one, as inner, or may, as replace. */
static int can_be_called(sqlite3 *db, const char *name, bool *can)
{
    sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf("SELECT %s()", name);
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &statement, NULL) : SQLITE_NOMEM;
    *can = rc == SQLITE_OK || !strstr(sqlite3_errmsg(db), "syntax error");
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return rc == SQLITE_NOMEM ? rc : SQLITE_OK;
}

static bool is_ours(const char *name)
{
    static const char *const ours[] = {"increase_price", "increase_price_crazy", "pricemap_version",
                                       "parallel_map_python"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (!strcasecmp(name, ours[i]))
            return true;
    return authorizer_refuses(name);
}

/* NULL where the function can have the name; else why not, to be sqlite3_free'd, or NULL with *rc. */
static char *refuse_name(sqlite3 *db, const char *target, const char *name, int *rc)
{
    bool can = false;
    const char *end = name_end(name);
    if (!end || *end || end - name > NAME_BYTES_MAX)
        return sqlite3_mprintf("parallel_map_python: name is '%s': expected a name of letters, digits and _",
                               name);
    if (is_ours(name))
        return sqlite3_mprintf(
            "parallel_map_python: %s is a function of pricemap or SQLite: give the function "
            "another name, parallel_map_python('%s', 'my_%s')",
            name, target, name);
    *rc = can_be_called(db, name, &can);
    if (*rc != SQLITE_OK || can)
        return NULL;
    return sqlite3_mprintf("parallel_map_python: %s is a keyword of SQL: give the function another name, "
                           "parallel_map_python('%s', 'my_%s')",
                           name, target, name);
}

static char *refuse_place(sqlite3 *db)
{
    int allowed = 0;
    if (launch_is_in_pool())
        return sqlite3_mprintf(
            "parallel_map_python: this is a worker process of a map, which runs the script to find its "
            "functions: put what the script does itself under if __name__ == '__main__':");
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, -1, &allowed);
    if (allowed)
        return NULL;
    return sqlite3_mprintf("parallel_map_python: this connection does not allow loading extensions: the host "
                           "has to enable it first");
}

/* Reads the arguments of the SQL function, of which `target` is one. NULL; else what is wrong with them. */
static char *read_arguments(sqlite3 *db, int argc, sqlite3_value **argv, LanguageFunction *function, int *rc)
{
    int64_t arguments = -1, deterministic = 0;
    if (!function->target || !is_target(function->target, &function->name))
        return sqlite3_mprintf("parallel_map_python: function is '%s': expected module:function",
                               function->target ? function->target : "NULL");
    if (argc > 1 && sqlite3_value_type(argv[1]) != SQLITE_NULL)
        function->name = (const char *)sqlite3_value_text(argv[1]);
    if (!function->name) {
        *rc = SQLITE_NOMEM;
        return NULL;
    }
    if (argc > 2 && !number_read(argv[2], -1, ARGUMENTS_MAX, &arguments))
        return sqlite3_mprintf(
            "parallel_map_python: arguments is '%s': expected their number, 0 to %d, or -1 "
            "for any",
            sqlite3_value_text(argv[2]), ARGUMENTS_MAX);
    if (argc > 3 && !number_read(argv[3], 0, 1, &deterministic))
        return sqlite3_mprintf("parallel_map_python: deterministic is '%s': expected 0 or 1",
                               sqlite3_value_text(argv[3]));
    function->arguments = (int)arguments;
    function->deterministic = deterministic;
    return refuse_name(db, function->target, function->name, rc);
}

static void python_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    ConnectionState *state = sqlite3_user_data(context);
    LanguageFunction function = {.target = (const char *)sqlite3_value_text(argv[0])};
    int rc = SQLITE_OK;
    char *message = refuse_place(state->db);
    if (!message)
        message = read_arguments(state->db, argc, argv, &function, &rc);
    if (!message && rc == SQLITE_OK)
        rc = language_functions_add(state, &function, &message);
    if (message)
        error_result(context, message);
    else if (rc != SQLITE_OK)
        sqlite3_result_error_code(context, rc);
}

int python_function_register(ConnectionState *state)
{
    int rc = SQLITE_OK;
    for (int arguments = 1; rc == SQLITE_OK && arguments <= 4; arguments++)
        /* Declared deterministic for the reason in config_functions. */
        rc = sqlite3_create_function_v2(state->db, "parallel_map_python", arguments,
                                        SQLITE_UTF8 | SQLITE_DIRECTONLY | SQLITE_DETERMINISTIC,
                                        connection_state_ref(state), python_function, NULL, NULL,
                                        connection_state_unref);
    return rc;
}
