/* pricereport compare: two runs side by side. */
#include <stdio.h>

#include "cli/judging/comparison.h"
#include "cli/system/commit_range.h"
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
    if (state->arg_num > 1)
        argp_error(state, "%s: compare takes two runs", argument);
    *(state->arg_num == 0 ? &options->arguments.base : &options->arguments.run) = argument;
    return 0;
}

static const struct argp_option table[] = {
    {"fail", VERB_FLAG(fail), NULL, 0,
     "End with exit status 1 where there is a regression that is not acknowledged", 1},
    {0},
};

/* Finds the two sides; a single argument may be both of them: A..B. */
static int find_sides(History *history, const Options *options, ComparisonPlan *plan, Failure *failure)
{
    const char *base = options->arguments.base ? options->arguments.base : "previous",
               *now = options->arguments.run ? options->arguments.run : "latest";
    RangeEnds ends;
    RunChoice whole;
    Failure none;
    char first[512], last[512];
    if (!options->arguments.run && commit_range_split(base, &ends) && ends.first_length > 0 &&
        ends.last_length > 0 && run_choice_find(history, base, 0, &whole, &none)) {
        snprintf(first, sizeof first, "%.*s", (int)ends.first_length, ends.first);
        snprintf(last, sizeof last, "%s", ends.last);
        base = first;
        now = last;
    }
    return run_choice_find(history, now, 0, &plan->now, failure) ||
                   run_choice_find(history, base, plan->now.machine, &plan->base, failure)
               ? -1
               : 0;
}

static int compare(History *history, const Options *options, Failure *failure)
{
    ComparisonPlan plan = {.any_machine = options->judging.any_machine,
                           .threshold = options->judging.threshold};
    ComparisonCounts counts;
    if (find_sides(history, options, &plan, failure) || comparison_make(history, &plan, failure) ||
        comparison_count(history, &counts, failure))
        return -1;
    if (counts.compared == 0 && plan.base.kind != plan.now.kind)
        return failure_set(
            failure, "%s has nothing else to compare run %lld with: measure its benchmarks again",
            history_file(history), (long long)(plan.now.kind == CHOICE_RUN ? plan.now.run : plan.base.run));
    if (comparison_print(history, options->common.format, stdout, failure))
        return -1;
    return options->fail && counts.regressions > 0 ? EXIT_REGRESSION : EXIT_DONE;
}

const Verb verb_compare = {
    .name = "compare",
    .summary = "says which benchmarks became slower between two runs",
    .options = table,
    .children = children,
    .args_doc = "[BASE [RUN]]\nBASE..RUN",
    .doc =
        "Compares a run with another one, benchmark by benchmark, and says which became slower.\v"
        "BASE and RUN are numbers, labels, branches, beginnings of commits, what git calls them (main~5, a tag), or latest. "
        "previous and best are, for each benchmark of the other side by itself, the measurement before it and the "
        "fastest of all others. Left out they are previous and latest.\n\n"
        "A regression is all three: a Mann-Whitney test with p < 0.01, corrected for the number of benchmarks "
        "(Holm); medians that differ by the threshold; and an interval of their ratio that does not reach 1. "
        "Same: the interval is within the threshold. Else it is inconclusive.",
    .arguments = VERB_OWN,
    .mode = HISTORY_READ,
    .parse = parse,
    .perform = compare,
};
