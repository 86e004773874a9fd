#include <inttypes.h>
#include <string.h>

#include "cli/base/query.h"
#include "cli/history/run_choice.h"
#include "cli/history/run_range.h"
#include "cli/system/commit_range.h"
#include "cli/system/work_tree.h"
#include "sql/sql.h"

static int fail_not_found(const History *history, const char *text, Failure *failure)
{
    if (strcmp(text, "latest") == 0)
        return failure_set(
            failure,
            "%s has no run yet that measured anything: record one with pricereport or pricereport "
            "run",
            history_file(history));
    RangeEnds ends;
    if (commit_range_split(text, &ends))
        return failure_set(failure,
                           "%s is a range, and one run is meant here: pricereport list %s names its runs",
                           text, text);
    return failure_set(failure,
                       "%s: %s has no run with this number, label, branch or commit: pricereport list shows "
                       "those it has",
                       text, history_file(history));
}

/* Finds a run by what the history knows of it. Returns 1 where there is one, 0 where there is none, or -1
 * with the failure set. */
static int find_recorded(sqlite3 *db, const char *text, int64_t machine, RunChoice *choice, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_history_find_run, "to", text, machine > 0 ? machine : -1))
        return -1;
    int result = query_next(statement, failure);
    if (result > 0 && sqlite3_column_int64(statement, 2) > 1) {
        result = failure_set(failure, "%s: %" PRId64 " commits begin so: give more of its digits", text,
                             (int64_t)sqlite3_column_int64(statement, 2));
    } else if (result > 0) {
        choice->run = sqlite3_column_int64(statement, 0);
        choice->machine = sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    return result;
}

/* Finds a run by a name that only git knows; otherwise as above. */
static int find_by_git(History *history, const char *text, int64_t machine, RunChoice *choice,
                       Failure *failure)
{
    char commit[65];
    if (!work_tree_resolve(text, commit))
        return 0;
    int result = find_recorded(history_db(history), commit, machine, choice, failure);
    return result
               ? result
               : failure_set(
                     failure,
                     "%s is commit %.9s here, and %s has no run of it: pricereport list shows those it has",
                     text, commit, history_file(history));
}

int run_choice_find(History *history, const char *text, int64_t machine, RunChoice *choice, Failure *failure)
{
    *choice = (RunChoice){.kind = strcmp(text, "previous") == 0 ? CHOICE_PREVIOUS
                                  : strcmp(text, "best") == 0   ? CHOICE_BEST
                                                                : CHOICE_RUN};
    if (choice->kind != CHOICE_RUN)
        return 0;
    int result = find_recorded(history_db(history), text, machine, choice, failure);
    if (result == 0 && strcmp(text, "latest") != 0)
        result = find_by_git(history, text, machine, choice, failure);
    if (result == 0)
        return fail_not_found(history, text, failure);
    return result < 0 ? -1 : 0;
}

int run_choice_single(History *history, const char *text, int64_t *run, Failure *failure)
{
    RunChoice choice;
    if (run_choice_find(history, text ? text : "latest", 0, &choice, failure))
        return -1;
    if (choice.kind != CHOICE_RUN)
        return failure_set(failure,
                           "%s is no single run: give its number, label, branch or commit, or latest", text);
    *run = choice.run;
    return 0;
}

static int use_range(History *history,
                     int (*use)(History *history, int64_t run, void *context, Failure *failure),
                     void *context, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(history_db(history), &statement, failure, sql_history_range_runs, ""))
        return -1;
    int result;
    while ((result = query_next(statement, failure)) > 0)
        if ((result = use(history, sqlite3_column_int64(statement, 0), context, failure)))
            break;
    sqlite3_finalize(statement);
    return result;
}

int run_choice_each(History *history, const char *text,
                    int (*use)(History *history, int64_t run, void *context, Failure *failure), void *context,
                    Failure *failure)
{
    RangeEnds ends;
    RunChoice choice;
    int64_t run;
    int known =
        commit_range_split(text, &ends) ? find_recorded(history_db(history), text, 0, &choice, failure) : 1;
    if (known < 0)
        return -1;
    if (known == 0)
        return run_range_find(history, text, failure) ? -1 : use_range(history, use, context, failure);
    return run_choice_single(history, text, &run, failure) ? -1 : use(history, run, context, failure);
}
