/* pricereport export: the history for other programs and for documents. */
#include <inttypes.h>
#include <string.h>

#include "cli/output/line_text.h"
#include "cli/output/measurements.h"
#include "cli/history/run_choice.h"
#include "cli/output/output.h"
#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

static const struct argp_child children[] = {
    {&options_selection, 0, "Which runs:", 2},
    {&options_common, 0, "Common:", 3},
    {0},
};

enum { KEY_FORMAT = 600 };

/* A format of --format: one that has an option of its own, or lines that a query gives. */
typedef struct ExportFormat {
    const char *name;
    OutputFormat format;
    const char *lines;
} ExportFormat;

static const ExportFormat formats[] = {
    {"json", OUTPUT_JSON, NULL},
    {"csv", OUTPUT_CSV, NULL},
    {"markdown", OUTPUT_MARKDOWN, NULL},
    {"benchstat", OUTPUT_TABLE, sql_export_benchstat},
    {"openmetrics", OUTPUT_TABLE, sql_export_openmetrics},
};

static const ExportFormat *find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

static error_t parse(int key, char *argument, struct argp_state *state, Options *options)
{
    if (key != KEY_FORMAT)
        return ARGP_ERR_UNKNOWN;
    const ExportFormat *format = find_format(argument);
    if (!format) {
        argp_error(state, "--format %s: give json, csv, markdown, benchstat or openmetrics", argument);
        return 0;
    }
    options->common.format = format->format;
    options->exchange_format = format->lines ? format->name : NULL;
    return 0;
}

static const struct argp_option table[] = {
    {"format", KEY_FORMAT, "FORMAT", 0,
     "json, csv, markdown, benchstat (as go test -bench prints) or openmetrics", 1},
    {"samples", VERB_FLAG(samples), NULL, 0, "With --csv or --markdown, a row for every sample", 1},
    {0},
};

static int choose_run(History *history, int64_t run, void *unused, Failure *failure)
{
    (void)unused;
    return query_run(history_db(history), NULL, failure, sql_export_choose, "i", run);
}

static int choose(History *history, const Options *options, Failure *failure)
{
    sqlite3 *db = history_db(history);
    if (query_script(db, sql_export_begin, failure))
        return -1;
    if (options->arguments.rest_count == 0)
        return query_run(db, NULL, failure, sql_export_choose, "n");
    for (size_t i = 0; i < options->arguments.rest_count; i++)
        if (run_choice_each(history, options->arguments.rest[i], choose_run, NULL, failure))
            return -1;
    return 0;
}

static int print_json_run(sqlite3 *db, int64_t run, Failure *failure)
{
    static const OutputQuery details = {sql_export_run, NULL};
    static const OutputQuery measurements = {sql_export_measurements, NULL};
    return measurements_json(db, &details, &measurements, run, stdout, failure);
}

/* Run by run, so that memory does not grow with them. */
static int print_json(sqlite3 *db, Failure *failure)
{
    sqlite3_stmt *statement;
    int64_t schema = 0;
    if (query_run(db, &schema, failure, "PRAGMA user_version", "") ||
        query_prepare(db, &statement, failure, sql_export_order, ""))
        return -1;
    printf("{\"pricereport\":\"%s\",\"schema\":%" PRId64 ",\"runs\":[", PRICEMAP_VERSION, schema);
    int result = 0;
    const char *before = "\n";
    while (result == 0 && (result = query_next(statement, failure)) > 0) {
        fputs(before, stdout);
        result = print_json_run(db, sqlite3_column_int64(statement, 0), failure);
        before = ",\n";
    }
    fputs("]}\n", stdout);
    sqlite3_finalize(statement);
    return result;
}

/* Prints the lines that a query gives. */
static int print_lines(sqlite3 *db, const char *sql, Failure *failure)
{
    sqlite3_stmt *statement;
    if (line_text_register(db) != SQLITE_OK)
        return query_fail(db, failure);
    if (query_prepare(db, &statement, failure, sql, ""))
        return -1;
    int more;
    while ((more = query_next(statement, failure)) > 0)
        printf("%s\n", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return more;
}

static int print_chosen(sqlite3 *db, const Options *options, Failure *failure)
{
    static const OutputQuery flat = {sql_export_flat, sql_export_flat_table};
    static const OutputQuery samples = {sql_export_samples, sql_export_samples_table};
    const ExportFormat *format = options->exchange_format ? find_format(options->exchange_format) : NULL;
    if (format)
        return print_lines(db, format->lines, failure);
    if (options->common.format == OUTPUT_TABLE || options->common.format == OUTPUT_JSON)
        return print_json(db, failure);
    return output_rows(db, options->samples ? &samples : &flat, 0, options->common.format, stdout, failure);
}

/* All in one transaction, so that what is printed is of one moment. */
static int print_all(History *history, const Options *options, Failure *failure)
{
    sqlite3 *db = history_db(history);
    if (query_script(db, "BEGIN", failure) || choose(history, options, failure))
        return -1;
    int result = print_chosen(db, options, failure);
    return result ? result : query_script(db, "COMMIT", failure);
}

const Verb verb_export = {
    .name = "export",
    .summary = "prints runs as JSON, CSV, Markdown and other formats",
    .options = table,
    .children = children,
    .args_doc = "[RUN...]",
    .doc =
        "Prints runs with everything that is known of them, all runs where none is named.\v"
        "RUN is a number, a label, a branch, the beginning of a commit, latest, or a range: 3..7, or of commits, as in main~5..main. "
        "--json, the default, has all: every run with its machine, its options, "
        "its measurements and their samples. --csv and --markdown have a row for every measurement. --format benchstat has every sample, in the format of go test "
        "-bench; openmetrics has the medians with their intervals.",
    .arguments = VERB_REST,
    .parse = parse,
    .mode = HISTORY_READ,
    .perform = print_all,
};
