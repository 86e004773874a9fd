/* pricereport report: one HTML page, or a site of all benchmarks. */
#include <string.h>

#include "cli/report/chart.h"
#include "cli/history/run_choice.h"
#include "cli/output/output.h"
#include "cli/report/page.h"
#include "cli/report/site.h"
#include "cli/sampling/interruption.h"
#include "cli/verbs/verbs.h"

enum { KEY_OUT = 600 };

static const struct argp_child children[] = {
    {&options_selection, 0, "Which runs:", 2},
    {&options_history, 0, "Common:", 3},
    {0},
};

/* An address that a browser opens, with {commit} for the hash. */
static void check_commit_url(struct argp_state *state, const char *url)
{
    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
        argp_error(state, "--commit-url %s: give an address that begins with https:// or http://", url);
    if (!strstr(url, "{commit}"))
        argp_error(state, "--commit-url %s: put {commit} where the hash belongs", url);
}

static error_t parse(int key, char *argument, struct argp_state *state, Options *options)
{
    switch (key) {
    case KEY_OUT:
        if (!*argument)
            argp_error(state, "--out: give the name of a folder");
        options->charts.wish.directory = argument;
        options->out_given = true;
        return 0;
    case ARGP_KEY_END:
        if (options->all && options->out_given)
            argp_error(state, "--out and --all: --all names the folder itself");
        if (options->commit_url && !options->all)
            argp_error(state, "--commit-url: it goes with --all");
        if (options->commit_url)
            check_commit_url(state, options->commit_url);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"out", KEY_OUT, "DIR", 0, "The folder for the page and its charts (pricereport-charts)", 1},
    {"all", VERB_TEXT(all), "DIR", 0, "Write a site of all benchmarks and runs into the folder DIR instead",
     1},
    {"commit-url", VERB_TEXT(commit_url), "URL", 0,
     "Address to which the commits of the site lead, with {commit} where the hash belongs", 1},
    {0},
};

static bool stopped(void *interruption)
{
    return interruption_requested(interruption);
}

/* Writes the site; a signal leaves the earlier one, and nothing beside it. */
static int write_site(History *history, SiteWish *wish, char **path, Failure *missing, Failure *failure)
{
    Interruption *interruption;
    if (interruption_begin(&interruption, failure))
        return -1;
    wish->stopped = stopped;
    wish->context = interruption;
    int result = site_write(history, wish, path, missing, failure);
    interruption_end(&interruption);
    return result;
}

static int perform_site(History *history, const Options *options, Failure *failure)
{
    SiteWish wish = {.directory = options->all, .commit_url = options->commit_url};
    char *path;
    Failure missing;
    if (options->arguments.run && run_choice_single(history, options->arguments.run, &wish.run, failure))
        return -1;
    if (write_site(history, &wish, &path, &missing, failure))
        return -1;
    printf("%s\n", path);
    sqlite3_free(path);
    if (output_finish(stdout, failure))
        return -1;
    return *missing.text ? failure_set(failure, "the site has no charts: %s", missing.text) : 0;
}

static int perform(History *history, const Options *options, Failure *failure)
{
    if (options->all)
        return perform_site(history, options, failure);
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
    .summary = "writes one HTML page about a run, or a site of all",
    .options = table,
    .children = children,
    .args_doc = "[RUN]",
    .doc =
        "Writes one HTML page about a run: what it found, its tables and charts, change points, and its machine. "
        "The page needs no other file and no network.\v"
        "RUN is a number, a label, a branch, the beginning of a commit, or latest, which is what it is when left out; "
        "then a chart that needs what the latest run lacks shows the newest run of the same machine that has it. "
        "The page is report.html in the folder, where the charts are, too; its path is printed.\n\n"
        "With --all DIR it writes a site: index.html with every benchmark, regressions first, and a page for each "
        "benchmark and each run, beside its baseline. The newest runs have charts, and so has RUN where it is given. "
        "An earlier site in DIR is replaced, and pages of runs that are gone are removed; other files there stay.",
    .arguments = VERB_ONE_RUN,
    .mode = HISTORY_READ,
    .parse = parse,
    .perform = perform,
};
