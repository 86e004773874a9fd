#include "ext/functions/json_parts.h"

#include <stddef.h>
#include <stdint.h>

/* Flag of functions whose results have a subtype: SQLite requires it from 3.45 on. */
#ifndef SQLITE_RESULT_SUBTYPE
#define SQLITE_RESULT_SUBTYPE 0x001000000
#endif

/* Subtype that SQLite's functions know JSON by. */
enum { JSON_SUBTYPE = 'J' };

typedef struct JsonFunction {
    const char *name, *empty;
} JsonFunction;

static const JsonFunction functions[] = {{JSON_ARRAY_FUNCTION, "[]"}, {JSON_OBJECT_FUNCTION, "{}"}};

enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* Zeros: there was no text that is not empty. */
typedef struct JsonText {
    sqlite3_str *text;
} JsonText;

static void add_part(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    const JsonFunction *function = sqlite3_user_data(context);
    JsonText *json = sqlite3_aggregate_context(context, sizeof *json);
    const char *part = (const char *)sqlite3_value_text(argv[0]);
    int size = sqlite3_value_bytes(argv[0]);
    if (!json || (!part && sqlite3_value_type(argv[0]) != SQLITE_NULL)) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (!part || size < 2 || part[0] != function->empty[0] || part[size - 1] != function->empty[1]) {
        sqlite3_result_error(context, "pricemap: a part of a JSON value is damaged", -1);
        return;
    }
    if (size == 2)
        return;
    if (json->text)
        sqlite3_str_appendchar(json->text, 1, ',');
    else
        json->text = sqlite3_str_new(sqlite3_context_db_handle(context));
    sqlite3_str_append(json->text, part + 1, size - 2);
}

/* Gives the text, with brackets, and frees it. */
static void give_text(sqlite3_context *context, const JsonFunction *function, sqlite3_str *inner)
{
    sqlite3_str *text = sqlite3_str_new(sqlite3_context_db_handle(context));
    int rc = sqlite3_str_errcode(inner), size = sqlite3_str_length(inner);
    sqlite3_str_appendchar(text, 1, function->empty[0]);
    if (size)
        sqlite3_str_append(text, sqlite3_str_value(inner), size);
    sqlite3_str_appendchar(text, 1, function->empty[1]);
    rc = rc ? rc : sqlite3_str_errcode(text);
    size = sqlite3_str_length(text);
    char *bytes = sqlite3_str_finish(text);
    sqlite3_free(sqlite3_str_finish(inner));
    if (rc == SQLITE_OK) {
        sqlite3_result_text(context, bytes, size, sqlite3_free);
        return;
    }
    sqlite3_free(bytes);
    sqlite3_result_error_code(context, rc);
}

static void give_whole(sqlite3_context *context)
{
    const JsonFunction *function = sqlite3_user_data(context);
    const JsonText *json = sqlite3_aggregate_context(context, 0);
    if (json && json->text)
        give_text(context, function, json->text);
    else
        sqlite3_result_text(context, function->empty, 2, SQLITE_STATIC);
    sqlite3_result_subtype(context, JSON_SUBTYPE);
}

int json_parts_register(sqlite3 *db)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < FUNCTIONS; i++)
        rc = sqlite3_create_function_v2(db, functions[i].name, 1,
                                        SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_RESULT_SUBTYPE,
                                        (void *)(uintptr_t)&functions[i], NULL, add_part, give_whole, NULL);
    return rc;
}

bool json_parts_have(const char *name)
{
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (!sqlite3_stricmp(name, functions[i].name))
            return true;
    return false;
}
