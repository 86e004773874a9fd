/* Functions of Python in maps, beside Python's own ways: measured by a script, in Python itself. */
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench_sql.h"
#include "cli/base/query.h"
#include "figures.h"
#include "peers.h"

enum { OUTPUT_BYTES = 65536, ROUNDS_MAX = 256, TEXT_BYTES = 128 };

/* A figure as its rounds are read. */
typedef struct Figure {
    char what[TEXT_BYTES];
    Unit unit;
    Bar bar;
    double rounds[ROUNDS_MAX];
    size_t count;
} Figure;

static int report_figure(Bench *bench, Figure *figure, Failure *failure)
{
    if (!figure->count)
        return 0;
    Estimate found = estimate(figure->rounds, figure->count);
    figure->count = 0;
    return report_result(bench, figure->what, found, figure->unit, figure->bar, NULL, failure);
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

static void begin_figure(Figure *figure, sqlite3_stmt *statement)
{
    enum { WHAT, UNIT, KIND, LIMIT };
    snprintf(figure->what, sizeof figure->what, "%s", text_of(statement, WHAT));
    figure->unit = strcmp(text_of(statement, UNIT), "seconds") == 0 ? UNIT_SECONDS : UNIT_TIMES;
    figure->bar =
        (Bar){.kind = strcmp(text_of(statement, KIND), "at least") == 0 ? BAR_AT_LEAST : BAR_AT_MOST,
              .limit = sqlite3_column_double(statement, LIMIT)};
}

static int report_figures(Bench *bench, const char *output, Failure *failure)
{
    enum { WHAT, ROUND = 4 };
    sqlite3_stmt *statement;
    Figure figure = {.count = 0};
    int result = 0, figures = 0;
    if (query_prepare(bench->report, &statement, failure, bench_sql_python_figures, "t", output))
        return -1;
    while (result == 0 && sqlite3_step(statement) == SQLITE_ROW) {
        if (!figure.count || strcmp(figure.what, text_of(statement, WHAT)) != 0) {
            result = report_figure(bench, &figure, failure);
            begin_figure(&figure, statement);
            figures++;
        }
        if (figure.count < ROUNDS_MAX)
            figure.rounds[figure.count++] = sqlite3_column_double(statement, ROUND);
    }
    if (result == 0)
        result = report_figure(bench, &figure, failure);
    if (sqlite3_finalize(statement) != SQLITE_OK || (result == 0 && !figures))
        return failure_set(failure, "python_functions.py printed '%.200s'", output);
    return result;
}

int work_python_functions(Bench *bench, Failure *failure)
{
    static char output[OUTPUT_BYTES];
    char python[] = "/usr/bin/python3", script[] = BENCH_PEERS "/python_functions.py", quick[] = "--quick";
    char probe[] = "import sqlite3; sqlite3.Connection.enable_load_extension", with[] = "-c";
    char *const probing[] = {python, with, probe, NULL};
    char *const argv[] = {
        python, script, bench->extension, bench->folder, bench->settings.quick ? quick : NULL, NULL};
    Failure none;
    if (!BENCH_PYTHON || peer_run(probing, NULL, output, sizeof output, &none))
        return report_skip(bench, "functions of Python",
                           "needs Debian's python3 and libpython3-dev, and a build with them", failure);
    if (peer_run(argv, NULL, output, sizeof output, failure))
        return -1;
    return report_figures(bench, output, failure);
}
