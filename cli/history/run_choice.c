#include <inttypes.h>
#include <string.h>

#include "cli/base/query.h"
#include "cli/history/run_choice.h"
#include "sql/sql.h"

static int fail_not_found(const History *history, const char *text, Failure *failure)
{
    if (strcmp(text, "latest") == 0)
        return failure_set(
            failure,
            "%s has no run yet that measured anything: record one with pricereport or pricereport "
            "run",
            history_file(history));
    return failure_set(failure,
                       "%s: %s has no run with this number, label, branch or commit: pricereport list shows "
                       "those it has",
                       text, history_file(history));
}

int run_choice_find(History *history, const char *text, int64_t machine, RunChoice *choice, Failure *failure)
{
    *choice = (RunChoice){.kind = strcmp(text, "previous") == 0 ? CHOICE_PREVIOUS
                                  : strcmp(text, "best") == 0   ? CHOICE_BEST
                                                                : CHOICE_RUN};
    if (choice->kind != CHOICE_RUN)
        return 0;
    sqlite3 *db = history_db(history);
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_history_find_run, "to", text, machine > 0 ? machine : -1))
        return -1;
    int rc = sqlite3_step(statement), result = 0;
    if (rc == SQLITE_DONE) {
        result = fail_not_found(history, text, failure);
    } else if (rc != SQLITE_ROW) {
        result = query_fail(db, failure);
    } else if (sqlite3_column_int64(statement, 2) > 1) {
        result = failure_set(failure, "%s: %" PRId64 " commits begin so: give more of its digits", text,
                             (int64_t)sqlite3_column_int64(statement, 2));
    } else {
        choice->run = sqlite3_column_int64(statement, 0);
        choice->machine = sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    return result;
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
