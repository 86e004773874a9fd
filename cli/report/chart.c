#include <errno.h>
#include <stdbool.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/report/chart.h"
#include "cli/report/chart_data.h"
#include "cli/report/drawable.h"
#include "cli/system/process.h"
#include "cli/base/query.h"
#include "sql/sql.h"

typedef struct Chart {
    const char *name;
    /* Script of gnuplot that comes after reports_style. */
    const char *script;
    /* Query of chart_data_write. */
    const char *sql;
    const char *title;
    /* Data that the chart needs, in words for a message. */
    const char *needs;
    /* Whether only maps have the chart. */
    bool of_maps;
} Chart;

static const Chart charts[CHART_COUNT] = {
    {"executors", reports_executors, sql_charts_executors, "How long each takes: medians of the run",
     "a measurement with samples", false},
    {"history", reports_history, sql_charts_history, "Medians over the runs", "a measurement with samples",
     false},
    {"workers", reports_workers, sql_charts_workers, "Speed-up and efficiency over workers",
     "serial, and another executor with two numbers of workers: pricereport run --workers 1-4 ...", true},
    {"break-even", reports_break_even, sql_charts_break_even, "From where on threads and processes pay",
     "three pieces of work that differ in rows or in the cost of a row, each by serial and by threads or "
     "processes",
     true},
    {"samples", reports_samples, sql_charts_samples, "Distribution of the samples",
     "a measurement with samples", false},
    {"timeline", reports_timeline, sql_charts_timeline, "Chunks by worker over time",
     "a measurement that was finished, with its tasks", true},
};

typedef struct Format {
    ChartFormats flag;
    const char *name;
    /* Argument of gnuplot -e. */
    const char *command;
} Format;

static const Format formats_known[] = {
    {CHART_SVG, "svg", "format = 'svg'"},
    {CHART_PNG, "png", "format = 'png'"},
    {CHART_PDF, "pdf", "format = 'pdf'"},
    {CHART_TXT, "txt", "format = 'txt'"},
};
enum { FORMAT_COUNT = sizeof formats_known / sizeof *formats_known };

ChartFormats chart_format(const char *name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(name, formats_known[i].name) == 0)
            return formats_known[i].flag;
    return 0;
}

ChartKinds chart_kind(const char *name)
{
    for (size_t i = 0; i < CHART_COUNT; i++)
        if (strcmp(name, charts[i].name) == 0)
            return 1u << i;
    return 0;
}

const char *chart_name(size_t index)
{
    return charts[index].name;
}

const char *chart_title(size_t index)
{
    return charts[index].title;
}

const char *chart_needs(size_t index)
{
    return charts[index].needs;
}

bool chart_is_of_maps(size_t index)
{
    return charts[index].of_maps;
}

int charts_make_directory(const char *directory, const char *option, Failure *failure)
{
    char *path = strdup(directory);
    if (!path)
        return failure_set(failure, "out of memory");
    int result = 0;
    for (char *slash = strchr(path + 1, '/'); slash && result == 0; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) && errno != EEXIST)
            result = -1;
        *slash = '/';
    }
    if (result == 0 && mkdir(path, 0777) && errno != EEXIST)
        result = -1;
    struct stat status;
    if (result == 0 && (stat(path, &status) || !S_ISDIR(status.st_mode))) {
        errno = ENOTDIR;
        result = -1;
    }
    if (result)
        failure_set(failure, "cannot make the folder %s: %s: name another with %s", directory,
                    strerror(errno), option);
    else if (access(directory, W_OK))
        result = failure_set(failure, "cannot write into the folder %s: %s: name another with %s", directory,
                             strerror(errno), option);
    free(path);
    return result;
}

/* DIRECTORY/NAME.ENDING, to be freed with sqlite3_free; NULL when out of memory. */
static char *chart_path(const char *directory, const char *name, const char *ending)
{
    return sqlite3_mprintf("%s/%s.%s", directory, name, ending);
}

static int write_file(const char *directory, const char *name, const char *ending, const char *first,
                      const char *second, Failure *failure)
{
    char *path = chart_path(directory, name, ending);
    FILE *file = path ? fopen(path, "we") : NULL;
    int result = 0;
    if (!file) {
        result = failure_set(failure, "cannot write %s: %s: name another folder with --out",
                             path ? path : name, strerror(errno));
    } else {
        fputs(first, file);
        fputs(second, file);
        bool failed = ferror(file);
        if (fclose(file) || failed)
            result = failure_set(failure, "cannot write %s: %s: make room, or name another folder with --out",
                                 path, strerror(errno));
    }
    sqlite3_free(path);
    return result;
}

