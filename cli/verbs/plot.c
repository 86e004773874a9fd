/* pricereport plot: charts of what is recorded. */
#include "cli/report/chart.h"
#include "cli/history/run_choice.h"
#include "cli/output/output.h"
#include "cli/verbs/verbs.h"

static const struct argp_child children[] = {
    {&options_chart_files, 0, "Charts:", 2},
    {&options_selection, 0, "Which runs:", 3},
    {&options_history, 0, "Common:", 4},
    {0},
};

static int plot(History *history, const Options *options, Failure *failure)
{
    int64_t run;
    if (run_choice_single(history, options->arguments.run, &run, failure))
        return -1;
    ChartWish wish = options->charts.wish;
    wish.any_run = !options->arguments.run;
    return charts_draw(history_db(history), run, &wish, stdout, NULL, failure);
}

const Verb verb_plot = {
    .name = "plot",
    .summary = "draws charts of what is recorded",
    .children = children,
    .args_doc = "[RUN]",
    .doc =
        "Draws what is recorded: the executors of a run compared, the history of its benchmarks on its machine, "
        "the distribution of its samples, and the timeline of its workers; of runs with several numbers of workers, "
        "the gain by each; of runs with several numbers of rows, from which number on workers are faster.\v"
        "RUN is a number, a label, a branch, the beginning of a commit, or latest, which is what it is when left out; "
        "then a chart that needs what the latest run lacks shows the newest run of the same machine that has it. "
        "Beside each chart its data (.dat) and its script (.gp) are kept. "
        "The paths of the charts are printed; charts in txt are shown in the terminal, too.",
    .arguments = VERB_ONE_RUN,
    .mode = HISTORY_READ,
    .perform = plot,
};
