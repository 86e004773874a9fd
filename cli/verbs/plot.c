/* pricereport plot: charts of what is recorded. */
#include "cli/report/chart.h"
#include "cli/history/run_choice.h"
#include "cli/verbs/on_history.h"
#include "cli/output/output.h"
#include "cli/verbs/verbs.h"

static const struct argp_child children[] = {
    {&options_chart_files, 0, "Charts:", 2},
    {&options_history, 0, "Common:", 3},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_INIT:
        options_share(state, children);
        return 0;
    case ARGP_KEY_ARG:
        options_run(state, argument, "plot takes one run");
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
        "RUN is a number, label, branch, beginning of a commit, or latest, which is what it is when left "
        "out; then a "
        "chart that "
        "needs what the latest run lacks shows the newest run of the same machine that has it. Beside each "
        "chart its data (.dat) and its script (.gp) are kept. The paths of the charts are printed; charts "
        "in txt "
        "are shown in the terminal, too.",
    .children = children,
};

static int plot(History *history, const Options *options, const void *context, Failure *failure)
{
    (void)context;
    int64_t run;
    if (run_choice_single(history, options->run, &run, failure))
        return -1;
    return charts_draw(history_db(history), run, &options->charts, stdout, NULL, failure);
}

int verb_plot(int argc, char **argv)
{
    Options options = options_defaults("pricereport plot");
    options_parse(&parser, argc, argv, &options);
    options.charts.any_run = !options.run;
    return on_history(&options, HISTORY_READ, plot, NULL);
}
