/* pricereport import: what other tools measured. */
#include "cli/history/importer.h"
#include "cli/system/machine.h"
#include "cli/verbs/on_history.h"
#include "cli/output/output.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

enum { KEY_HERE = 600, KEY_LABEL };

static const struct argp_child children[] = {{&options_common, 0, "Common:", 2}, {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    Options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        options_share(state, children);
        return 0;
    case KEY_HERE:
        options->here = true;
        return 0;
    case KEY_LABEL:
        options->label = options_text(state, "--label", argument);
        return 0;
    case ARGP_KEY_ARGS:
        options_rest(state);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "the files are missing: name the JSON that the other tool wrote");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"here", KEY_HERE, NULL, 0, "It was measured on this machine, for what the files do not tell of theirs",
     1},
    {"label", KEY_LABEL, "TEXT", 0, "A name for the runs in lists and charts", 1},
    {0},
};

static const struct argp parser = {
    .options = table,
    .parser = parse,
    .args_doc = "FILE...",
    .doc = "Takes the results of other tools into the history: the JSON of hyperfine (--export-json), Google "
           "Benchmark "
           "(--benchmark_out_format=json) and pytest-benchmark (--benchmark-json), told apart by their "
           "content.\v"
           "Each file becomes one run, with every sample. A file that was imported before is not imported "
           "again. When "
           "one of the files cannot be imported, none is.",
    .children = children,
};

static int import(History *history, const Options *options, const void *context, Failure *failure)
{
    (void)context;
    static const OutputQuery query = {sql_import_outcome, sql_import_outcome_table};
    Machine machine = {0};
    machine_read(&machine);
    const ImportWish wish = {.files = options->files,
                             .count = options->file_count,
                             .label = options->label,
                             .machine = options->here ? &machine : NULL};
    if (importer_import(history, &wish, failure))
        return -1;
    return output_rows(history_db(history), &query, 0, options->format, stdout, failure);
}

int verb_import(int argc, char **argv)
{
    Options options = options_defaults("pricereport import");
    options_parse(&parser, argc, argv, &options);
    return on_history(&options, HISTORY_RECORD, import, NULL);
}
