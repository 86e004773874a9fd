/* pricereport threshold: the smallest change of a benchmark's median that counts. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/history/benchmark_choice.h"
#include "cli/output/output.h"
#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

static error_t parse(int key, char *argument, struct argp_state *state, Options *options)
{
    switch (key) {
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            options->arguments.names[options->arguments.name_count++] = argument;
        else if (state->arg_num == 1)
            options->judging.threshold = options_percent(state, "the threshold", argument);
        else
            argp_error(state, "%s: threshold takes one benchmark and one percentage", argument);
        options->percent_given = state->arg_num == 1;
        return 0;
    case ARGP_KEY_END:
        if (options->undo && (options->arguments.name_count == 0 || options->percent_given))
            argp_error(state, "--undo takes a benchmark, and no percentage");
        if (options->arguments.name_count > 0 && !options->undo && !options->percent_given)
            argp_error(state, "the percentage is missing, as in: pricereport threshold %s 10",
                       options->arguments.names[0]);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"undo", VERB_FLAG(undo), NULL, 0, "Go back to the threshold of all benchmarks", 1},
    {0},
};

static int set(History *history, const Options *options, Failure *failure)
{
    sqlite3 *db = history_db(history);
    if (benchmark_choice_names(history, options->arguments.names, options->arguments.name_count, failure))
        return -1;
    if (query_run(db, NULL, failure,
                  options->undo ? sql_judging_delete_thresholds : sql_judging_set_thresholds, "d",
                  options->judging.threshold))
        return -1;
    int changes = sqlite3_changes(db);
    if (changes == 0)
        return failure_set(failure,
                           "%s has no threshold of its own: pricereport threshold lists those that have",
                           options->arguments.names[0]);
    if (options->undo)
        printf("Thresholds removed: %d\n", changes);
    else
        printf("Thresholds set to %g %%: %d\n", options->judging.threshold, changes);
    return 0;
}

static int perform(History *history, const Options *options, Failure *failure)
{
    static const OutputQuery query = {sql_judging_thresholds, sql_judging_thresholds_table};
    return options->arguments.name_count > 0
               ? set(history, options, failure)
               : output_rows(history_db(history), &query, 0, options->common.format, stdout, failure);
}

/* A negative percentage would be taken for an option. */
static void refuse_negative(Options *options)
{
    for (char *const *argument = options->command_line; *argument; argument++)
        if ((*argument)[0] == '-' && isdigit((unsigned char)(*argument)[1])) {
            fprintf(stderr, "pricereport: the threshold %s: give a percentage above 0, such as 5 or 2.5\n",
                    *argument);
            exit(EXIT_USAGE);
        }
}

const Verb verb_threshold = {
    .name = "threshold",
    .summary = "sets the smallest change of a benchmark that counts",
    .options = table,
    .args_doc = "[BENCHMARK PERCENT]",
    .doc =
        "Sets the smallest change of a benchmark's median that counts, for one that is noisier or steadier than "
        "others.\v"
        "BENCHMARK is a name, a name with its variant as in 'increase_price threads x 2', or a pattern as in "
        "'increase_*'. Without it, the thresholds that were set are listed; all others are 5 percent.",
    .arguments = VERB_OWN,
    .mode = HISTORY_READ,
    .prepare = refuse_negative,
    .parse = parse,
    .perform = perform,
};
