/* pricereport history: benchmarks over the runs, and where they changed. */
#include "cli/history/benchmark_choice.h"
#include "cli/judging/changes.h"
#include "cli/verbs/on_history.h"
#include "cli/output/output.h"
#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

enum { KEY_CHANGES = 600, KEY_ANY_MACHINE };

static const struct argp_child children[] = {{&options_common, 0, "Common:", 2}, {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    Options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        options_share(state, children);
        return 0;
    case KEY_CHANGES:
        options->changes = true;
        return 0;
    case KEY_ANY_MACHINE:
        options->any_machine = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->name_count == NAMES_MAX)
            argp_error(state, "at most %d benchmarks", NAMES_MAX);
        options->names[options->name_count++] = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"changes", KEY_CHANGES, NULL, 0, "Print only where a benchmark changed", 1},
    {"any-machine", KEY_ANY_MACHINE, NULL, 0, "Print all machines, and not only that of the newest figures",
     1},
    {0},
};

static const struct argp parser = {
    .options = table,
    .parser = parse,
    .args_doc = "[BENCHMARK...]",
    .doc =
        "Prints the figures of a benchmark over the runs, oldest first, and in which runs it changed for "
        "good.\v"
        "BENCHMARK is a name, a name with its variant as in 'increase_price threads x 2', or a pattern as in "
        "'increase_*'. Without it, every benchmark is listed with its newest figures and its last change.\n\n"
        "A change is where two levels meet that differ by the threshold, and for certain (p < 0.001), among "
        "at "
        "least 7 runs. When only the newest run differs, it is unconfirmed: the next one tells.",
    .children = children,
};

/* Figures of different machines are no history of one thing: one machine at a time, unless asked. */
static int find_machine(sqlite3 *db, const Options *options, int64_t *machine, Failure *failure)
{
    *machine = 0;
    return options->any_machine ? 0 : query_run(db, machine, failure, sql_judging_newest_machine, "");
}

static int print(History *history, const Options *options, const void *context, Failure *failure)
{
    (void)context;
    static const OutputQuery rows = {sql_judging_history, sql_judging_history_table};
    static const OutputQuery changes = {sql_judging_changes, sql_judging_changes_table};
    static const OutputQuery overview = {sql_judging_overview, sql_judging_overview_table};
    sqlite3 *db = history_db(history);
    int64_t machine;
    if (options->name_count > 0
            ? benchmark_choice_names(history, options->names, options->name_count, failure)
            : benchmark_choice_all(history, failure))
        return -1;
    if (changes_find(db, failure) || find_machine(db, options, &machine, failure))
        return -1;
    const OutputQuery *query = options->changes ? &changes : options->name_count > 0 ? &rows : &overview;
    return output_rows(db, query, machine, options->format, stdout, failure);
}

int verb_history(int argc, char **argv)
{
    Options options = options_defaults("pricereport history");
    options_parse(&parser, argc, argv, &options);
    return on_history(&options, HISTORY_READ, print, NULL);
}
