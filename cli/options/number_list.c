#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cli/options/number_list.h"

static void list_add(struct argp_state *state, const char *what, NumberList *list, int64_t number)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->numbers[i] == number)
            argp_error(state, "%s: %" PRId64 " is there twice", what, number);
    if (list->count == LIST_MAX)
        argp_error(state,
                   "%s: at most %d numbers: a range may go in steps, such as 10-100:10, or multiply, such as "
                   "200-1600x2",
                   what, LIST_MAX);
    list->numbers[list->count++] = number;
}

/* A number, or a range: first-last, first-last:step, first-lastxfactor. */
typedef struct Range {
    int64_t first, last, step, factor;
} Range;

/* Reads digits, and moves `text` past them. False where there are none, or too many. */
static bool read_digits(const char **text, int64_t *number)
{
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    *number = strtoll(*text, &end, 10);
    *text = end;
    return errno == 0;
}

/* Reads a range, and moves `text` past it. False where it is none from 1 to `most`. */
static bool read_range(const char **text, int64_t most, Range *range)
{
    *range = (Range){.step = 1, .factor = 1};
    if (!read_digits(text, &range->first))
        return false;
    range->last = range->first;
    if (**text == '-') {
        ++*text;
        if (!read_digits(text, &range->last))
            return false;
        int64_t *by = **text == ':' ? &range->step : **text == 'x' ? &range->factor : NULL;
        if (by) {
            ++*text;
            if (!read_digits(text, by) || *by < (by == &range->factor ? 2 : 1))
                return false;
        }
    }
    return range->first >= 1 && range->last >= range->first && range->last <= most;
}

void number_list_parse(struct argp_state *state, const char *what, const char *text, int64_t most,
                       NumberList *list)
{
    const char *next = text;
    list->count = 0;
    do {
        Range range;
        if (!read_range(&next, most, &range) || (*next && *next != ','))
            argp_error(state,
                       "%s %s: give numbers from 1 to %" PRId64
                       " or ranges, such as 1,2,4-8 or 10-100:10 or 200-1600x2",
                       what, text, most);
        /* `last` is at most INT32_MAX, and so is what matters of step and factor: nothing overflows. */
        for (int64_t number = range.first; number <= range.last;) {
            list_add(state, what, list, number);
            if (range.step > range.last || range.factor > range.last)
                break;
            number = number * range.factor + (range.factor > 1 ? 0 : range.step);
        }
        next = *next == ',' ? next + 1 : NULL;
    } while (next);
}
