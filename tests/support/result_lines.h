/* All rows that a statement gave, as lines that can be shown: to compare what two statements gave where the
 * last digits of a REAL may differ. On any thread; the process ends where there is no memory. */
#ifndef RESULT_LINES_H
#define RESULT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <sqlite3.h>

/* Rows, or the error as the last line. */
typedef struct ResultLines {
    char **lines;
    size_t count, room;
    bool failed;
} ResultLines;

/* Runs one statement to its end. REALs are written with 12 digits. Free with result_lines_free. */
ResultLines result_lines_read(sqlite3 *db, const char *sql);

/* An error alone. Free with result_lines_free. */
ResultLines result_lines_of_error(const char *message);

void result_lines_sort(ResultLines *rows);

/* Makes ASCII letters small: texts that a collation takes for equal become so. */
void result_lines_fold(ResultLines *rows);

bool result_lines_same(const ResultLines *a, const ResultLines *b);

/* The first line, or `otherwise` where there is none. */
const char *result_lines_first(const ResultLines *rows, const char *otherwise);

void result_lines_free(ResultLines *rows);

#endif
