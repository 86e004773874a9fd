#include <math.h>

#include "cli/judging/changes.h"
#include "cli/report/chart_data.h"
#include "cli/report/shortened.h"
#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/base/unicode.h"

/* where_it_pays(x0, speed_up0, x1, speed_up1): where, between two points, the speed-up becomes 1; straight
 * between them on logarithmic scales, on which the cost of starting against the work that is shared is nearly
 * a straight line. */
static void where_it_pays(sqlite3_context *context, int count, sqlite3_value **values)
{
    double figures[4];
    (void)count;
    for (int i = 0; i < 4; i++) {
        figures[i] = sqlite3_value_double(values[i]);
        if (!(figures[i] > 0)) {
            sqlite3_result_null(context);
            return;
        }
    }
    double x0 = log(figures[0]), speed0 = log(figures[1]), x1 = log(figures[2]), speed1 = log(figures[3]);
    if (speed1 <= speed0)
        sqlite3_result_null(context);
    else
        sqlite3_result_double(context, exp(x0 - speed0 * (x1 - x0) / (speed1 - speed0)));
}

/* part_note(part, parts, chart, content): which part of a chart has what, and where the next is; NULL for a
 * chart of one part. */
static void part_note(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    int part = sqlite3_value_int(values[0]), parts = sqlite3_value_int(values[1]);
    const char *chart = (const char *)sqlite3_value_text(values[2]);
    const char *content = (const char *)sqlite3_value_text(values[3]);
    if (parts < 2 || !chart || !content) {
        sqlite3_result_null(context);
        return;
    }
    char *text = part < parts ? sqlite3_mprintf("Part %d of %d: %s; the next is %s-%d.", part, parts, content,
                                                chart, part + 1)
                              : sqlite3_mprintf("Part %d of %d: %s.", part, parts, content);
    if (text)
        sqlite3_result_text(context, text, -1, sqlite3_free);
    else
        sqlite3_result_error_nomem(context);
}

int chart_data_name(sqlite3 *db, int64_t run, Failure *failure)
{
    return query_run(db, NULL, failure, sql_charts_shorten, "i", run);
}

int chart_data_prepare(sqlite3 *db, int64_t run, Failure *failure)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    if (sqlite3_create_function(db, "where_it_pays", 4, flags, NULL, where_it_pays, NULL, NULL) !=
            SQLITE_OK ||
        sqlite3_create_function(db, "part_note", 4, flags, NULL, part_note, NULL, NULL) != SQLITE_OK ||
        shortened_register(db) != SQLITE_OK)
        return query_fail(db, failure);
    if (query_script(db, sql_judging_setup, failure) ||
        query_run(db, NULL, failure, sql_charts_choose, "i", run) || changes_find(db, failure))
        return -1;
    return query_script(db, sql_charts_setup, failure) ? -1 : chart_data_name(db, run, failure);
}

/* gnuplot ends a field at a quote and takes a backslash for an escape. What stands for a backslash is in the
 * usual fonts: for lack of a character cairo draws whatever font has one, and large. */
static void write_text(const char *text, FILE *file)
{
    putc('"', file);
    if (!*text) /* gnuplot takes an empty field and those after it for one: a no-break space, `blank` in
                   style.gp */
        fputs("\xc2\xa0", file);
    for (;;) {
        const char *start = text;
        uint32_t character = unicode_next(&text);
        if (character == 0)
            break;
        if (character == '"')
            fputs("”", file);
        else if (character == '\\')
            fputs("∖", file);
        else if (character == 0xfffd)
            fputs("�", file);
        else if (unicode_is_control(character))
            putc(' ', file);
        else
            fwrite(start, 1, (size_t)(text - start), file);
        /* gnuplot counts characters: with a zero width space each has as many as it fills columns. */
        if (unicode_columns(character) == 2)
            fputs("\xe2\x80\x8b", file);
    }
    putc('"', file);
}

static void write_cell(sqlite3_stmt *statement, int column, FILE *file)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        fprintf(file, "%lld", (long long)sqlite3_column_int64(statement, column));
        break;
    case SQLITE_FLOAT:
        fprintf(file, "%.9g", sqlite3_column_double(statement, column));
        break;
    case SQLITE_NULL:
        fputs("NaN", file);
        break;
    default:
        write_text((const char *)sqlite3_column_text(statement, column), file);
    }
}

int chart_data_write(sqlite3 *db, const char *sql, int64_t run, int part, FILE *file, int64_t *rows,
                     Failure *failure)
{
    sqlite3_stmt *statement;
    if (chart_data_name(db, run, failure) ||
        query_prepare(db, &statement, failure, sql, "ii", run, (int64_t)part))
        return -1;
    int columns = sqlite3_column_count(statement), more;
    int64_t block = -1;
    *rows = 0;
    while ((more = query_next(statement, failure)) > 0) {
        if (sqlite3_column_int64(statement, 0) != block) {
            if (block >= 0)
                fputs("\n\n", file);
            block = sqlite3_column_int64(statement, 0);
        }
        for (int i = 1; i < columns; i++) {
            write_cell(statement, i, file);
            putc(i + 1 < columns ? '\t' : '\n', file);
        }
        *rows += 1;
    }
    sqlite3_finalize(statement);
    return more;
}
