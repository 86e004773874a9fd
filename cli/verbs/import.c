/* pricereport import: what other tools measured. */
#include "cli/history/importer.h"
#include "cli/system/machine.h"
#include "cli/output/output.h"
#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

enum { KEY_LABEL = 600, KEY_MACHINE, KEY_FORMAT };

static error_t parse(int key, char *argument, struct argp_state *state, Options *options)
{
    switch (key) {
    case KEY_LABEL:
        options->sampling.label = options_text(state, "--label", argument);
        return 0;
    case KEY_MACHINE:
        options->sampling.machine = options_machine(state, argument);
        return 0;
    case KEY_FORMAT:
        if (!importer_knows(argument))
            argp_error(state, "--format %s: give " IMPORTER_FORMATS, argument);
        options->exchange_format = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"format", KEY_FORMAT, "FORMAT", 0,
     "What all files are, where their content does not say: " IMPORTER_FORMATS, 1},
    {"here", VERB_FLAG(here), NULL, 0, "Record this machine where a file does not describe its own", 1},
    {"ignore-failure", VERB_FLAG(command.ignore_failure), NULL, 0,
     "Take in timings of commands that failed, too", 1},
    {"machine", KEY_MACHINE, "NAME", 0, "Record them as of a machine of this name, whatever the files say",
     1},
    {"label", KEY_LABEL, "TEXT", 0, "A name for the runs in lists and charts", 1},
    {0},
};

/* Prints on standard error what of the files the import left out, and why. */
static int print_notes(sqlite3 *db, Failure *failure)
{
    sqlite3_stmt *notes;
    int more;
    if (query_prepare(db, &notes, failure, sql_import_notes, ""))
        return -1;
    while ((more = query_next(notes, failure)) > 0) {
        Failure note;
        failure_set(&note, "%s", (const char *)sqlite3_column_text(notes, 0));
        failure_print(&note);
    }
    sqlite3_finalize(notes);
    return more;
}

static int import(History *history, const Options *options, Failure *failure)
{
    static const OutputQuery query = {sql_import_outcome, sql_import_outcome_table};
    Machine machine = {0};
    machine_read(&machine);
    const char *name = options->sampling.machine;
    if (name)
        machine_name(&machine, name);
    const ImportWish wish = {.files = options->arguments.rest,
                             .count = options->arguments.rest_count,
                             .format = options->exchange_format,
                             .label = options->sampling.label,
                             .ignore_failure = options->command.ignore_failure,
                             .machine = options->here || name ? &machine : NULL};
    if (importer_import(history, &wish, failure) || print_notes(history_db(history), failure))
        return -1;
    return output_rows(history_db(history), &query, 0, options->common.format, stdout, failure);
}

const Verb verb_import = {
    .name = "import",
    .summary = "takes in what hyperfine and other tools measured",
    .options = table,
    .args_doc = "FILE...",
    .doc =
        "Takes the results of other tools into the history, recognised by their content: the JSON of hyperfine "
        "(--export-json), Google Benchmark (--benchmark_out_format=json), pytest-benchmark (--benchmark-json), pyperf and "
        "JMH (-rf json), what go test -bench prints, and the folders of criterion (target/criterion) and asv "
        "(.asv/results); also packed by gzip.\v"
        "Each file becomes one run, with every sample; - is standard input. A file that was imported before is not "
        "imported again. An entry that cannot be imported is left out, and named. When a whole file cannot be "
        "imported, none of the files is.",
    .arguments = VERB_REST,
    .missing = "the files are missing: name what the other tool wrote",
    .mode = HISTORY_RECORD,
    .parse = parse,
    .perform = import,
};
