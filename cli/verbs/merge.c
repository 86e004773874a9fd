/* pricereport merge: histories from other machines. */
#include "cli/history/merger.h"
#include "cli/verbs/on_history.h"
#include "cli/output/output.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

static const struct argp_child children[] = {{&options_common, 0, "Common:", 2}, {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    switch (key) {
    case ARGP_KEY_INIT:
        options_share(state, children);
        return 0;
    case ARGP_KEY_ARGS:
        options_rest(state);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "the histories are missing: name the files to take in");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    .parser = parse,
    .args_doc = "OTHER...",
    .doc = "Takes all runs of other histories into this one, from other machines too.\v"
           "The other files are only read. What is there already stays as it is, so that merging twice "
           "changes nothing; "
           "a run that was unfinished here and went on there is completed. Runs get new numbers here.",
    .children = children,
};

static int merge_all(History *history, const Options *options, const void *context, Failure *failure)
{
    (void)context;
    static const OutputQuery query = {sql_merge_outcome, sql_merge_outcome_table};
    if (merger_begin(history, failure))
        return -1;
    for (size_t i = 0; i < options->file_count; i++)
        if (merger_merge(history, options->files[i], failure))
            return -1;
    return output_rows(history_db(history), &query, 0, options->format, stdout, failure);
}

int verb_merge(int argc, char **argv)
{
    Options options = options_defaults("pricereport merge");
    options_parse(&parser, argc, argv, &options);
    return on_history(&options, HISTORY_RECORD, merge_all, NULL);
}
