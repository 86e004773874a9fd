/* pricereport list: the recorded runs. */
#include "cli/output/output.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

static int list(History *history, const Options *options, Failure *failure)
{
    static const OutputQuery query = {sql_show_list, sql_show_list_table};
    return output_rows(history_db(history), &query, 0, options->common.format, stdout, failure);
}

const Verb verb_list = {
    .name = "list",
    .summary = "lists the recorded runs",
    .doc = "Lists the recorded runs, oldest first.\v"
           "An unfinished run was killed, or still runs: what it had measured is kept. "
           "A + after a commit: the work tree had changes.",
    .mode = HISTORY_READ,
    .perform = list,
};
