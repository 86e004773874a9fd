#include <errno.h>
#include <stdbool.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "chart.h"
#include "process.h"
#include "query.h"
#include "sql.h"

typedef struct Chart {
    const char *name;
    const char *script; /* follows report_style */
    const char *sql;    /* see write_rows */
} Chart;

static const Chart charts[] = {
    {"executors", report_executors, sql_chart_executors},
    {"history", report_history, sql_chart_history},
};
enum { CHART_COUNT = sizeof charts / sizeof *charts };

typedef struct Format {
    ChartFormats flag;
    const char *name;
    const char *command; /* for gnuplot -e */
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

/* Makes the folder and those above it, as mkdir -p. */
static int make_directory(const char *directory, Failure *failure)
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
        failure_set(failure, "cannot make the folder %s: %s: name another with --out", directory,
                    strerror(errno));
    free(path);
    return result;
}

/* DIRECTORY/NAME.ENDING, to be freed with sqlite3_free; NULL when out of memory. */
static char *chart_path(const char *directory, const char *name, const char *ending)
{
    return sqlite3_mprintf("%s/%s.%s", directory, name, ending);
}

static int open_for_writing(const char *directory, const char *name, const char *ending, FILE **file,
                            Failure *failure)
{
    char *path = chart_path(directory, name, ending);
    *file = path ? fopen(path, "we") : NULL;
    if (!*file)
        failure_set(failure, "cannot write %s: %s: name another folder with --out", path ? path : name,
                    strerror(errno));
    sqlite3_free(path);
    return *file ? 0 : -1;
}

static int close_written(FILE *file, const char *name, Failure *failure)
{
    bool failed = ferror(file);
    if (fclose(file) || failed)
        return failure_set(failure, "cannot write the data of the chart %s: %s", name, strerror(errno));
    return 0;
}

/* As one quoted field. gnuplot ends a field at a quote and takes a backslash for an escape, so that both are
 * written as what looks most like them; a control character becomes a space. */
static void write_text(const char *text, FILE *file)
{
    putc('"', file);
    for (; *text; text++) {
        if (*text == '"')
            fputs("”", file);
        else if (*text == '\\')
            fputs("⧵", file);
        else
            putc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, file);
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

/* The query's first column numbers gnuplot's data blocks, the others are data. Rows of a block come together.
 */
static int write_rows(sqlite3 *db, const char *sql, int64_t run, FILE *file, int64_t *rows, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql, "i", run))
        return -1;
    int columns = sqlite3_column_count(statement), rc;
    int64_t block = -1;
    *rows = 0;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
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
    int result = rc == SQLITE_DONE ? 0 : query_fail(db, failure);
    sqlite3_finalize(statement);
    return result;
}

static int write_chart(sqlite3 *db, const Chart *chart, int64_t run, const char *directory, Failure *failure)
{
    FILE *file;
    if (open_for_writing(directory, chart->name, "gp", &file, failure))
        return -1;
    fprintf(file, "%s\n%s", report_style, chart->script);
    if (close_written(file, chart->name, failure) ||
        open_for_writing(directory, chart->name, "dat", &file, failure))
        return -1;
    int64_t rows;
    int result = write_rows(db, chart->sql, run, file, &rows, failure);
    if (close_written(file, chart->name, failure) || result)
        return -1;
    if (rows == 0)
        return failure_set(failure,
                           "run %" PRId64 " has measured nothing, so there is nothing to draw: name another "
                           "run, as pricereport list shows them",
                           run);
    return 0;
}

static int draw(const Chart *chart, const Format *format, const char *directory, Failure *failure)
{
    char gnuplot[] = "gnuplot", evaluate[] = "-e";
    char command[32], script[32], said[1000];
    snprintf(command, sizeof command, "%s", format->command);
    snprintf(script, sizeof script, "%s.gp", chart->name);
    char *const argv[] = {gnuplot, evaluate, command, script, NULL};
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
        chart->name, format->name, status >= PROCESS_SIGNALED ? "signal" : "exit status",
        status >= PROCESS_SIGNALED ? status - PROCESS_SIGNALED : status, said + start, directory);
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

static int show(const Chart *chart, const Format *format, const char *directory, FILE *paths,
                Failure *failure)
{
    char *path = chart_path(directory, chart->name, format->name);
    if (!path)
        return failure_set(failure, "out of memory");
    if (format->flag == CHART_TXT)
        copy_text(path, paths);
    fprintf(paths, "%s\n", path);
    sqlite3_free(path);
    return 0;
}

int charts_draw(sqlite3 *db, int64_t run, const char *directory, ChartFormats formats, FILE *paths,
                Failure *failure)
{
    if (make_directory(directory, failure))
        return -1;
    for (size_t i = 0; i < CHART_COUNT; i++)
        if (write_chart(db, &charts[i], run, directory, failure))
            return -1;
    for (size_t i = 0; i < CHART_COUNT; i++)
        for (size_t j = 0; j < FORMAT_COUNT; j++) {
            const Format *format = &formats_known[j];
            if (!(formats & format->flag))
                continue;
            if (draw(&charts[i], format, directory, failure) ||
                (paths && show(&charts[i], format, directory, paths, failure)))
                return -1;
        }
    return 0;
}
