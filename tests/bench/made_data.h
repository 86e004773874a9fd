/* What the generators of the query benchmarks share: numbers and texts that are the same on every machine,
 * and rows into a table. A Maker is used on one thread, and belongs to one connection. */
#ifndef BENCH_MADE_DATA_H
#define BENCH_MADE_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

enum { MADE_TEXT_SIZE = 256, DATE_SIZE = 16 };

/* A stream of numbers. */
typedef struct Maker {
    uint64_t state;
} Maker;

/* A whole number from `least` to `most`. */
int64_t make_number(Maker *maker, int64_t least, int64_t most);

/* The same, where small numbers are far more frequent than large ones. */
int64_t make_skewed(Maker *maker, int64_t least, int64_t most);

/* Cents from `least` to `most`, as a number of whole units. */
double make_money(Maker *maker, int64_t least, int64_t most);

/* One of `count` texts. */
const char *make_choice(Maker *maker, const char *const *texts, size_t count);

/* Words that follow each other as in a sentence, `least` to `most` bytes of them. */
void make_sentence(Maker *maker, int least, int most, char text[MADE_TEXT_SIZE]);

/* Letters and digits in no order, as addresses have them. */
void make_letters(Maker *maker, int least, int most, char text[MADE_TEXT_SIZE]);

/* A calendar day, so many days after 1992-01-01. */
typedef struct Day {
    int year, month, day;
    /* Number in the year from 1, and in the week: 0 is Sunday. */
    int of_year, of_week;
} Day;

Day make_day(int64_t after);
void make_date(int64_t after, char date[DATE_SIZE]);

/* Rows into one table. After an error, which the connection keeps, nothing is done any more. */
typedef struct RowsInto {
    sqlite3_stmt *insert;
    int column;
    bool failed;
} RowsInto;

/* Prepares rows into the table, which has so many columns. rows_end has to follow also after -1. */
int rows_begin(RowsInto *rows, sqlite3 *db, const char *table, int columns, Failure *failure);
int rows_end(RowsInto *rows, sqlite3 *db, Failure *failure);

/* The next value of the row; texts are copied. row_done inserts the row. */
void row_number(RowsInto *rows, int64_t number);
void row_real(RowsInto *rows, double number);
void row_text(RowsInto *rows, const char *text);
void row_done(RowsInto *rows);

#endif
