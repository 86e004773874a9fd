/* pricereport show: one run. */
#include "history.h"
#include "measurements.h"
#include "options.h"
#include "output.h"
#include "sql.h"
#include "verbs.h"

enum { KEY_SAMPLES = 600 };

static const OutputQuery details = {sql_run_details, sql_run_details_table};
static const OutputQuery samples = {sql_samples, sql_samples_table};

static const struct argp_child children[] = {{&options_common, 0, "Common:", 2}, {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    Options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        options_share(state, children);
        return 0;
    case KEY_SAMPLES:
        options->samples = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->run)
            argp_error(state, "%s: show takes one run", argument);
        options->run = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"samples", KEY_SAMPLES, NULL, 0, "Print every sample instead, in the order they were taken", 1},
    {0},
};

static const struct argp parser = {
    .options = table,
    .parser = parse,
    .args_doc = "[RUN]",
    .doc = "Prints what is known of a run, and what it measured.\v"
           "RUN is a number, as pricereport list shows it, or latest, which is what it is when left out. "
           "With --csv, "
           "the measurements alone are printed.",
    .children = children,
};

static int show_json(sqlite3 *db, const OutputQuery *measurements, int64_t run, Failure *failure)
{
    fputs("{\"run\":", stdout);
    if (output_json_object(db, &details, run, stdout, failure))
        return -1;
    fputs(",\n\"measurements\":", stdout);
    if (output_rows(db, measurements, run, OUTPUT_JSON, stdout, failure))
        return -1;
    fputs("}\n", stdout);
    return 0;
}

static int show(History *history, const Options *options, Failure *failure)
{
    int64_t run;
    sqlite3 *db = history_db(history);
    if (history_find_run(history, options->run, &run, failure))
        return -1;
    if (options->samples)
        return output_rows(db, &samples, run, options->format, stdout, failure);
    const OutputQuery *measurements = measurements_query(db, run, failure);
    if (!measurements)
        return -1;
    if (options->format == OUTPUT_JSON)
        return show_json(db, measurements, run, failure);
    if (options->format != OUTPUT_CSV) {
        if (output_rows(db, &details, run, options->format, stdout, failure))
            return -1;
        fputs("\n", stdout);
    }
    return output_rows(db, measurements, run, options->format, stdout, failure);
}

int verb_show(int argc, char **argv)
{
    Options options = options_defaults("pricereport show");
    options_parse(&parser, argc, argv, &options);
    Failure failure;
    History *history;
    if (history_open(&history, options.db, HISTORY_READ, &failure))
        return failure_print(&failure);
    int result = show(history, &options, &failure);
    if (result == 0)
        result = output_finish(stdout, &failure);
    history_close(&history);
    return result ? failure_print(&failure) : EXIT_DONE;
}
