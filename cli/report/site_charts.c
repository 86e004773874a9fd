#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/query.h"
#include "cli/report/chart_data.h"
#include "cli/report/html.h"
#include "cli/report/site_charts.h"
#include "cli/system/process.h"
#include "sql/sql.h"

/* Pixels of the plot within the chart, as reports/series.gp has them. */
enum { PLOT_LEFT = 96, PLOT_RIGHT = 760, PLOT_TOP = 40, PLOT_BOTTOM = 250 };

/* Range of an axis: the figures at the bottom and at the top of the plot. */
typedef struct Axis {
    double bottom, top;
} Axis;

static FILE *open_file(const char *directory, const char *name, const char *mode, Failure *failure)
{
    char *path = sqlite3_mprintf("%s/%s", directory, name);
    FILE *file = path ? fopen(path, mode) : NULL;
    if (!file)
        failure_write(failure, "cannot open %s: %s: name another folder with --all", path ? path : name,
                      strerror(errno));
    sqlite3_free(path);
    return file;
}

static int close_file(FILE *file, const char *name, int result, Failure *failure)
{
    int failed = ferror(file);
    if ((fclose(file) || failed) && result == 0)
        return failure_set(failure, "cannot write %s: %s: make room, or name another folder with --all", name,
                           strerror(errno));
    return result;
}

static int write_data(sqlite3 *db, const char *directory, int64_t series, FILE *list, Failure *failure)
{
    char name[64];
    int64_t rows;
    snprintf(name, sizeof name, "series-%" PRId64 ".dat", series);
    FILE *file = open_file(directory, name, "we", failure);
    if (!file)
        return -1;
    int result = chart_data_write(db, sql_site_chart, series, 1, file, &rows, failure);
    if (result == 0 && rows > 0)
        fprintf(list, "%" PRId64 "\n", series);
    return close_file(file, name, result, failure);
}

/* Writes the data of every series, and the list of those that have any. */
static int write_all_data(sqlite3 *db, const char *directory, int64_t *count, Failure *failure)
{
    sqlite3_stmt *statement;
    int more = -1;
    *count = 0;
    FILE *list = open_file(directory, "list.dat", "we", failure);
    if (!list)
        return -1;
    if (query_prepare(db, &statement, failure, sql_site_series, "") == 0) {
        while ((more = query_next(statement, failure)) > 0) {
            if (write_data(db, directory, sqlite3_column_int64(statement, 0), list, failure)) {
                more = -1;
                break;
            }
            *count += 1;
        }
        sqlite3_finalize(statement);
    }
    return close_file(list, "list.dat", more, failure);
}

static int write_script(const char *directory, Failure *failure)
{
    FILE *file = open_file(directory, "series.gp", "we", failure);
    if (!file)
        return -1;
    fputs(reports_style, file);
    fputs(reports_series, file);
    return close_file(file, "series.gp", 0, failure);
}

static int run_gnuplot(const char *directory, Failure *failure)
{
    char gnuplot[] = "gnuplot", plain[] = "-d", script[] = "series.gp", said[1000];
    char *const argv[] = {gnuplot, plain, script, NULL};
    int status = process_run(argv, directory, 2, said, sizeof said);
    if (status == 0)
        return 0;
    if (status == PROCESS_NOT_STARTED && errno == ENOENT)
        return failure_set(failure, "there is no gnuplot: install it (Debian, Ubuntu: apt-get install "
                                    "gnuplot-nox), then run pricereport report --all again");
    if (status == PROCESS_NOT_STARTED)
        return failure_set(failure, "cannot start gnuplot: %s", strerror(errno));
    return failure_set(failure, "gnuplot could not draw the benchmarks: %.500s",
                       said + strspn(said, " \t\n"));
}

int site_charts_draw(sqlite3 *db, const char *directory, Failure *failure)
{
    int64_t count;
    if (write_all_data(db, directory, &count, failure) || write_script(directory, failure))
        return -1;
    return count > 0 ? run_gnuplot(directory, failure) : 0;
}

static int read_axis(sqlite3 *db, int64_t series, Axis *axis, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_site_chart, "i", series))
        return -1;
    int more = query_next(statement, failure);
    *axis = (Axis){.bottom = sqlite3_column_double(statement, 4), .top = sqlite3_column_double(statement, 5)};
    sqlite3_finalize(statement);
    return more < 0 ? -1 : 0;
}

static int write_points(sqlite3 *db, int64_t series, const Axis *axis, FILE *file, Failure *failure)
{
    sqlite3_stmt *statement;
    int more;
    if (query_prepare(db, &statement, failure, sql_site_chart_points, "i", series))
        return -1;
    fputs("<g class=\"points\">\n", file);
    while ((more = query_next(statement, failure)) > 0) {
        double along = sqlite3_column_double(statement, 0), figure = sqlite3_column_double(statement, 1);
        double up = (figure - axis->bottom) / (axis->top - axis->bottom);
        const char *text = (const char *)sqlite3_column_text(statement, 3);
        fprintf(file,
                "<a href=\"run-%lld.html\" tabindex=\"-1\"><circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\"><title>",
                (long long)sqlite3_column_int64(statement, 2), PLOT_LEFT + (PLOT_RIGHT - PLOT_LEFT) * along,
                PLOT_BOTTOM - (PLOT_BOTTOM - PLOT_TOP) * up);
        html_text(text ? text : "", file);
        fputs("</title></circle></a>\n", file);
    }
    fputs("</g>\n", file);
    sqlite3_finalize(statement);
    return more;
}

/* The picture that gnuplot drew, without its end, into which the points go. */
static int write_picture(const char *svg, const char *name, FILE *file, Failure *failure)
{
    static const char end[] = "</svg>";
    char *text = NULL;
    size_t size = 0;
    FILE *whole = open_memstream(&text, &size);
    if (!whole)
        return failure_set(failure, "out of memory for the page");
    html_svg(svg, name, "Medians over the runs", whole);
    int result = fclose(whole) ? failure_set(failure, "out of memory for the page") : 0;
    char *last = result == 0 ? strstr(text, end) : NULL;
    if (result == 0 && !last)
        result = failure_set(failure, "gnuplot drew %s as no SVG file that is whole", name);
    else if (result == 0)
        fwrite(text, 1, (size_t)(last - text), file);
    free(text);
    return result;
}

int site_charts_write(sqlite3 *db, const char *directory, int64_t series, FILE *file, Failure *failure)
{
    char name[64], picture[80], *svg = NULL;
    size_t size = 0;
    Axis axis;
    snprintf(name, sizeof name, "series-%" PRId64, series);
    snprintf(picture, sizeof picture, "%s.svg", name);
    FILE *drawn = open_file(directory, picture, "re", failure);
    if (!drawn)
        return -1;
    int result = getdelim(&svg, &size, '\0', drawn) < 0
                     ? failure_set(failure, "cannot read the chart %s: %s", picture, strerror(errno))
                     : 0;
    fclose(drawn);
    if (result == 0 && (write_picture(svg, name, file, failure) || read_axis(db, series, &axis, failure) ||
                        write_points(db, series, &axis, file, failure)))
        result = -1;
    fputs("</svg>", file);
    free(svg);
    return result;
}
