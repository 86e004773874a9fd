/* pricereport history: benchmarks over the runs, and where they changed. */
#include "cli/history/benchmark_choice.h"
#include "cli/judging/changes.h"
#include "cli/output/output.h"
#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

static const struct argp_child children[] = {
    {&options_selection, 0, "Which runs:", 2},
    {&options_common, 0, "Common:", 3},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state, Options *options)
{
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    options_name(state, argument, &options->arguments);
    return 0;
}

static const struct argp_option table[] = {
    {"changes", VERB_FLAG(changes), NULL, 0, "Print only where a benchmark changed", 1},
    {"any-machine", VERB_FLAG(judging.any_machine), NULL, 0,
     "Print all machines, and not only that of the newest figures", 1},
    {0},
};

/* Finds the machine whose figures are printed; 0: all of them, with --any-machine. Figures of different
 * machines do not make one history. */
static int find_machine(sqlite3 *db, const Options *options, int64_t *machine, Failure *failure)
{
    *machine = 0;
    return options->judging.any_machine ? 0 : query_run(db, machine, failure, sql_judging_newest_machine, "");
}

static int print(History *history, const Options *options, Failure *failure)
{
    static const OutputQuery rows = {sql_judging_history, sql_judging_history_table};
    static const OutputQuery changes = {sql_judging_changes, sql_judging_changes_table};
    static const OutputQuery overview = {sql_judging_overview, sql_judging_overview_table};
    sqlite3 *db = history_db(history);
    int64_t machine;
    if (options->arguments.name_count > 0 ? benchmark_choice_names(history, options->arguments.names,
                                                                   options->arguments.name_count, failure)
                                          : benchmark_choice_all(history, failure))
        return -1;
    if (changes_find(db, failure) || find_machine(db, options, &machine, failure))
        return -1;
    const OutputQuery *query = options->changes                    ? &changes
                               : options->arguments.name_count > 0 ? &rows
                                                                   : &overview;
    return output_rows(db, query, machine, options->common.format, stdout, failure);
}

const Verb verb_history = {
    .name = "history",
    .summary = "prints benchmarks over the runs, and their changes",
    .options = table,
    .children = children,
    .args_doc = "[BENCHMARK...]",
    .doc =
        "Prints the figures of a benchmark over the runs, oldest first, and in which runs it changed for good.\v"
        "BENCHMARK is a name, a name with its variant as in 'increase_price threads x 2', or a pattern as in "
        "'increase_*'. Without it, every benchmark is listed with its newest figures and its last change.\n\n"
        "A change is a run from which on the medians are at another level: by the threshold, and significantly "
        "(p < 0.001), among at least 7 runs. When only the newest run differs, the change is unconfirmed: the next "
        "run decides.",
    .arguments = VERB_OWN,
    .mode = HISTORY_READ,
    .parse = parse,
    .perform = print,
};
