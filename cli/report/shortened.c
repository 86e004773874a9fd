#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/unicode.h"
#include "cli/report/shortened.h"

static const char ellipsis[] = "…";

/* Characters of room from which on a text that is cut keeps its first third, too. */
enum { HEAD_FROM = 24 };

/* The text after the first `count` characters of a text that has as many. */
static const char *skip_characters(const char *text, int64_t count)
{
    while (count-- > 0)
        (void)unicode_next(&text);
    return text;
}

static int64_t count_characters(const char *text)
{
    int64_t count = 0;
    while (unicode_next(&text))
        count++;
    return count;
}

/* How many characters at their beginnings are alike; none where `other` is NULL. */
static int64_t alike(const char *text, const char *other)
{
    int64_t count = 0;
    while (other) {
        uint32_t character = unicode_next(&text);
        if (character == 0 || character != unicode_next(&other))
            break;
        count++;
    }
    return count;
}

static void append(sqlite3_str *to, const char *from, const char *end)
{
    sqlite3_str_append(to, from, (int)(end - from));
}

/* Writes the first `head` characters of `text`, and the `kept` ones from `start` on; `length` is that of the
 * text. */
static void write_parts(const char *text, int64_t head, int64_t start, int64_t kept, int64_t length,
                        sqlite3_str *to)
{
    const char *part = skip_characters(text, start);
    append(to, text, skip_characters(text, head));
    if (start > head)
        sqlite3_str_appendall(to, ellipsis);
    append(to, part, skip_characters(part, kept));
    if (start + kept < length)
        sqlite3_str_appendall(to, ellipsis);
}

/* `different` is the index of the first character in which the text differs from both neighbours. */
static void cut(const char *text, int64_t length, int64_t most, int64_t different, sqlite3_str *to)
{
    int64_t head = most < HEAD_FROM ? 0 : most / 3, room = most - head - 1;
    if (different < most - 1) /* the beginning shows it */
        write_parts(text, 0, 0, most - 1, length, to);
    else if (different >= length - room) /* the end does */
        write_parts(text, head, length - room, room, length, to);
    else /* neither: from a little before it on */
        write_parts(text, head, different - (room - 1) / 2, room - 1, length, to);
}

static void sql_shortened(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const char *text = (const char *)sqlite3_value_text(values[0]);
    const char *before = (const char *)sqlite3_value_text(values[2]);
    const char *after = (const char *)sqlite3_value_text(values[3]);
    int64_t most = sqlite3_value_int64(values[1]);
    if (!text || count_characters(text) <= most || most < 2) {
        sqlite3_result_value(context, values[0]);
        return;
    }
    sqlite3_str *shorter = sqlite3_str_new(NULL);
    int64_t one = alike(text, before), other = alike(text, after);
    cut(text, count_characters(text), most, one > other ? one : other, shorter);
    char *result = sqlite3_str_finish(shorter);
    if (result)
        sqlite3_result_text(context, result, -1, sqlite3_free);
    else
        sqlite3_result_error_nomem(context);
}

int shortened_register(sqlite3 *db)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    return sqlite3_create_function(db, "shortened", 4, flags, NULL, sql_shortened, NULL, NULL);
}
