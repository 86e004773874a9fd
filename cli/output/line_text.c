#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "cli/output/line_text.h"
#include "cli/base/unicode.h"

typedef enum LineText { ONE_LINE, ONE_WORD, LABEL_VALUE } LineText;

/* White space of Unicode beyond control characters. */
static bool is_space(uint32_t c)
{
    return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* Adds the character that begins at `from` and ends before `end`, in the form of that kind. */
static void add(sqlite3_str *text, LineText kind, uint32_t c, const char *from, const char *end)
{
    if (kind == LABEL_VALUE && c == '\n')
        sqlite3_str_appendall(text, "\\n");
    else if (kind == LABEL_VALUE && (c == '"' || c == '\\'))
        sqlite3_str_appendf(text, "\\%c", (int)c);
    else if (kind == ONE_WORD && (is_space(c) || unicode_is_control(c)))
        sqlite3_str_appendchar(text, 1, '_');
    else if (unicode_is_control(c))
        sqlite3_str_appendchar(text, 1, ' ');
    else if (c == 0xfffd)
        sqlite3_str_appendall(text, "\xef\xbf\xbd");
    else
        sqlite3_str_append(text, from, (int)(end - from));
}

static void convert(sqlite3_context *context, sqlite3_value *value, LineText kind)
{
    const char *from = (const char *)sqlite3_value_text(value);
    if (!from) {
        if (sqlite3_value_type(value) != SQLITE_NULL)
            sqlite3_result_error_nomem(context);
        return;
    }
    sqlite3_str *text = sqlite3_str_new(sqlite3_context_db_handle(context));
    const char *end = from;
    for (uint32_t c; (c = unicode_next(&end)) != 0; from = end)
        add(text, kind, c, from, end);
    if (kind == ONE_WORD && sqlite3_str_length(text) == 0)
        sqlite3_str_appendchar(text, 1, '_');
    int rc = sqlite3_str_errcode(text);
    char *result = sqlite3_str_finish(text);
    if (rc != SQLITE_OK) {
        sqlite3_free(result);
        sqlite3_result_error_code(context, rc);
    } else if (result) {
        sqlite3_result_text(context, result, -1, sqlite3_free);
    } else {
        sqlite3_result_text(context, "", 0, SQLITE_STATIC);
    }
}

static void sql_one_line(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    convert(context, values[0], ONE_LINE);
}

static void sql_one_word(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    convert(context, values[0], ONE_WORD);
}

static void sql_label_value(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    convert(context, values[0], LABEL_VALUE);
}

int line_text_register(sqlite3 *db)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = sqlite3_create_function(db, "one_line", 1, flags, NULL, sql_one_line, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(db, "one_word", 1, flags, NULL, sql_one_word, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(db, "label_value", 1, flags, NULL, sql_label_value, NULL, NULL);
    return rc;
}
