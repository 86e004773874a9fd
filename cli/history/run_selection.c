#include <stdlib.h>

#include "cli/base/query.h"
#include "cli/history/commit_order.h"
#include "cli/history/run_range.h"
#include "cli/history/run_selection.h"
#include "cli/system/commit_range.h"
#include "cli/system/work_tree.h"
#include "sql/sql.h"

/* Passes over what is not of the listed commits, which are freed here; NULL: git knows none. */
static int pass_over(History *history, char *commits, const char *branch, Failure *failure)
{
    char none[] = "";
    int result = run_range_commits(history, commits ? commits : none, failure);
    free(commits);
    return result ? -1 : query_run(history_db(history), NULL, failure, sql_history_pass_over, "t", branch);
}

static int select_branch(History *history, const char *branch, Failure *failure)
{
    char commit[65];
    int64_t runs = 0;
    if (commit_order_read(history_db(history), failure) ||
        pass_over(history, work_tree_resolve(branch, commit) ? work_tree_commits(commit) : NULL, branch,
                  failure) ||
        query_run(history_db(history), &runs, failure, sql_history_runs_left, ""))
        return -1;
    return runs > 0 ? 0
                    : failure_set(failure,
                                  "--branch %s: %s has no run of this branch: pricereport list --csv shows "
                                  "commits and branches",
                                  branch, history_file(history));
}

static int select_commits(History *history, const char *commits, Failure *failure)
{
    CommitRange range;
    int64_t runs = 0;
    if (query_script(history_db(history), sql_history_commit_order, failure) ||
        commit_range_find(&range, commits, failure))
        return -1;
    char *list = commit_range_list(&range);
    if (!list)
        return failure_set(failure, "--commits %s: git could not list the commits", commits);
    if (pass_over(history, list, NULL, failure) ||
        query_run(history_db(history), &runs, failure, sql_history_runs_left, ""))
        return -1;
    return runs > 0 ? 0
                    : failure_set(failure,
                                  "--commits %s: %s has no run of these: pricereport run --commits %s -- "
                                  "COMMAND measures them",
                                  commits, history_file(history), commits);
}

int run_selection_apply(History *history, const RunSelection *selection, Failure *failure)
{
    if (selection->branch && select_branch(history, selection->branch, failure))
        return -1;
    return selection->commits ? select_commits(history, selection->commits, failure) : 0;
}
