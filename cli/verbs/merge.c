/* pricereport merge: histories from other machines. */
#include "cli/history/merger.h"
#include "cli/output/output.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

static int merge_all(History *history, const Options *options, Failure *failure)
{
    static const OutputQuery query = {sql_merge_outcome, sql_merge_outcome_table};
    if (merger_begin(history, failure))
        return -1;
    for (size_t i = 0; i < options->arguments.rest_count; i++)
        if (merger_merge(history, options->arguments.rest[i], failure))
            return -1;
    return output_rows(history_db(history), &query, 0, options->common.format, stdout, failure);
}

const Verb verb_merge = {
    .name = "merge",
    .summary = "takes in other histories",
    .args_doc = "OTHER...",
    .doc =
        "Takes all runs of other histories into this one, from other machines too.\v"
        "The other files are only read. What is there already stays as it is, so that merging twice changes "
        "nothing; a run that was unfinished here and went on there is completed. Runs get new numbers here.",
    .arguments = VERB_REST,
    .missing = "the histories are missing: name the files to take in",
    .mode = HISTORY_RECORD,
    .perform = merge_all,
};
