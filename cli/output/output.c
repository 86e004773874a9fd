#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output/output.h"
#include "cli/base/query.h"
#include "cli/base/unicode.h"

/* A column of a table that is shown to people. */
typedef struct Column {
    /* Width of the widest cell, in columns of a terminal. */
    size_t width;
    /* Whether the cells are aligned to the right: every cell that is not empty begins like a figure. */
    bool figures;
    /* Whether any cell is not empty. */
    bool filled;
} Column;

static const char *cell_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

static void measure_cell(Column *column, const char *cell)
{
    size_t width = unicode_width(cell);
    column->width = width > column->width ? width : column->width;
    if (!*cell)
        return;
    column->filled = true;
    column->figures &= strcmp(cell, "–") == 0 || strchr("0123456789<+-", *cell);
}

/* Measures the columns, by all rows, and resets the statement. */
static int measure_columns(sqlite3_stmt *statement, Column *columns, Failure *failure)
{
    int count = sqlite3_column_count(statement), more;
    for (int i = 0; i < count; i++)
        columns[i] = (Column){.width = unicode_width(sqlite3_column_name(statement, i)), .figures = true};
    while ((more = query_next(statement, failure)) > 0)
        for (int i = 0; i < count; i++)
            measure_cell(&columns[i], cell_text(statement, i));
    for (int i = 0; i < count; i++)
        columns[i].figures &= columns[i].filled;
    sqlite3_reset(statement);
    return more;
}

static void print_repeated(char c, size_t count, FILE *file)
{
    while (count-- > 0)
        putc(c, file);
}

/* Prints one cell of a table. */
static void print_cell(const char *cell, const Column *column, bool last, FILE *file)
{
    /* The row may be new: another process may have written since the columns were measured. */
    size_t width = unicode_width(cell), padding = column->width > width ? column->width - width : 0;
    if (column->figures)
        print_repeated(' ', padding, file);
    unicode_print(cell, "", "", file);
    if (!column->figures && !last)
        print_repeated(' ', padding, file);
    fputs(last ? "\n" : "  ", file);
}

/* Every character that Markdown may take for markup gets a backslash, but for the underscore, which within a
 * word is none. */
static void print_markdown_cell(const char *cell, bool last, FILE *file)
{
    fputs("| ", file);
    unicode_print(cell, "", "|\\`<>*[]&", file);
    fputs(last ? " |\n" : " ", file);
}

static void print_rule(const Column *columns, int count, bool markdown, FILE *file)
{
    for (int i = 0; i < count; i++) {
        if (markdown)
            fputs(columns[i].figures ? "| ---: " : "| --- ", file);
        else
            print_repeated('-', columns[i].width, file);
        fputs(i + 1 == count ? markdown ? "|\n" : "\n" : markdown ? "" : "  ", file);
    }
}

/* Prints the row that the statement stands on, or the names of its columns. */
static void print_row(sqlite3_stmt *statement, const Column *columns, bool names, bool markdown, FILE *file)
{
    int count = sqlite3_column_count(statement);
    for (int i = 0; i < count; i++) {
        const char *cell = names ? sqlite3_column_name(statement, i) : cell_text(statement, i);
        if (markdown)
            print_markdown_cell(cell, i + 1 == count, file);
        else
            print_cell(cell, &columns[i], i + 1 == count, file);
    }
}

static int print_for_people(sqlite3_stmt *statement, OutputFormat format, FILE *file, Failure *failure)
{
    const bool markdown = format == OUTPUT_MARKDOWN;
    int count = sqlite3_column_count(statement);
    Column *columns = calloc((size_t)count + 1, sizeof *columns);
    if (!columns)
        return failure_set(failure, "out of memory for a table");
    int more = measure_columns(statement, columns, failure);
    if (more == 0) {
        print_row(statement, columns, true, markdown, file);
        print_rule(columns, count, markdown, file);
        while ((more = query_next(statement, failure)) > 0)
            print_row(statement, columns, false, markdown, file);
    }
    free(columns);
    return more;
}

