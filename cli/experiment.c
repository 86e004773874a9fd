/* pricereport without a verb: the experiment. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "chart.h"
#include "history.h"
#include "meaning.h"
#include "measure.h"
#include "options.h"
#include "output.h"
#include "query.h"
#include "sql.h"
#include "verbs.h"

enum { KEY_WORKERS = 600, DEFAULT_WORKERS = 2, MOST_WORKERS = 1024 };

/* Six benchmarks, and the whole of them in ten seconds. */
static const double default_min_seconds = 0.5;
static const double default_max_seconds = 1.5;

static const char *const functions[] = {"increase_price", "increase_price_crazy"};
static const char *const maps[] = {"increase_price(p)", "increase_price_crazy(p)"};
static const char *const executors[] = {"serial", "threads", "processes"};
enum { FUNCTION_COUNT = 2, EXECUTOR_COUNT = 3, JOB_COUNT = FUNCTION_COUNT * EXECUTOR_COUNT };

static const struct argp_child children[] = {
    {&options_sampling, 0, "How to measure:", 2},
    {&options_charts, 0, "Charts:", 3},
    {&options_common, 0, "Common:", 4},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    Options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        options_share(state, children);
        return 0;
    case KEY_WORKERS:
        options->workers.numbers[0] = options_number(state, "--workers", argument, 1, MOST_WORKERS);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(
            state,
            "%s: a verb comes first and is one of run, list, show, plot; without one it is the experiment",
            argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"workers", KEY_WORKERS, "N", 0, "Threads or processes that share the work (2)", 1},
    {0},
};

static const struct argp parser = {
    .options = table,
    .parser = parse,
    .doc = "Times two price functions, mapped over a price list serially, by threads and by processes; "
           "records every "
           "sample, and prints the table.\v"
           "Each benchmark takes 0.5 to 1.5 seconds unless told otherwise.\n\n"
           "Verbs, each with its own --help:\n"
           "  pricereport run    times any map over any database\n"
           "  pricereport list   lists the recorded runs\n"
           "  pricereport show   prints a run, or its samples\n"
           "  pricereport plot   draws charts of what is recorded\n\n"
           "Exit status: 0 done, 2 wrong usage, 3 could not do it.",
    .children = children,
};

static int read_speedup(sqlite3 *db, int64_t run, const char *function, const char *executor, double *speedup,
                        Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_speed_up, "itt", run, function, executor))
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
    meaning_write(&speedups[0], &speedups[1], text, sizeof text);
    fprintf(file, "\n%s\n", text);
    return 0;
}

static int print_experiment(History *history, int64_t run, OutputFormat format, Failure *failure)
{
    static const OutputQuery query = {sql_experiment, sql_experiment_table};
    sqlite3 *db = history_db(history);
    if (query_script(db, sql_published, failure) || output_rows(db, &query, run, format, stdout, failure))
        return -1;
    if (format == OUTPUT_TABLE) {
        if (print_meaning(db, run, stdout, failure))
            return -1;
        printf("Run %" PRId64 ", recorded in %s\n", run, history_file(history));
    }
    return output_finish(stdout, failure);
}

static int perform(const Options *options, char **arguments, History *history, Failure *failure)
{
    MapJob jobs[JOB_COUNT];
    for (size_t i = 0; i < JOB_COUNT; i++)
        jobs[i] = (MapJob){.name = functions[i / EXECUTOR_COUNT],
                           .source = "prices",
                           .map = maps[i / EXECUTOR_COUNT],
                           .executor = executors[i % EXECUTOR_COUNT],
                           .workers = options->workers.numbers[0]};
    const MeasurePlan plan = {.verb = "experiment",
                              .database = {.setup = sql_prices},
                              .jobs = jobs,
                              .count = JOB_COUNT,
                              .verify = true,
                              .options = options,
                              .arguments = arguments};
    int64_t run;
    if (measure(&plan, history, &run, failure) || print_experiment(history, run, options->format, failure))
        return -1;
    if (!options->plot)
        return 0;
    FILE *paths = options->format == OUTPUT_TABLE ? stdout : NULL;
    return charts_draw(history_db(history), run, options->out, options->chart_formats, paths, failure);
}

int verb_experiment(int argc, char **argv)
{
    Options options = options_defaults("pricereport");
    options.rules.min_seconds = default_min_seconds;
    options.rules.max_seconds = default_max_seconds;
    options.workers.numbers[0] = DEFAULT_WORKERS;
    options_parse(&parser, argc, argv, &options);

    Failure failure;
    History *history;
    if (history_open(&history, options.db, HISTORY_RECORD, &failure))
        return failure_print(&failure);
    int result = perform(&options, argv + 1, history, &failure);
    history_close(&history);
    return result ? failure_print(&failure) : EXIT_DONE;
}
