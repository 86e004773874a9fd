/* pricereport check: whether a run is slower than its baseline, for continuous integration. */
#include <inttypes.h>
#include <string.h>

#include "cli/judging/comparison.h"
#include "cli/base/query.h"
#include "cli/measure/remeasure.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

static const struct argp_child children[] = {
    {&options_judging, 0, "How to judge:", 2},
    {&options_selection, 0, "Which runs:", 3},
    {&options_common, 0, "Common:", 4},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state, Options *options)
{
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    if (options->arguments.run)
        argp_error(state, "%s: check takes one run; what it is compared with is --against", argument);
    options->arguments.run = argument;
    return 0;
}

static const struct argp_option table[] = {
    {"against", VERB_TEXT(arguments.base), "BASE", 0, "The baseline (previous)", 1},
    {"once", VERB_FLAG(once), NULL, 0, "Do not measure a suspected regression once more", 1},
    {0},
};

/* Only a whole run can pass. */
static int check_finished(History *history, int64_t run, Failure *failure)
{
    char *status;
    if (query_text(history_db(history), &status, failure, sql_judging_run_status, "i", run))
        return -1;
    int result = 0;
    if (!status || strcmp(status, "finished") != 0)
        result =
            failure_set(failure, "run %" PRId64 " is %s, and a part cannot pass for the whole: measure again",
                        run, status ? status : "gone");
    sqlite3_free(status);
    return result;
}

/* Measures the run once more, and judges its regressions again. Where that cannot be done they stay, with a
 * message that says why. */
static int judge_again(History *history, int64_t run, Failure *failure)
{
    int64_t repetition;
    Failure reason;
    if (remeasure(history, run, &repetition, &reason) == 0)
        return comparison_judge_again(history, repetition, failure);
    fprintf(stderr, "pricereport: run %" PRId64 " could not be measured once more: %s\n", run, reason.text);
    return 0;
}

static int check(History *history, const Options *options, Failure *failure)
{
    ComparisonPlan plan = {.any_machine = options->judging.any_machine,
                           .threshold = options->judging.threshold};
    ComparisonCounts counts;
    if (run_choice_find(history, options->arguments.run ? options->arguments.run : "latest", 0, &plan.now,
                        failure))
        return -1;
    if (plan.now.kind != CHOICE_RUN)
        return failure_set(failure, "%s is no run to check: give it as the baseline, with --against",
                           options->arguments.run);
    if (run_choice_find(history, options->arguments.base ? options->arguments.base : "previous",
                        plan.now.machine, &plan.base, failure) ||
        check_finished(history, plan.now.run, failure) || comparison_make(history, &plan, failure) ||
        comparison_count(history, &counts, failure))
        return -1;
    if (counts.regressions > 0 && !options->once &&
        (judge_again(history, plan.now.run, failure) || comparison_count(history, &counts, failure)))
        return -1;
    if (counts.compared == 0)
        fprintf(stderr, "pricereport: nothing of run %" PRId64 " was checked: %s\n", plan.now.run,
                counts.excluded > 0 ? "its figures or those of its baseline are excluded"
                                    : "there is no baseline for it");
    if (comparison_print(history, options->common.format, stdout, failure))
        return -1;
    return counts.regressions > 0 ? EXIT_REGRESSION : EXIT_DONE;
}

const Verb verb_check = {
    .name = "check",
    .summary = "fails where a run is slower than its baseline",
    .options = table,
    .children = children,
    .args_doc = "[RUN]",
    .doc =
        "Ends with exit status 1 where a run is slower than its baseline.\v"
        "RUN and BASE are named and judged as by pricereport compare. RUN is the latest when left "
        "out; BASE is, for each benchmark by itself, the measurement before it on the same machine. "
        "best is the fastest of all others.\n\n"
        "Before it fails, it performs the run's recorded command once more, in the current folder, and only what "
        "is slower then, too, is a regression. "
        "A change that is meant to be is acknowledged with pricereport ack.\n\n"
        "Exit status: 0 no regression, 1 a regression, 2 wrong usage, 3 could not do it.",
    .arguments = VERB_OWN,
    .mode = HISTORY_READ,
    .parse = parse,
    .perform = check,
};
