#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/filling/table_name.h"

static const char spaces[] = " \t\r\n";

static bool is_of_name(char letter)
{
    return isalnum((unsigned char)letter) || letter == '_' || letter == '$' || (unsigned char)letter >= 0x80;
}

/* Writes a name between quotes, in which a doubled closing quote stands for one. Returns what follows it, or
 * NULL where it does not end. */
static const char *read_quoted(const char *text, char *name)
{
    char closing = *text == '[' ? ']' : *text;
    for (text++; *text; text++) {
        if (*text == closing && (closing == ']' || *++text != closing)) {
            *name = '\0';
            return closing == ']' ? text + 1 : text;
        }
        *name++ = *text;
    }
    return NULL;
}

/* Writes one part of a name. Returns what follows it, without spaces, or NULL where there is none. */
static const char *read_part(const char *text, char *name)
{
    const char *end;
    text += strspn(text, spaces);
    if (*text && strchr("\"`[", *text)) {
        end = read_quoted(text, name);
    } else {
        for (end = text; is_of_name(*end); end++)
            *name++ = *end;
        *name = '\0';
        if (end == text || isdigit((unsigned char)*text))
            return NULL;
    }
    return end ? end + strspn(end, spaces) : NULL;
}

int table_name_read(const char *what, const char *text, char **name, Failure *failure)
{
    *name = malloc(strlen(text) + 1);
    if (!*name)
        return failure_set(failure, "out of memory");
    const char *end = read_part(text, *name);
    bool qualified = end && *end == '.', is_main = !qualified || strcasecmp(*name, "main") == 0;
    if (qualified && is_main)
        end = read_part(end + 1, *name);
    if (is_main && end && *end == '\0' && **name)
        return 0;
    free(*name);
    *name = NULL;
    return failure_set(failure,
                       "%s %s: --into takes and fills tables of the file: give the name of one, in double "
                       "quotes where it has other characters than letters, digits and _",
                       what, text);
}
