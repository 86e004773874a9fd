#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output/output.h"
#include "cli/base/query.h"

/* Cells row by row, the header first; each to be freed. */
typedef struct Table {
    char **cells;
    size_t columns, count, capacity;
} Table;

/* Code points; wide and combining characters are not told apart. */
static size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* A copy in which nothing can move the cursor or change colours: C0, DEL and C1 (as UTF-8) become '?'. */
static char *printable(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        return NULL;
    char *to = copy;
    for (const unsigned char *from = (const unsigned char *)text; *from; from++) {
        bool c1 = from[0] == 0xc2 && from[1] >= 0x80 && from[1] < 0xa0;
        *to++ = (char)(c1 || *from < 0x20 || *from == 0x7f ? '?' : *from);
        from += c1;
    }
    *to = '\0';
    return copy;
}

static int table_add(Table *table, const char *text)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity > 0 ? 2 * table->capacity : 64;
        char **cells = realloc(table->cells, capacity * sizeof *cells);
        if (!cells)
            return -1;
        table->cells = cells;
        table->capacity = capacity;
    }
    char *copy = printable(text ? text : "");
    if (!copy)
        return -1;
    table->cells[table->count++] = copy;
    return 0;
}

static void table_free(Table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
}

static int table_read(Table *table, sqlite3 *db, sqlite3_stmt *statement, Failure *failure)
{
    int columns = sqlite3_column_count(statement), rc = 0;
    int failed = 0;
    table->columns = (size_t)columns;
    for (int i = 0; i < columns; i++)
        failed |= table_add(table, sqlite3_column_name(statement, i));
    while (!failed && (rc = sqlite3_step(statement)) == SQLITE_ROW)
        for (int i = 0; i < columns; i++)
            failed |= table_add(table, (const char *)sqlite3_column_text(statement, i));
    if (failed)
        return failure_set(failure, "out of memory for a table of %zu cells", table->count);
    return rc == SQLITE_DONE ? 0 : query_fail(db, failure);
}

/* Figures are aligned to the right: a column in which every cell that is not empty begins like one. */
static bool is_numeric(const Table *table, size_t column)
{
    bool any = false;
    for (size_t i = table->columns + column; i < table->count; i += table->columns) {
        const char *cell = table->cells[i];
        bool dash = strcmp(cell, "–") == 0;
        if (*cell && !dash && !strchr("0123456789<+-", *cell))
            return false;
        any |= *cell != '\0';
    }
    return any;
}

static size_t column_width(const Table *table, size_t column)
{
    size_t width = 0;
    for (size_t i = column; i < table->count; i += table->columns) {
        size_t cell = text_width(table->cells[i]);
        width = cell > width ? cell : width;
    }
    return width;
}

static void print_repeated(char c, size_t count, FILE *file)
{
    while (count-- > 0)
        putc(c, file);
}

static void print_table_row(const Table *table, size_t row, const size_t *widths, const bool *numeric,
                            FILE *file)
{
    for (size_t i = 0; i < table->columns; i++) {
        const char *cell = table->cells[row * table->columns + i];
        size_t padding = widths[i] - text_width(cell);
        if (i > 0)
            fputs("  ", file);
        if (numeric[i])
            print_repeated(' ', padding, file);
        fputs(cell, file);
        if (!numeric[i] && i + 1 < table->columns)
            print_repeated(' ', padding, file);
    }
    putc('\n', file);
}

static void print_table(const Table *table, const size_t *widths, const bool *numeric, FILE *file)
{
    print_table_row(table, 0, widths, numeric, file);
    for (size_t i = 0; i < table->columns; i++) {
        print_repeated('-', widths[i], file);
        fputs(i + 1 < table->columns ? "  " : "\n", file);
    }
    for (size_t row = 1; row * table->columns < table->count; row++)
        print_table_row(table, row, widths, numeric, file);
}

/* Every character that Markdown may take for markup gets a backslash, but for the underscore, which within a
 * word is none. */
static void print_markdown_row(const Table *table, size_t row, FILE *file)
{
    for (size_t i = 0; i < table->columns; i++) {
        fputs("| ", file);
        for (const char *c = table->cells[row * table->columns + i]; *c; c++) {
            if (strchr("|\\`<>*[]&", *c))
                putc('\\', file);
            putc(*c, file);
        }
        putc(' ', file);
    }
    fputs("|\n", file);
}

static void print_markdown(const Table *table, const bool *numeric, FILE *file)
{
    print_markdown_row(table, 0, file);
    for (size_t i = 0; i < table->columns; i++)
        fputs(numeric[i] ? "| ---: " : "| --- ", file);
    fputs("|\n", file);
    for (size_t row = 1; row * table->columns < table->count; row++)
        print_markdown_row(table, row, file);
}

static int print_for_people(sqlite3 *db, sqlite3_stmt *statement, OutputFormat format, FILE *file,
                            Failure *failure)
{
    Table table = {0};
    int result = table_read(&table, db, statement, failure);
    size_t *widths = calloc(table.columns + 1, sizeof *widths);
    bool *numeric = calloc(table.columns + 1, sizeof *numeric);
    if (result == 0 && (!widths || !numeric))
        result = failure_set(failure, "out of memory for a table");
    if (result == 0 && table.cells) {
        for (size_t i = 0; i < table.columns; i++) {
            widths[i] = column_width(&table, i);
            numeric[i] = is_numeric(&table, i);
        }
        if (format == OUTPUT_MARKDOWN)
            print_markdown(&table, numeric, file);
        else
            print_table(&table, widths, numeric, file);
    }
    free(widths);
    free(numeric);
    table_free(&table);
    return result;
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

static int print_csv(sqlite3 *db, sqlite3_stmt *statement, FILE *file, Failure *failure)
{
    int columns = sqlite3_column_count(statement), rc;
    for (int i = 0; i < columns; i++) {
        print_csv_field(sqlite3_column_name(statement, i), file);
        fputs(i + 1 < columns ? "," : "\r\n", file);
    }
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        for (int i = 0; i < columns; i++) {
            const char *text = (const char *)sqlite3_column_text(statement, i);
            print_csv_field(text ? text : "", file);
            fputs(i + 1 < columns ? "," : "\r\n", file);
        }
    return rc == SQLITE_DONE ? 0 : query_fail(db, failure);
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
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        fprintf(file, "%s%s", before, (const char *)sqlite3_column_text(statement, 0));
        before = ",\n";
    }
    fputs(*before == '[' ? "[]\n" : "\n]\n", file);
    int result = rc == SQLITE_DONE ? 0 : query_fail(db, failure);
    sqlite3_finalize(statement);
    return result;
}

int output_rows(sqlite3 *db, const OutputQuery *query, int64_t run, OutputFormat format, FILE *file,
                Failure *failure)
{
    if (format == OUTPUT_JSON)
        return print_json(db, query->data, run, file, failure);
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, format == OUTPUT_CSV ? query->data : query->people, "i", run))
        return -1;
    int result = format == OUTPUT_CSV ? print_csv(db, statement, file, failure)
                                      : print_for_people(db, statement, format, file, failure);
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
