#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/history/foreign_text.h"

/* Fewer digits are no address. */
enum { LEAST_DIGITS = 6 };

static bool ends_word(char next)
{
    return !isalnum((unsigned char)next) && next != '_';
}

/* The length of a number that JSON does not have, at the beginning of `text`; 0 where there is none. */
static size_t odd_number(const char *text)
{
    static const char *const names[] = {"nan(ind)", "nan(snan)", "nan", "infinity", "inf"};
    const char *start = text + (*text == '-' || *text == '+');
    if (strncmp(start, "1.#", 3) == 0)
        return (size_t)(start - text) + 3 + strspn(start + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        if (strncasecmp(start, names[i], length) == 0 && ends_word(start[length]))
            return (size_t)(start - text) + length;
    }
    return 0;
}

/* The end of the string that begins at `text`, after its closing quote. */
static const char *string_end(const char *text)
{
    for (text++; *text && *text != '"'; text++)
        if (*text == '\\' && text[1])
            text++;
    return *text ? text + 1 : text;
}

/* The next number that JSON does not have, and its length; NULL where there is none. */
static const char *find_odd_number(const char *text, size_t *length)
{
    while (*text) {
        if (*text == '"')
            text = string_end(text);
        else if ((*length = odd_number(text)) > 0)
            return text;
        else if (!ends_word(*text)) /* another word or number, whole */
            while (*text && !ends_word(*text))
                text++;
        else
            text++;
    }
    return NULL;
}

char *foreign_text_null_numbers(char *text)
{
    static const char null[] = "null";
    size_t count = 0, length;
    for (const char *at = text; (at = find_odd_number(at, &length)) != NULL; at += length)
        count++;
    if (count == 0)
        return text;
    char *changed = malloc(strlen(text) + count * (sizeof null - 1) + 1), *end = changed;
    const char *rest = text;
    for (const char *at; changed && (at = find_odd_number(rest, &length)) != NULL; rest = at + length) {
        memcpy(end, rest, (size_t)(at - rest));
        end += at - rest;
        memcpy(end, null, sizeof null - 1);
        end += sizeof null - 1;
    }
    if (changed)
        memcpy(end, rest, strlen(rest) + 1);
    free(text);
    return changed;
}

static void sql_without_addresses(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    static const char mark[] = " at 0x";
    const char *text = (const char *)sqlite3_value_text(values[0]);
    char *shorter = text ? sqlite3_mprintf("%s", text) : NULL;
    if (!shorter) {
        if (text)
            sqlite3_result_error_nomem(context);
        return;
    }
    for (char *at = shorter; (at = strstr(at, mark)) != NULL;) {
        size_t digits = strspn(at + sizeof mark - 1, "0123456789abcdefABCDEF");
        const char *after = at + sizeof mark - 1 + digits;
        if (digits >= LEAST_DIGITS)
            memmove(at, after, strlen(after) + 1);
        else
            at += sizeof mark - 1;
    }
    sqlite3_result_text(context, shorter, -1, sqlite3_free);
}

int foreign_text_register(sqlite3 *db)
{
    return sqlite3_create_function(db, "without_addresses", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                   sql_without_addresses, NULL, NULL);
}
