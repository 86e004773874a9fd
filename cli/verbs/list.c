/* pricereport list: the recorded runs. */
#include "cli/base/query.h"
#include "cli/history/run_choice.h"
#include "cli/output/output.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

static const struct argp_child children[] = {
    {&options_selection, 0, "Which runs:", 1},
    {&options_common, 0, "Common:", 2},
    {0},
};

static int choose(History *history, int64_t run, void *unused, Failure *failure)
{
    (void)unused;
    return query_run(history_db(history), NULL, failure, sql_export_choose, "i", run);
}

static int list(History *history, const Options *options, Failure *failure)
{
    static const OutputQuery query = {sql_show_list, sql_show_list_table};
    sqlite3 *db = history_db(history);
    if (options->arguments.rest_count > 0 && query_script(db, sql_export_begin, failure))
        return -1;
    for (size_t i = 0; i < options->arguments.rest_count; i++)
        if (run_choice_each(history, options->arguments.rest[i], choose, NULL, failure))
            return -1;
    if (options->arguments.rest_count > 0 && query_script(db, sql_show_list_only, failure))
        return -1;
    return output_rows(db, &query, 0, options->common.format, stdout, failure);
}

const Verb verb_list = {
    .name = "list",
    .summary = "lists the recorded runs",
    .children = children,
    .args_doc = "[RUN...]",
    .doc =
        "Lists the recorded runs, oldest first.\v"
        "RUN, where not all are wanted, is one as pricereport show takes it, or a range: 3..7, or of commits, "
        "as in main~5..main. "
        "An unfinished run was killed, or still runs: what it had measured is kept. "
        "A + after a commit: the work tree had changes.",
    .arguments = VERB_REST,
    .mode = HISTORY_READ,
    .perform = list,
};
