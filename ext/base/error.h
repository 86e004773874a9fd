/* Errors with a text: of a virtual table's method, which SQLite frees, and of an SQL function. */
#ifndef PRICEMAP_ERROR_H
#define PRICEMAP_ERROR_H

#include <string.h>

#include "ext/base/sqlite_api.h"

/*
 * Sets *message, which the caller frees with sqlite3_free, to a text that sqlite3_mprintf has just made.
 * SQLITE_ERROR; SQLITE_NOMEM where the text is NULL, as memory was short.
 */
static inline int error_text(char **message, char *text)
{
    *message = text;
    return text ? SQLITE_ERROR : SQLITE_NOMEM;
}

/*
 * The text of an error without the words before it that name parallel_map and one of its arguments: a query
 * is run whole for the same reasons, and its user has written neither.
 */
static inline const char *error_reason(const char *message)
{
    static const char *const words[] = {"parallel_map: ", "map: ", "source: "};
    for (size_t i = 0; message && i < sizeof words / sizeof *words; i++)
        if (!strncmp(message, words[i], strlen(words[i])))
            message += strlen(words[i]);
        else if (!i)
            break;
    return message;
}

/* Makes such a text the error of the call, and frees it. NULL stands for out of memory. */
static inline void error_result(sqlite3_context *context, char *text)
{
    if (text)
        sqlite3_result_error(context, text, -1);
    else
        sqlite3_result_error_nomem(context);
    sqlite3_free(text);
}

#endif
