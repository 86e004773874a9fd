/* pricereport report: one HTML page. */
#include "cli/report/chart.h"
#include "cli/history/run_choice.h"
#include "cli/output/output.h"
#include "cli/report/page.h"
#include "cli/verbs/verbs.h"

enum { KEY_OUT = 600 };

static const struct argp_child children[] = {
    {&options_selection, 0, "Which runs:", 2},
    {&options_history, 0, "Common:", 3},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state, Options *options)
{
    switch (key) {
    case KEY_OUT:
        if (!*argument)
            argp_error(state, "--out: give the name of a folder");
        options->charts.wish.directory = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"out", KEY_OUT, "DIR", 0, "The folder for the page and its charts (pricereport-charts)", 1},
    {0},
};

static int perform(History *history, const Options *options, Failure *failure)
{
    int64_t run;
    if (run_choice_single(history, options->arguments.run, &run, failure))
        return -1;
    ChartWish wish = options->charts.wish;
    wish.any_run = !options->arguments.run;
    char *path;
    Failure missing;
    if (page_write(history_db(history), run, &wish, &path, &missing, failure))
        return -1;
    printf("%s\n", path);
    sqlite3_free(path);
    if (output_finish(stdout, failure))
        return -1;
    return *missing.text ? failure_set(failure, "the page has no charts: %s", missing.text) : 0;
}

const Verb verb_report = {
    .name = "report",
    .summary = "writes one HTML page about a run",
    .options = table,
    .children = children,
    .args_doc = "[RUN]",
    .doc =
        "Writes one HTML page about a run: what it found, its tables and charts, change points, and its machine. "
        "The page needs no other file and no network.\v"
        "RUN is a number, a label, a branch, the beginning of a commit, or latest, which is what it is when left out; "
        "then a chart that needs what the latest run lacks shows the newest run of the same machine that has it. "
        "The page is report.html in the folder, where the charts are, too; its path is printed.",
    .arguments = VERB_ONE_RUN,
    .mode = HISTORY_READ,
    .parse = parse,
    .perform = perform,
};
