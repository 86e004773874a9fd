/* pricereport run: any map over any database. */
#include <inttypes.h>
#include <stdlib.h>

#include "chart.h"
#include "history.h"
#include "measure.h"
#include "options.h"
#include "output.h"
#include "sql.h"
#include "verbs.h"

enum {
    KEY_IN = 600,
    KEY_SOURCE,
    KEY_MAP,
    KEY_NAME,
    KEY_LOAD,
    KEY_EXECUTOR,
    KEY_WORKERS,
    KEY_CHUNK,
    KEY_VERIFY
};

static const int64_t most_workers = 1024;
static const int64_t largest_chunk = INT32_MAX;

static const struct argp_child children[] = {
    {&options_sampling, 0, "How to measure:", 2},
    {&options_charts, 0, "Charts:", 3},
    {&options_common, 0, "Common:", 4},
    {0},
};

static void check_complete(struct argp_state *state, const Options *options)
{
    if (!options->in)
        argp_error(state, "what is mapped is missing: give --in FILE, an SQLite database");
    if (!options->source)
        argp_error(state, "the rows to map are missing: give --source, a table, a view or a SELECT");
    if (!options->map)
        argp_error(state, "the map is missing: give --map, an expression over the source's columns");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    Options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        options_share(state, children);
        return 0;
    case KEY_IN:
        options->in = argument;
        return 0;
    case KEY_SOURCE:
        options->source = argument;
        return 0;
    case KEY_MAP:
        options->map = argument;
        return 0;
    case KEY_NAME:
        options->name = argument;
        return 0;
    case KEY_LOAD:
        if (options->load_count == LOADS_MAX)
            argp_error(state, "--load: at most %d extensions", LOADS_MAX);
        options->loads[options->load_count++] = argument;
        return 0;
    case KEY_EXECUTOR:
        options_executors(state, argument, options);
        return 0;
    case KEY_WORKERS:
        options_number_list(state, "--workers", argument, most_workers, &options->workers);
        return 0;
    case KEY_CHUNK:
        options_number_list(state, "--chunk", argument, largest_chunk, &options->chunks);
        return 0;
    case KEY_VERIFY:
        options->verify = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: run takes options only; put a text with spaces in quotes", argument);
        return 0;
    case ARGP_KEY_END:
        check_complete(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"in", KEY_IN, "FILE", 0, "The SQLite database, which is only read", 1},
    {"source", KEY_SOURCE, "SOURCE", 0, "The rows to map: a table, a view or a SELECT", 1},
    {"map", KEY_MAP, "MAP", 0, "The expression over the source's columns", 1},
    {"load", KEY_LOAD, "EXTENSION", 0, "An SQLite extension with functions of the map; may be repeated", 1},
    {"name", KEY_NAME, "TEXT", 0, "The name of the benchmark (the map)", 1},
    {"executor", KEY_EXECUTOR, "LIST", 0, "Of serial, threads, processes, auto (serial,threads,processes)",
     1},
    {"workers", KEY_WORKERS, "LIST", 0, "Numbers of workers, such as 1,2,4-8 (the extension's default)", 1},
    {"chunk", KEY_CHUNK, "LIST", 0, "Rows of a task, such as 1,64,4096 (chosen by the extension)", 1},
    {"verify", KEY_VERIFY, NULL, 0, "First compare the rows of every executor with those of serial", 1},
    {0},
};

static const struct argp parser = {
    .options = table,
    .parser = parse,
    .args_doc = "--in FILE --source SOURCE --map MAP",
    .doc =
        "Times a map over the rows of a database with every combination of executor, workers and chunk; "
        "records "
        "every sample, and prints the table.\v"
        "A benchmark has at least 10 samples and 3 seconds, and ends when the 95 % interval of its median is "
        "within 2 %, after 1000 samples, or after 60 seconds.",
    .children = children,
};

/* All combinations; for serial the workers mean nothing. To be freed; NULL when out of memory. */
static MapJob *make_jobs(const Options *options, size_t *count)
{
    static const char *const usual[] = {"serial", "threads", "processes"};
    const char *const *executors = options->executor_count > 0 ? options->executors : usual;
    size_t executor_count = options->executor_count > 0 ? options->executor_count : 3;
    size_t workers_count = options->workers.count > 0 ? options->workers.count : 1;
    size_t chunk_count = options->chunks.count > 0 ? options->chunks.count : 1;
    MapJob *jobs = calloc(executor_count * workers_count * chunk_count, sizeof *jobs);
    *count = 0;
    for (size_t e = 0; e < executor_count && jobs; e++)
        for (size_t w = 0; w < (executors[e][0] == 's' ? 1 : workers_count); w++)
            for (size_t c = 0; c < chunk_count; c++)
                jobs[(*count)++] = (MapJob){.name = options->name ? options->name : options->map,
                                            .source = options->source,
                                            .map = options->map,
                                            .executor = executors[e],
                                            .workers = options->workers.numbers[w],
                                            .chunk = options->chunks.numbers[c]};
    return jobs;
}

static int perform(const Options *options, char **arguments, History *history, Failure *failure)
{
    size_t count;
    MapJob *jobs = make_jobs(options, &count);
    if (!jobs)
        return failure_set(failure, "out of memory");
    const MeasurePlan plan = {
        .verb = "run",
        .database = {.file = options->in, .loads = options->loads, .load_count = options->load_count},
        .jobs = jobs,
        .count = count,
        .verify = options->verify,
        .options = options,
        .arguments = arguments};
    int64_t run;
    int result = measure(&plan, history, &run, failure);
    free(jobs);
    static const OutputQuery query = {sql_run, sql_run_table};
    if (result || output_rows(history_db(history), &query, run, options->format, stdout, failure))
        return -1;
    if (options->format == OUTPUT_TABLE)
        printf("\nRun %" PRId64 ", recorded in %s\n", run, history_file(history));
    if (output_finish(stdout, failure))
        return -1;
    if (!options->plot)
        return 0;
    FILE *paths = options->format == OUTPUT_TABLE ? stdout : NULL;
    return charts_draw(history_db(history), run, options->out, options->chart_formats, paths, failure);
}

int verb_run(int argc, char **argv)
{
    Options options = options_defaults("pricereport run");
    options_parse(&parser, argc, argv, &options);
    Failure failure;
    History *history;
    if (history_open(&history, options.db, HISTORY_RECORD, &failure))
        return failure_print(&failure);
    int result = perform(&options, argv + 1, history, &failure);
    history_close(&history);
    return result ? failure_print(&failure) : EXIT_DONE;
}