static void print_csv_field(const char *text, FILE *file)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, file);
        return;
    }
    putc('"', file);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', file);
        putc(*text, file);
    }
    putc('"', file);
}

static int print_csv(sqlite3_stmt *statement, FILE *file, Failure *failure)
{
    int columns = sqlite3_column_count(statement), more;
    for (int i = 0; i < columns; i++) {
        print_csv_field(sqlite3_column_name(statement, i), file);
        fputs(i + 1 < columns ? "," : "\r\n", file);
    }
    while ((more = query_next(statement, failure)) > 0)
        for (int i = 0; i < columns; i++) {
            print_csv_field(cell_text(statement, i), file);
            fputs(i + 1 < columns ? "," : "\r\n", file);
        }
    return more;
}

/* The query wrapped so that SQLite itself writes every row as a JSON object. To be freed with sqlite3_free.
 */
static char *json_query(sqlite3_stmt *statement)
{
    static const char ending[] = "_json";
    sqlite3_str *text = sqlite3_str_new(NULL);
    sqlite3_str_appendall(text, "SELECT json_object(");
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        const char *name = sqlite3_column_name(statement, i);
        size_t length = strlen(name), end = sizeof ending - 1;
        bool embedded = length > end && strcmp(name + length - end, ending) == 0;
        sqlite3_str_appendf(text, "%s'%.*q', %s(\"%w\")", i > 0 ? ", " : "",
                            (int)(embedded ? length - end : length), name, embedded ? "json" : "", name);
    }
    /* Without its semicolon and what follows, the query is a subquery. */
    const char *sql = sqlite3_sql(statement);
    const char *semicolon = strrchr(sql, ';');
    sqlite3_str_appendf(text, ") FROM (%.*s)", (int)(semicolon ? semicolon - sql : (long)strlen(sql)), sql);
    return sqlite3_str_finish(text);
}

static int prepare_json(sqlite3 *db, const char *sql, int64_t run, sqlite3_stmt **statement, Failure *failure)
{
    sqlite3_stmt *plain;
    if (query_prepare(db, &plain, failure, sql, ""))
        return -1;
    char *wrapped = json_query(plain);
    sqlite3_finalize(plain);
    if (!wrapped)
        return failure_set(failure, "out of memory");
    int result = query_prepare(db, statement, failure, wrapped, "i", run);
    sqlite3_free(wrapped);
    return result;
}

static int print_json(sqlite3 *db, const char *sql, int64_t run, FILE *file, Failure *failure)
{
    sqlite3_stmt *statement;
    if (prepare_json(db, sql, run, &statement, failure))
        return -1;
    const char *before = "[\n";
    int more;
    while ((more = query_next(statement, failure)) > 0) {
        fprintf(file, "%s%s", before, cell_text(statement, 0));
        before = ",\n";
    }
    fputs(*before == '[' ? "[]\n" : "\n]\n", file);
    sqlite3_finalize(statement);
    return more;
}

int output_rows(sqlite3 *db, const OutputQuery *query, int64_t run, OutputFormat format, FILE *file,
                Failure *failure)
{
    if (format == OUTPUT_JSON)
        return print_json(db, query->data, run, file, failure);
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, format == OUTPUT_CSV ? query->data : query->people, "i", run))
        return -1;
    int result = format == OUTPUT_CSV ? print_csv(statement, file, failure)
                                      : print_for_people(statement, format, file, failure);
    sqlite3_finalize(statement);
    return result;
}

int output_json_object(sqlite3 *db, const OutputQuery *query, int64_t run, FILE *file, Failure *failure)
{
    sqlite3_stmt *statement;
    if (prepare_json(db, query->data, run, &statement, failure))
        return -1;
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        fputs((const char *)sqlite3_column_text(statement, 0), file);
    int result = rc == SQLITE_ROW ? 0 : query_fail(db, failure);
    sqlite3_finalize(statement);
    return result;
}

int output_finish(FILE *file, Failure *failure)
{
    if (fflush(file) == 0 && !ferror(file))
        return 0;
    return failure_set(failure, "cannot write the output: %s", strerror(errno));
}
