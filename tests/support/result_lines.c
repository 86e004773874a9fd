#include "tests/support/result_lines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void add_line(ResultLines *rows, char *line)
{
    if (rows->count == rows->room) {
        rows->room = rows->room ? 2 * rows->room : 64;
        rows->lines = realloc(rows->lines, rows->room * sizeof *rows->lines);
    }
    if (!line || !rows->lines)
        abort();
    rows->lines[rows->count++] = line;
}

static char *line_of(sqlite3_stmt *statement)
{
    sqlite3_str *line = sqlite3_str_new(NULL);
    for (int i = 0; i < sqlite3_column_count(statement); i++)
        if (sqlite3_column_type(statement, i) == SQLITE_FLOAT)
            sqlite3_str_appendf(line, "|%!.12g", sqlite3_column_double(statement, i));
        else
            sqlite3_str_appendf(line, "|%d%s", sqlite3_column_type(statement, i),
                                sqlite3_column_text(statement, i));
    return sqlite3_str_finish(line);
}

static void add_error(ResultLines *rows, const char *message)
{
    rows->failed = true;
    add_line(rows, sqlite3_mprintf("%s", message));
}

ResultLines result_lines_read(sqlite3 *db, const char *sql)
{
    ResultLines rows = {0};
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    while (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        add_line(&rows, line_of(statement));
    if (sqlite3_finalize(statement) != SQLITE_OK || rc != SQLITE_OK)
        add_error(&rows, sqlite3_errmsg(db));
    return rows;
}

ResultLines result_lines_of_error(const char *message)
{
    ResultLines rows = {0};
    add_error(&rows, message);
    return rows;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void result_lines_sort(ResultLines *rows)
{
    if (rows->count)
        qsort(rows->lines, rows->count, sizeof *rows->lines, compare_lines);
}

void result_lines_fold(ResultLines *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        for (char *at = rows->lines[i]; *at; at++)
            *at = (char)tolower((unsigned char)*at);
}

bool result_lines_same(const ResultLines *a, const ResultLines *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = !strcmp(a->lines[i], b->lines[i]);
    return same;
}

const char *result_lines_first(const ResultLines *rows, const char *otherwise)
{
    return rows->count ? rows->lines[0] : otherwise;
}

void result_lines_free(ResultLines *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        sqlite3_free(rows->lines[i]);
    free(rows->lines);
    *rows = (ResultLines){0};
}
