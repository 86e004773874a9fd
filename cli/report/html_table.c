#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/query.h"
#include "cli/report/html.h"
#include "cli/report/html_table.h"

typedef enum Role { ROLE_CELL, ROLE_HREF, ROLE_KEY, ROLE_POINTS, ROLE_MARKS, ROLE_FIGURES, ROLE_CLASS } Role;
enum { ROLE_COUNT = ROLE_CLASS + 1 };

typedef struct Column {
    Role role;
    /* Whether all its texts are figures, and whether it has any text. */
    bool figures, filled;
} Column;

typedef struct Table {
    sqlite3_stmt *statement;
    Column *columns;
    int count;
} Table;

static Role role_of(const char *name)
{
    static const char *const names[ROLE_COUNT] = {"", "href", "key", "points", "marks", "figures", "class"};
    for (int i = ROLE_CELL + 1; i < ROLE_COUNT; i++)
        if (strcmp(name, names[i]) == 0)
            return (Role)i;
    return ROLE_CELL;
}

/* The text of a column in this row; "" for NULL. */
static const char *text_of(const Table *table, int column)
{
    const char *text = (const char *)sqlite3_column_text(table->statement, column);
    return text ? text : "";
}

/* A figure begins like one, and has no letters but those of a unit: a date is none. */
static bool is_figure(const char *text)
{
    size_t digits = strspn(text, "<+-–± .,0123456789…");
    if (digits == 0)
        return false;
    size_t rest = strlen(text + digits);
    return rest <= strlen("µs … 123 µs (99)") && !strpbrk(text, ":abdefh");
}

/* A column before its rows are read. A commit is no figure, even where it has digits alone. */
static Column column_of(const char *name)
{
    return (Column){.role = role_of(name), .figures = strcmp(name, "commit") != 0};
}

/* Reads all rows, and resets the statement. */
static int look_at_columns(Table *table, int64_t *rows, Failure *failure)
{
    int more;
    for (int i = 0; i < table->count; i++)
        table->columns[i] = column_of(sqlite3_column_name(table->statement, i));
    for (*rows = 0; (more = query_next(table->statement, failure)) > 0; *rows += 1)
        for (int i = 0; i < table->count; i++) {
            const char *text = text_of(table, i);
            table->columns[i].figures = table->columns[i].figures && (!*text || is_figure(text));
            table->columns[i].filled = table->columns[i].filled || *text;
        }
    sqlite3_reset(table->statement);
    return more;
}

static bool is_shown(const Column *column)
{
    return column->role == ROLE_CELL && column->filled;
}

static const char *class_of(const Column *column)
{
    return column->figures ? " class=\"figure\"" : "";
}

static void write_attribute(const char *name, const char *value, FILE *file)
{
    fprintf(file, " %s=\"", name);
    html_text(value, file);
    putc('"', file);
}

/* The marks of a line: each is a circle of its class. */
static void write_marks(const char *marks, FILE *file)
{
    double x, y;
    char class[32];
    int length = 0;
    while (sscanf(marks, " %lf,%lf,%31[a-z]%n", &x, &y, class, &length) == 3) {
        fprintf(file, "<circle class=\"%s\" cx=\"%.4g\" cy=\"%.4g\" r=\"3\"/>", class, x, y);
        marks += length;
    }
}

static void write_line(const char *const parts[ROLE_COUNT], FILE *file)
{
    fputs("<svg class=\"spark\" viewBox=\"0 0 120 30\" role=\"img\"", file);
    write_attribute("aria-label", parts[ROLE_CELL], file);
    if (parts[ROLE_FIGURES])
        write_attribute("data-figures", parts[ROLE_FIGURES], file);
    fputs("><polyline", file);
    write_attribute("points", parts[ROLE_POINTS], file);
    fputs("/>", file);
    write_marks(parts[ROLE_MARKS] ? parts[ROLE_MARKS] : "", file);
    fputs("</svg>", file);
}

/* A cell with what belongs to it, from the column on. */
static void write_cell(const Table *table, int column, FILE *file)
{
    const char *parts[ROLE_COUNT] = {[ROLE_CELL] = text_of(table, column)};
    for (int i = column + 1; i < table->count && table->columns[i].role != ROLE_CELL; i++)
        parts[table->columns[i].role] = (const char *)sqlite3_column_text(table->statement, i);
    fprintf(file, "<td%s", class_of(&table->columns[column]));
    if (parts[ROLE_KEY])
        write_attribute("data-key", parts[ROLE_KEY], file);
    putc('>', file);
    if (parts[ROLE_HREF]) {
        fputs("<a", file);
        write_attribute("href", parts[ROLE_HREF], file);
        putc('>', file);
    }
    if (parts[ROLE_POINTS])
        write_line(parts, file);
    else
        html_text(parts[ROLE_CELL], file);
    fputs(parts[ROLE_HREF] ? "</a></td>" : "</td>", file);
}

static void write_row(const Table *table, FILE *file)
{
    fputs("<tr", file);
    for (int i = 0; i < table->count; i++)
        if (table->columns[i].role == ROLE_CLASS && *text_of(table, i))
            write_attribute("class", text_of(table, i), file);
    putc('>', file);
    for (int i = 0; i < table->count; i++)
        if (is_shown(&table->columns[i]))
            write_cell(table, i, file);
    fputs("</tr>\n", file);
}

static int write_table(const Table *table, FILE *file, Failure *failure)
{
    int more;
    fputs("<div class=\"wide\" tabindex=\"0\"><table>\n<thead><tr>", file);
    for (int i = 0; i < table->count; i++) {
        if (!is_shown(&table->columns[i]))
            continue;
        fprintf(file, "<th scope=\"col\"%s>", class_of(&table->columns[i]));
        html_text(sqlite3_column_name(table->statement, i), file);
        fputs("</th>", file);
    }
    fputs("</tr></thead>\n<tbody>\n", file);
    while ((more = query_next(table->statement, failure)) > 0)
        write_row(table, file);
    fputs("</tbody>\n</table></div>\n", file);
    return more;
}

int html_table(sqlite3 *db, const char *sql, int64_t id, FILE *file, Failure *failure)
{
    Table table;
    int64_t rows = 0;
    if (query_prepare(db, &table.statement, failure, sql, "i", id))
        return -1;
    table.count = sqlite3_column_count(table.statement);
    table.columns = calloc((size_t)table.count + 1, sizeof *table.columns);
    int result = table.columns ? look_at_columns(&table, &rows, failure)
                               : failure_set(failure, "out of memory for a table");
    if (result == 0 && rows > 0)
        result = write_table(&table, file, failure);
    free(table.columns);
    sqlite3_finalize(table.statement);
    return result;
}
