#include "figures.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bench_sql.h"
#include "cli/base/format.h"
#include "cli/system/machine.h"
#include "cli/output/output.h"
#include "cli/base/query.h"
#include "cli/system/work_tree.h"

static double number_of(sqlite3_value *value)
{
    return sqlite3_value_type(value) == SQLITE_NULL ? NAN : sqlite3_value_double(value);
}

/* fine_times(ratio): a digit more than the command's times(), because bars are as narrow as 1.03. */
static void sql_fine_times(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    double ratio = number_of(values[0]);
    if (!isfinite(ratio)) {
        sqlite3_result_text(context, "–", -1, SQLITE_STATIC);
        return;
    }
    int decimals = fabs(ratio) < 9.9995 ? 3 : fabs(ratio) < 99.95 ? 1 : 0;
    char text[FORMAT_SIZE];
    snprintf(text, sizeof text, "%.*f ×", decimals, ratio);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void sql_percent(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    double fraction = number_of(values[0]);
    char text[FORMAT_SIZE] = "–";
    if (isfinite(fraction))
        snprintf(text, sizeof text, "%.1f %%", fraction * 100);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

int report_open(Bench *bench, Failure *failure)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    int rc = sqlite3_open(":memory:", &bench->report);
    if (rc == SQLITE_OK)
        rc = format_register(bench->report);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(bench->report, "fine_times", 1, flags, NULL, sql_fine_times, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(bench->report, "percent", 1, flags, NULL, sql_percent, NULL, NULL);
    if (rc != SQLITE_OK)
        return failure_set(failure, "cannot keep a report: %s", sqlite3_errstr(rc));
    return query_script(bench->report, bench_sql_report, failure);
}

void report_close(Bench *bench)
{
    sqlite3_close(bench->report);
    bench->report = NULL;
}

int report_fact(Bench *bench, const char *name, const char *value, Failure *failure)
{
    return query_run(bench->report, NULL, failure, bench_sql_add_fact, "tt", name, value);
}

static const char *unit_name(Unit unit)
{
    static const char *const names[] = {"times", "seconds", "fraction", "count"};
    return names[unit];
}

static const char *bar_sense(Bar bar)
{
    return bar.kind == BAR_AT_LEAST ? ">=" : bar.kind == BAR_AT_MOST ? "<=" : NULL;
}

/* -1: there is no bar. */
static int64_t bar_reached(Bar bar, double figure)
{
    switch (bar.kind) {
    case BAR_AT_LEAST:
        return figure >= bar.limit;
    case BAR_AT_MOST:
        return figure <= bar.limit;
    case BAR_JUDGED:
        return bar.reached;
    default:
        return -1;
    }
}

int report_result(Bench *bench, const char *what, Estimate figure, Unit unit, Bar bar, const char *remark,
                  Failure *failure)
{
    bool limited = bar.kind == BAR_AT_LEAST || bar.kind == BAR_AT_MOST;
    return query_run(bench->report, NULL, failure, bench_sql_add_result, "ttdddittdtot", bench->work, what,
                     figure.median, figure.low, figure.high, (int64_t)figure.count, unit_name(unit),
                     bar_sense(bar), limited ? bar.limit : NAN,
                     bar.kind == BAR_JUDGED ? bar.text : (const char *)NULL, bar_reached(bar, figure.median),
                     remark);
}

int report_count(Bench *bench, const char *what, int64_t count, int64_t most, const char *remark,
                 Failure *failure)
{
    const Estimate figure = {.median = (double)count, .low = -INFINITY, .high = INFINITY, .count = 1};
    const Bar bar = {.kind = BAR_AT_MOST, .limit = (double)most};
    return report_result(bench, what, figure, UNIT_COUNT, bar, remark, failure);
}

static int report_absent(Bench *bench, const char *what, const char *word, const char *why, Failure *failure)
{
    char *text = sqlite3_mprintf("%s: %s", word, why);
    if (!text)
        return failure_set(failure, "out of memory");
    int result = query_run(bench->report, NULL, failure, bench_sql_add_result, "ttnnnnnnnnnnt", bench->work,
                           what, text);
    sqlite3_free(text);
    return result;
}

int report_skip(Bench *bench, const char *what, const char *why, Failure *failure)
{
    return report_absent(bench, what, "skipped", why, failure);
}

int report_failed(Bench *bench, const char *what, const char *why, Failure *failure)
{
    return report_absent(bench, what, "failed", why, failure);
}

int report_timing(Bench *bench, const char *subject, Estimate seconds, Failure *failure)
{
    return query_run(bench->report, NULL, failure, bench_sql_add_timing, "ttdddi", bench->work, subject,
                     seconds.median, seconds.low, seconds.high, (int64_t)seconds.count);
}

int report_cell(Bench *bench, const Cell *cell, Failure *failure)
{
    return query_run(bench->report, NULL, failure, bench_sql_add_cell, "tiodddddtddt", cell->cost,
                     cell->rows_wanted, cell->rows, cell->plain, cell->serial, cell->threads, cell->processes,
                     cell->automatic, cell->chosen, cell->regret, cell->over_serial, cell->note);
}

int report_model(Bench *bench, const ModelLine *line, Failure *failure)
{
    const double *p = line->predicted;
    return query_run(bench->report, NULL, failure, bench_sql_add_model, "ttddddddddddd", line->access,
                     line->cost, line->row_seconds, line->chunk, line->measured, line->limit_processors, p[0],
                     p[1], p[2], p[3], p[4], p[5], p[6]);
}

/* The state of the sources that were built, wherever the bench runs. */
static void read_commit(char *text, size_t size)
{
    WorkTree tree = {0};
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (here >= 0 && chdir(BENCH_SOURCES) == 0) {
        work_tree_read(&tree);
        if (fchdir(here))
            fprintf(stderr, "bench: cannot go back to the current folder: %s\n", strerror(errno));
    }
    if (here >= 0)
        close(here);
    snprintf(text, size, "%.12s%s", tree.commit[0] ? tree.commit : "unknown", tree.dirty ? ", changed" : "");
}

int report_load(Bench *bench, const char *name, Failure *failure)
{
    char text[32];
    snprintf(text, sizeof text, "%.2f", machine_load());
    return report_fact(bench, name, text, failure);
}

int report_disturbances(Bench *bench, Failure *failure)
{
    Machine machine;
    machine_read(&machine);
    char processor[256], system[256], software[256], commit[96], workers[32], when[32];
    snprintf(processor, sizeof processor, "%lld × %s, %s, %lld GiB", (long long)machine.processors,
             machine.processor, machine.architecture, (long long)machine.memory_gib);
    snprintf(system, sizeof system, "%s", machine.kernel);
    snprintf(software, sizeof software, "SQLite %s, %s, %s", machine.sqlite, machine.compiler, machine.flags);
    snprintf(workers, sizeof workers, "%d", bench->settings.workers);
    read_commit(commit, sizeof commit);
    time_t now = time(NULL);
    struct tm utc;
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    const char *facts[][2] = {{"time", when},         {"processors", processor}, {"system", system},
                              {"software", software}, {"commit", commit},        {"workers", workers}};
    int result = 0;
    for (size_t i = 0; i < sizeof facts / sizeof *facts && result == 0; i++)
        result = report_fact(bench, facts[i][0], facts[i][1], failure);
    return result ? result : report_load(bench, "load at the start", failure);
}

/* A table, unless it is empty. */
static int print_table(Bench *bench, const char *table, const char *title, const char *sql, FILE *file,
                       Failure *failure)
{
    int64_t rows = 0;
    int result = query_run(bench->report, &rows, failure, bench_sql_row_count, "t", table);
    if (result || rows == 0)
        return result;
    if (title)
        fprintf(file, "\n%s\n\n", title);
    const OutputQuery query = {sql, sql};
    return output_rows(bench->report, &query, 0, OUTPUT_TABLE, file, failure);
}

static int print_tables(Bench *bench, FILE *file, Failure *failure)
{
    static const struct {
        const char *table, *title, *sql;
    } tables[] = {
        {"fact", NULL, bench_sql_print_facts},
        {"result",
         "Medians with 95 % intervals; ratios are taken round by round. A figure is held against its bar by "
         "its "
         "median.",
         bench_sql_print_results},
        {"cell",
         "`auto` against the best of serial, threads and processes (regret), and against executor serial. "
         "The first of "
         "the times is a plain SELECT.",
         bench_sql_print_cells},
        {"model",
         "Predicted speed-up over a plain SELECT by number of processors, the host's included. Assumed: a "
         "long table, "
         "chunks of 1 ms, and workers that scale perfectly; only what the host itself does per row and per "
         "chunk, "
         "measured here, does not.",
         bench_sql_print_model},
        {"timing", "The times behind these figures", bench_sql_print_timings},
    };
    int result = 0;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && result == 0; i++)
        result = print_table(bench, tables[i].table, tables[i].title, tables[i].sql, file, failure);
    return result;
}

int report_print(Bench *bench, bool json, FILE *file, Failure *failure)
{
    int result = 0;
    if (json) {
        char *text;
        result = query_text(bench->report, &text, failure, bench_sql_json, "");
        if (result == 0)
            fprintf(file, "%s\n", text);
        sqlite3_free(text);
    } else {
        result = print_tables(bench, file, failure);
    }
    return result ? result : output_finish(file, failure);
}