void chart_part_name(size_t index, int part, char name[CHART_NAME_SIZE])
{
    if (part == 1)
        snprintf(name, CHART_NAME_SIZE, "%s", charts[index].name);
    else
        snprintf(name, CHART_NAME_SIZE, "%s-%d", charts[index].name, part);
}

/* The data of a part, where the chart's query gives rows; else nothing, and false in `there`. */
static int write_part(sqlite3 *db, size_t index, int64_t run, int part, const char *directory, bool *there,
                      Failure *failure)
{
    char *text = NULL, name[CHART_NAME_SIZE];
    size_t size = 0;
    int64_t rows = 0;
    chart_part_name(index, part, name);
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return failure_set(failure, "out of memory for the data of the chart %s", name);
    int result = chart_data_write(db, charts[index].sql, run, part, file, &rows, failure);
    if (fclose(file) && result == 0)
        result = failure_set(failure, "out of memory for the data of the chart %s", name);
    *there = rows > 0;
    if (result == 0 && *there && directory)
        result = write_file(directory, name, "dat", text, "", failure);
    free(text);
    return result;
}

/* Removes what an older chart, of more parts, left in the folder. */
static void remove_further_parts(size_t index, int part, const char *directory)
{
    for (bool found = true; found; part++) {
        char name[CHART_NAME_SIZE];
        chart_part_name(index, part, name);
        char *path = chart_path(directory, name, "dat");
        found = path && remove(path) == 0;
        sqlite3_free(path);
        for (size_t i = 0; found && i < FORMAT_COUNT; i++) {
            path = chart_path(directory, name, formats_known[i].name);
            if (path)
                (void)remove(path);
            sqlite3_free(path);
        }
    }
}

/* The data of all parts of a chart, and its script, where its query gives rows; else nothing. */
static int write_chart(sqlite3 *db, size_t index, int64_t run, const ChartWish *wish, ChartsDrawn *drawn,
                       Failure *failure)
{
    int parts = 0;
    for (bool there = true; there; parts += there) {
        bool enough = wish->most_parts > 0 && parts == wish->most_parts;
        if (write_part(db, index, run, parts + 1, enough ? NULL : wish->directory, &there, failure))
            return -1;
        if (there && enough) {
            drawn->unfinished |= 1u << index;
            there = false;
        }
    }
    drawn->parts[index] = parts;
    if (parts == 0)
        return 0;
    remove_further_parts(index, parts + 1, wish->directory);
    return write_file(wish->directory, charts[index].name, "gp", reports_style, charts[index].script,
                      failure);
}

/* Runs gnuplot on the script of a chart; `data` is the name of the data's file in the folder. */
static int run_gnuplot(size_t index, int part, const Format *format, const char *data, const char *directory,
                       Failure *failure)
{
    /* -d: what the user's own ~/.gnuplot sets is for other charts. */
    char gnuplot[] = "gnuplot", plain[] = "-d", evaluate[] = "-e";
    char command[128], script[CHART_NAME_SIZE + 3], name[CHART_NAME_SIZE], said[1000];
    chart_part_name(index, part, name);
    snprintf(command, sizeof command, "%s; part = %d; data = '%s'", format->command, part, data);
    snprintf(script, sizeof script, "%s.gp", charts[index].name);
    char *const argv[] = {gnuplot, plain, evaluate, command, script, NULL};
    int status = process_run(argv, directory, 2, said, sizeof said);
    if (status == 0)
        return 0;
    if (status == PROCESS_NOT_STARTED && errno == ENOENT)
        return failure_set(
            failure,
            "no chart was drawn, for there is no gnuplot: install it (Debian, Ubuntu: apt-get install "
            "gnuplot-nox), then run pricereport plot; the data and the scripts are kept in %s",
            directory);
    if (status == PROCESS_NOT_STARTED)
        return failure_set(failure, "cannot start gnuplot: %s; the data and the scripts are kept in %s",
                           strerror(errno), directory);
    size_t start = strspn(said, " \t\n");
    return failure_set(
        failure, "gnuplot could not draw %s as %s (%s %d): %.500s; the data and the scripts are kept in %s",
        name, format->name, status >= PROCESS_SIGNALED ? "signal" : "exit status",
        status >= PROCESS_SIGNALED ? status - PROCESS_SIGNALED : status, said + start, directory);
}

