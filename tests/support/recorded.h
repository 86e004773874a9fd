/* Checks of what a history has to hold, whatever became of the processes that recorded into it. Everything
 * fails the running cmocka test where it does not. Include the cmocka headers before this one. */
#ifndef RECORDED_H
#define RECORDED_H

#include <sqlite3.h>

/* Records one run of three samples by serial of prices.db (command_make_prices) into the file. */
void recorded_run(const char *file);

/* Every figure of every run up to this one, as one text, to be freed with sqlite3_free. */
char *recorded_figures(const char *file, sqlite3_int64 last_run);

/* The database is sound, no sample is missing between others, and the summaries are those of the samples. */
void recorded_expect_sound(const char *file);

#endif
