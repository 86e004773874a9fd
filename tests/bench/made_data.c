#include "made_data.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/base/query.h"

/* The next number of splitmix64. */
static uint64_t next(Maker *maker)
{
    uint64_t z = maker->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int64_t make_number(Maker *maker, int64_t least, int64_t most)
{
    return least + (int64_t)(next(maker) % ((uint64_t)(most - least) + 1));
}

int64_t make_skewed(Maker *maker, int64_t least, int64_t most)
{
    double fraction = (double)(next(maker) >> 11) * 0x1p-53;
    return least + (int64_t)((double)(most - least + 1) * fraction * fraction * fraction * fraction);
}

double make_money(Maker *maker, int64_t least, int64_t most)
{
    return (double)make_number(maker, least, most) / 100;
}

const char *make_choice(Maker *maker, const char *const *texts, size_t count)
{
    return texts[next(maker) % count];
}

void make_sentence(Maker *maker, int least, int most, char text[MADE_TEXT_SIZE])
{
    static const char *const adjectives[] = {"special", "pending", "express", "regular",  "final",
                                             "bold",    "silent",  "even",    "unusual",  "ironic",
                                             "quick",   "careful", "furious", "permanent"};
    static const char *const nouns[] = {"packages",   "requests",     "accounts",     "deposits",   "foxes",
                                        "ideas",      "theodolites",  "instructions", "platelets",  "excuses",
                                        "asymptotes", "dependencies", "warthogs",     "pinto beans"};
    static const char *const verbs[] = {"sleep", "wake",   "haggle", "nag",   "use",      "boost",
                                        "affix", "detect", "cajole", "solve", "integrate"};
    static const char *const adverbs[] = {"quickly. ",  "slyly ",     "carefully, ", "blithely ",
                                          "above the ", "among the ", "furiously. ", "along the "};
    int size = (int)make_number(maker, least, most), length = 0;
    while (length < size) {
        int written = snprintf(text + length, (size_t)(MADE_TEXT_SIZE - length), "%s %s %s %s",
                               make_choice(maker, adjectives, sizeof adjectives / sizeof *adjectives),
                               make_choice(maker, nouns, sizeof nouns / sizeof *nouns),
                               make_choice(maker, verbs, sizeof verbs / sizeof *verbs),
                               make_choice(maker, adverbs, sizeof adverbs / sizeof *adverbs));
        length += written < MADE_TEXT_SIZE - length ? written : MADE_TEXT_SIZE - 1 - length;
    }
    text[size] = '\0';
}

void make_letters(Maker *maker, int least, int most, char text[MADE_TEXT_SIZE])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789, ";
    int size = (int)make_number(maker, least, most);
    for (int i = 0; i < size; i++)
        text[i] = letters[next(maker) % (sizeof letters - 1)];
    text[size] = '\0';
}

Day make_day(int64_t after)
{
    static const int months[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    /* 1992-01-01 was a Wednesday. */
    Day day = {.year = 1992, .of_week = (int)((after + 3) % 7)};
    int64_t left = after;
    for (int size; left >= (size = day.year % 4 ? 365 : 366); day.year++)
        left -= size;
    day.of_year = (int)left + 1;
    for (day.month = 1;; day.month++) {
        int size = months[day.month - 1] + (day.month == 2 && day.year % 4 == 0);
        if (left < size)
            break;
        left -= size;
    }
    day.day = (int)left + 1;
    return day;
}

void make_date(int64_t after, char date[DATE_SIZE])
{
    Day day = make_day(after);
    snprintf(date, DATE_SIZE, "%04d-%02d-%02d", day.year, day.month, day.day);
}

int rows_begin(RowsInto *rows, sqlite3 *db, const char *table, int columns, Failure *failure)
{
    *rows = (RowsInto){0};
    sqlite3_str *sql = sqlite3_str_new(db);
    sqlite3_str_appendf(sql, "INSERT INTO %s VALUES (", table);
    for (int i = 0; i < columns; i++)
        sqlite3_str_appendall(sql, i ? ", ?" : "?");
    sqlite3_str_appendall(sql, ")");
    char *text = sqlite3_str_finish(sql);
    int result =
        text ? query_prepare(db, &rows->insert, failure, text, "") : failure_set(failure, "out of memory");
    sqlite3_free(text);
    rows->failed = result != 0;
    return result;
}

int rows_end(RowsInto *rows, sqlite3 *db, Failure *failure)
{
    int result = rows->insert && rows->failed ? query_fail(db, failure) : rows->failed ? -1 : 0;
    sqlite3_finalize(rows->insert);
    rows->insert = NULL;
    return result;
}

static void check(RowsInto *rows, int rc)
{
    rows->failed |= rc != SQLITE_OK;
}

void row_number(RowsInto *rows, int64_t number)
{
    if (!rows->failed)
        check(rows, sqlite3_bind_int64(rows->insert, ++rows->column, number));
}

void row_real(RowsInto *rows, double number)
{
    if (!rows->failed)
        check(rows, sqlite3_bind_double(rows->insert, ++rows->column, number));
}

void row_text(RowsInto *rows, const char *text)
{
    if (!rows->failed)
        check(rows, sqlite3_bind_text(rows->insert, ++rows->column, text, -1, SQLITE_TRANSIENT));
}

void row_done(RowsInto *rows)
{
    if (rows->failed)
        return;
    sqlite3_step(rows->insert);
    check(rows, sqlite3_reset(rows->insert));
    rows->column = 0;
}