static int draw(size_t index, int part, const Format *format, const char *directory, Failure *failure)
{
    char name[CHART_NAME_SIZE], data[CHART_NAME_SIZE + 16];
    bool copied = false;
    chart_part_name(index, part, name);
    snprintf(data, sizeof data, "%s.drawable", name);
    char *path = chart_path(directory, name, "dat"), *copy = chart_path(directory, name, "drawable");
    int result = path && copy ? 0 : failure_set(failure, "out of memory");
    if (result == 0 && format->flag & (CHART_PNG | CHART_PDF))
        result = drawable_copy(path, copy, &copied, failure);
    if (!copied)
        snprintf(data, sizeof data, "%s.dat", name);
    if (result == 0)
        result = run_gnuplot(index, part, format, data, directory, failure);
    if (copied)
        (void)remove(copy);
    sqlite3_free(path);
    sqlite3_free(copy);
    return result;
}

/* Without the form feeds that gnuplot begins a text chart with: on a terminal they are noise. */
static void copy_text(const char *path, FILE *to)
{
    FILE *from = fopen(path, "re");
    if (!from)
        return;
    int c;
    while ((c = getc(from)) != EOF)
        if (c != '\f')
            putc(c, to);
    fclose(from);
}

static int show(size_t index, int part, const Format *format, const char *directory, FILE *paths,
                Failure *failure)
{
    char name[CHART_NAME_SIZE];
    chart_part_name(index, part, name);
    char *path = chart_path(directory, name, format->name);
    if (!path)
        return failure_set(failure, "out of memory");
    if (format->flag == CHART_TXT)
        copy_text(path, paths);
    fprintf(paths, "%s\n", path);
    sqlite3_free(path);
    return 0;
}

/* For each chart the run that it is drawn of; 0 where there is none. */
static int find_runs(sqlite3 *db, int64_t run, bool any_run, int64_t runs[CHART_COUNT], Failure *failure)
{
    sqlite3_stmt *statement;
    memset(runs, 0, CHART_COUNT * sizeof *runs);
    if (query_prepare(db, &statement, failure, sql_charts_runs, "ii", run, (int64_t)any_run))
        return -1;
    int more;
    while ((more = query_next(statement, failure)) > 0)
        for (size_t i = 0; i < CHART_COUNT; i++)
            if (strcmp((const char *)sqlite3_column_text(statement, 0), charts[i].name) == 0)
                runs[i] = sqlite3_column_int64(statement, 1);
    sqlite3_finalize(statement);
    return more;
}

/* Writes the files of all charts that are wished and supported, so that they are there even if gnuplot is
 * not. */
static int write_charts(sqlite3 *db, int64_t run, const ChartWish *wish, ChartsDrawn *drawn, Failure *failure)
{
    int64_t runs[CHART_COUNT];
    bool any = false;
    if (chart_data_prepare(db, run, failure) || find_runs(db, run, wish->any_run, runs, failure))
        return -1;
    for (size_t i = 0; i < CHART_COUNT; i++) {
        if (wish->kinds && !(wish->kinds & 1u << i))
            continue;
        if (runs[i] > 0 && write_chart(db, i, runs[i], wish, drawn, failure))
            return -1;
        any = any || drawn->parts[i] > 0;
        if (drawn->parts[i] == 0 && wish->kinds)
            return failure_set(failure, "run %" PRId64 " cannot be drawn as %s, which needs %s", run,
                               charts[i].name, charts[i].needs);
    }
    if (!any)
        return failure_set(failure,
                           "run %" PRId64 " has measured nothing, so there is nothing to draw: name another "
                           "run, as pricereport list shows them",
                           run);
    return 0;
}

/* Draws a part in all formats of the wish. */
static int draw_part(size_t index, int part, const ChartWish *wish, FILE *paths, Failure *failure)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        const Format *format = &formats_known[i];
        if (!(wish->formats & format->flag))
            continue;
        if (draw(index, part, format, wish->directory, failure) ||
            (paths && show(index, part, format, wish->directory, paths, failure)))
            return -1;
    }
    return 0;
}

int charts_draw(sqlite3 *db, int64_t run, const ChartWish *wish, FILE *paths, ChartsDrawn *drawn,
                Failure *failure)
{
    ChartsDrawn written = {{0}, 0};
    if (charts_make_directory(wish->directory, "--out", failure) ||
        write_charts(db, run, wish, &written, failure))
        return -1;
    for (size_t i = 0; i < CHART_COUNT; i++)
        for (int part = 1; part <= written.parts[i]; part++)
            if (draw_part(i, part, wish, paths, failure))
                return -1;
    if (drawn)
        *drawn = written;
    return 0;
}
