#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/unicode.h"
#include "cli/report/shortened.h"

static const char ellipsis[] = "…";

/* Columns of room from which on a text that is cut keeps its first third, too. */
enum { HEAD_FROM = 24 };

enum { ZERO_WIDTH_JOINER = 0x200d };

/* A character with the combining ones after it, and whatever is joined to it: a text is never cut within. */
typedef struct Cell {
    const char *start;
    /* Columns of the text before this cell. */
    int64_t before;
} Cell;

/* A text as cells; after the last of them comes one that stands for its end. */
typedef struct Cells {
    Cell *cells;
    size_t count;
} Cells;

/* Returns false when out of memory; else `cells` is to be freed. */
static bool split(const char *text, Cells *cells)
{
    int64_t columns = 0;
    bool joined = false;
    cells->count = 0;
    cells->cells = malloc((strlen(text) + 1) * sizeof *cells->cells);
    if (!cells->cells)
        return false;
    for (;;) {
        const char *start = text;
        uint32_t character = unicode_next(&text);
        int width = unicode_columns(character);
        if (character == 0)
            break;
        if ((width > 0 && !joined) || cells->count == 0) {
            cells->cells[cells->count++] = (Cell){start, columns};
            columns += width;
        }
        joined = character == ZERO_WIDTH_JOINER;
    }
    cells->cells[cells->count] = (Cell){text, columns};
    return true;
}

/* How many cells lie before the first byte in which two texts differ; none where `other` is NULL. */
static size_t alike(const Cells *cells, const char *text, const char *other)
{
    size_t bytes = 0, count = 0;
    if (!other)
        return 0;
    while (text[bytes] && text[bytes] == other[bytes])
        bytes++;
    while (count < cells->count && cells->cells[count + 1].start <= text + bytes)
        count++;
    return count;
}

/* The first cell from `from` on that begins after more than `columns`, counted from the beginning of the
 * text. */
static size_t cell_after(const Cells *cells, size_t from, int64_t columns)
{
    while (from < cells->count && cells->cells[from + 1].before <= columns)
        from++;
    return from;
}

static void append(const Cells *cells, size_t from, size_t to, sqlite3_str *result)
{
    const char *start = cells->cells[from].start;
    sqlite3_str_append(result, start, (int)(cells->cells[to].start - start));
}

/* Appends the first cells that fill at most `head` columns, and at most `kept` columns from cell `start` on.
 */
static void append_parts(const Cells *cells, int64_t head, size_t start, int64_t kept, sqlite3_str *result)
{
    size_t head_end = cell_after(cells, 0, head);
    append(cells, 0, head_end < start ? head_end : start, result);
    if (start > head_end)
        sqlite3_str_appendall(result, ellipsis);
    size_t end = cell_after(cells, start, cells->cells[start].before + kept);
    append(cells, start, end, result);
    if (end < cells->count)
        sqlite3_str_appendall(result, ellipsis);
}

/* `different` is the first cell in which the text differs from both neighbours. */
static void cut(const Cells *cells, int64_t most, size_t different, sqlite3_str *result)
{
    int64_t head = most < HEAD_FROM ? 0 : most / 3, room = most - head - 1;
    int64_t columns = cells->cells[cells->count].before, before = cells->cells[different].before;
    size_t start = 0;
    if (different < cells->count && cells->cells[different + 1].before < most) { /* the beginning shows it */
        append_parts(cells, 0, 0, most - 1, result);
        return;
    }
    /* The end does, or neither: then from a little before it on. */
    bool at_end = columns - before <= room;
    int64_t from = at_end ? columns - room : before - (room - 1) / 2;
    while (start < cells->count && cells->cells[start].before < from)
        start++;
    append_parts(cells, head, start, at_end ? room : room - 1, result);
}

static void sql_shortened(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const char *text = (const char *)sqlite3_value_text(values[0]);
    const char *before = (const char *)sqlite3_value_text(values[2]);
    const char *after = (const char *)sqlite3_value_text(values[3]);
    int64_t most = sqlite3_value_int64(values[1]);
    Cells cells;
    if (!text || most < 2) {
        sqlite3_result_value(context, values[0]);
        return;
    }
    if (!split(text, &cells)) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (cells.cells[cells.count].before <= most) {
        sqlite3_result_value(context, values[0]);
    } else {
        sqlite3_str *shorter = sqlite3_str_new(NULL);
        size_t one = alike(&cells, text, before), other = alike(&cells, text, after);
        cut(&cells, most, one > other ? one : other, shorter);
        char *result = sqlite3_str_finish(shorter);
        if (result)
            sqlite3_result_text(context, result, -1, sqlite3_free);
        else
            sqlite3_result_error_nomem(context);
    }
    free(cells.cells);
}

int shortened_register(sqlite3 *db)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    return sqlite3_create_function(db, "shortened", 4, flags, NULL, sql_shortened, NULL, NULL);
}
