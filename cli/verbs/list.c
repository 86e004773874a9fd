/* pricereport list: the recorded runs. */
#include "cli/verbs/on_history.h"
#include "cli/output/output.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

static const struct argp_child children[] = {{&options_common, 0, "Common:", 2}, {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_INIT:
        options_share(state, children);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: list takes options only", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    .parser = parse,
    .doc = "Lists the recorded runs, oldest first.\v"
           "A run that is unfinished was killed, or still runs: what it had measured is kept. A + behind a "
           "commit: "
           "the work tree had changes.",
    .children = children,
};

static int list(History *history, const Options *options, const void *context, Failure *failure)
{
    (void)context;
    static const OutputQuery query = {sql_show_list, sql_show_list_table};
    return output_rows(history_db(history), &query, 0, options->format, stdout, failure);
}

int verb_list(int argc, char **argv)
{
    Options options = options_defaults("pricereport list");
    options_parse(&parser, argc, argv, &options);
    return on_history(&options, HISTORY_READ, list, NULL);
}
