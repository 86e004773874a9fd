/* pricereport plot: charts of what is recorded. */
#include "chart.h"
#include "history.h"
#include "options.h"
#include "output.h"
#include "verbs.h"

static const struct argp_child children[] = {
    {&options_chart_files, 0, "Charts:", 2},
    {&options_history, 0, "Common:", 3},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    Options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        options_share(state, children);
        return 0;
    case ARGP_KEY_ARG:
        if (options->run)
            argp_error(state, "%s: plot takes one run", argument);
        options->run = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    .parser = parse,
    .args_doc = "[RUN]",
    .doc =
        "Draws what is recorded: the executors of a run compared, the history of its benchmarks on its "
        "machine, the distribution of its samples, and the timeline of its workers; and where numbers of "
        "workers, or rows and their cost, were varied, how it scales, and from where on it pays.\v"
        "RUN is a number, as pricereport list shows it, or latest, which is what it is when left out; then a "
        "chart that "
        "needs what the latest run lacks shows the newest run of the same machine that has it. Beside each "
        "chart its data (.dat) and its script (.gp) are kept. The paths of the charts are printed; charts "
        "in txt "
        "are shown in the terminal, too.",
    .children = children,
};

int verb_plot(int argc, char **argv)
{
    Options options = options_defaults("pricereport plot");
    options_parse(&parser, argc, argv, &options);
    Failure failure;
    History *history;
    if (history_open(&history, options.db, HISTORY_READ, &failure))
        return failure_print(&failure);
    int64_t run;
    int result = history_find_run(history, options.run, &run, &failure);
    options.charts.any_run = !options.run;
    if (result == 0)
        result = charts_draw(history_db(history), run, &options.charts, stdout, NULL, &failure);
    if (result == 0)
        result = output_finish(stdout, &failure);
    history_close(&history);
    return result ? failure_print(&failure) : EXIT_DONE;
}
