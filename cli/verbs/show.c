/* pricereport show: one run. */
#include "cli/judging/ranking.h"
#include "cli/output/measurements.h"
#include "cli/history/run_choice.h"
#include "cli/output/output.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

static const OutputQuery details = {sql_show_run_details, sql_show_run_details_table};
static const OutputQuery samples = {sql_show_samples, sql_show_samples_table};

static const struct argp_option table[] = {
    {"samples", VERB_FLAG(samples), NULL, 0, "Print every sample instead, in the order they were taken", 1},
    {0},
};

static int show(History *history, const Options *options, Failure *failure)
{
    int64_t run;
    sqlite3 *db = history_db(history);
    if (run_choice_single(history, options->arguments.run, &run, failure))
        return -1;
    if (options->samples)
        return output_rows(db, &samples, run, options->common.format, stdout, failure);
    const OutputQuery *measurements = measurements_query(db, run, failure);
    if (!measurements)
        return -1;
    if (options->common.format == OUTPUT_JSON) {
        int result = measurements_json(db, &details, measurements, run, stdout, failure);
        fputs("\n", stdout);
        return result;
    }
    if (options->common.format != OUTPUT_CSV) {
        if (output_rows(db, &details, run, options->common.format, stdout, failure))
            return -1;
        fputs("\n", stdout);
    }
    if (output_rows(db, measurements, run, options->common.format, stdout, failure))
        return -1;
    return options->common.format == OUTPUT_TABLE ? ranking_print(db, run, stdout, failure) : 0;
}

const Verb verb_show = {
    .name = "show",
    .summary = "prints a run, or its samples",
    .options = table,
    .args_doc = "[RUN]",
    .doc =
        "Prints what is known of a run, and what it measured.\v"
        "RUN is a number, a label, a branch, the beginning of a commit, what git calls it (HEAD~1, a tag), or latest, which is what it is when left out. "
        "With --csv, the measurements alone are printed.",
    .arguments = VERB_ONE_RUN,
    .mode = HISTORY_READ,
    .perform = show,
};
