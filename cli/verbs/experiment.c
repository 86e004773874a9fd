/* pricereport without a verb: the experiment. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report/chart.h"
#include "cli/report/findings_text.h"
#include "cli/measure/measure.h"
#include "cli/measure/python_experiment.h"
#include "cli/output/measurements.h"
#include "cli/output/output.h"
#include "cli/base/query.h"
#include "cli/measure/scan.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

enum { DEFAULT_WORKERS = 2, PUBLISHED_ROWS = 20 };

static const char *const functions[] = {"increase_price", "increase_price_crazy"};
enum { FUNCTION_COUNT = 2 };

static const struct argp_child children[] = {
    {&options_scan, 0,
     "Scans: lists, and ranges such as 4-8, 10-100:10 (by tens), 200-1600x2 (doubling); every combination is "
     "timed:",
     2},
    {&options_sampling, 0, "How to measure:", 3},
    {&options_charts, 0, "Charts:", 4},
    {&options_common, 0, "Common:", 5},
    {0},
};

/* Whether the run is all of the published experiment and no scan: the sentence on what the figures mean is
 * printed only then. */
static bool is_whole(const Options *options, bool any_workers)
{
    return options->scan.executor_count == 0 && (any_workers || options->scan.workers.count == 1) &&
           options->scan.chunks.count == 0 && options->scan.rows.count == 0 &&
           options->scan.rounds.count == 0;
}

static const struct argp_option table[] = {
    {"python", VERB_FLAG(python), NULL, 0,
     "The experiment in Python itself: by pricemap and by concurrent.futures", 1},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state, Options *options)
{
    switch (key) {
    case ARGP_KEY_ARG:
        argp_error(
            state,
            "%s: a verb comes first, and pricereport --help lists them; without one it is the experiment",
            argument);
        return 0;
    case ARGP_KEY_END:
        if (options->python && (options->scan.workers.count > 1 || !is_whole(options, true)))
            argp_error(state, "--python is the experiment as it was published: of the scans it takes only "
                              "--workers, with one number");
        if (!options->python)
            options_check_charts(state, &options->charts, &options->scan, FUNCTION_COUNT);
        if (options->scan.workers.count == 0)
            options->scan.workers = (NumberList){.numbers = {DEFAULT_WORKERS}, .count = 1};
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int read_speedup(sqlite3 *db, int64_t run, const char *function, const char *executor, double *speedup,
                        Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_experiment_speed_up, "itt", run, function, executor))
        return -1;
    *speedup = NAN;
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *speedup = sqlite3_column_double(statement, 0);
    sqlite3_finalize(statement);
    return 0;
}

static int print_meaning(sqlite3 *db, int64_t run, FILE *file, Failure *failure)
{
    Speedups speedups[FUNCTION_COUNT];
    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        if (read_speedup(db, run, functions[i], "threads", &speedups[i].threads, failure) ||
            read_speedup(db, run, functions[i], "processes", &speedups[i].processes, failure))
            return -1;
    char text[1024];
    findings_text_write(&speedups[0], &speedups[1], text, sizeof text);
    fprintf(file, "\n%s\n", text);
    return 0;
}

/* Prints what the interpreter's lock did; nothing where figures are missing. */
static int print_lock(sqlite3 *db, int64_t run, const char *version, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_experiment_lock, "it", run, version))
        return -1;
    int result = query_next(statement, failure);
    if (result > 0)
        printf("\n%s\n", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return result < 0 ? -1 : 0;
}

/* `version` is that of Python, where the experiment was in Python; else NULL. */
static int print_experiment(const Options *options, History *history, int64_t run, bool whole,
                            const char *version, Failure *failure)
{
    static const OutputQuery query = {sql_experiment_experiment, sql_experiment_experiment_table};
    sqlite3 *db = history_db(history);
    if (query_script(db, sql_experiment_published, failure) ||
        output_rows(db, &query, run, options->common.format, stdout, failure))
        return -1;
    if (options->common.format == OUTPUT_TABLE) {
        if (whole &&
            (version ? print_lock(db, run, version, failure) : print_meaning(db, run, stdout, failure)))
            return -1;
        printf("%sRun %" PRId64 ", recorded in %s\n", whole ? "" : "\n", run, history_file(history));
        if (measurements_note_load(db, run, stdout, failure))
            return -1;
    }
    return output_finish(stdout, failure);
}

static int measure_experiment(const Options *options, History *history, int64_t *run, Failure *failure)
{
    const ScanMap maps[FUNCTION_COUNT] = {{functions[0], "prices", "increase_price(p)", NULL},
                                          {functions[1], "prices",
                                           options->scan.rounds.count > 0
                                               ? "increase_price_crazy(p, 10, " MAP_ROUNDS ")"
                                               : "increase_price_crazy(p)",
                                           NULL}};
    MapJob *jobs;
    size_t count;
    if (scan_jobs(&options->scan, maps, FUNCTION_COUNT, &jobs, &count, failure))
        return -1;
    int64_t rows = scan_most_rows(&options->scan);
    const MeasurePlan plan = {.verb = "experiment",
                              .database = {.setup = sql_measure_prices,
                                           .fill = rows > PUBLISHED_ROWS ? sql_measure_more_prices : NULL,
                                           .fill_rows = rows},
                              .jobs = jobs,
                              .count = count,
                              .verify = true,
                              .recording = options_recording(options)};
    int result = measure(&plan, history, run, failure);
    free(jobs);
    return result;
}

static int perform(History *history, const Options *options, Failure *failure)
{
    int64_t run;
    Failure second;
    if (options->charts.plot && charts_make_directory(options->charts.wish.directory, "--out", failure))
        return -1;
    char version[PYTHON_VERSION_SIZE];
    const RecordingSettings recording = options_recording(options);
    int result = options->python ? python_experiment_measure(options->scan.workers.numbers[0], &recording,
                                                             history, &run, version, failure)
                                 : measure_experiment(options, history, &run, failure);
    const char *python = options->python ? version : NULL;
    if (result == RECORDING_INTERRUPTED) {
        (void)print_experiment(options, history, run, false, python, &second);
        return -1;
    }
    if (result || print_experiment(options, history, run, is_whole(options, false), python, failure))
        return -1;
    if (!options->charts.plot)
        return 0;
    FILE *paths = options->common.format == OUTPUT_TABLE ? stdout : NULL;
    return charts_draw(history_db(history), run, &options->charts.wish, paths, NULL, failure);
}

/* Sets the time of each benchmark: all six of them take some ten seconds. */
static void prepare(Options *options)
{
    options->sampling.rules.min_seconds = 0.5;
    options->sampling.rules.max_seconds = 1.5;
}

const Verb verb_experiment = {
    .name = "",
    .summary = "times the published experiment",
    .options = table,
    .children = children,
    .doc =
        "Times two price functions, mapped over a price list serially, by threads and by processes; records every "
        "sample, and prints the table.\v"
        "Each benchmark takes 0.5 to 1.5 seconds unless the options say otherwise. Ctrl-C ends the run and keeps what was "
        "measured. Without --workers there are 2, without --rows the 20 prices of the published experiment.",
    .arguments = VERB_OWN,
    .mode = HISTORY_RECORD,
    .prepare = prepare,
    .parse = parse,
    .perform = perform,
};
