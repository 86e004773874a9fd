#include "cli/history/benchmark_choice.h"
#include "cli/base/query.h"
#include "sql/sql.h"

int benchmark_choice_names(History *history, const char *const *names, size_t count, Failure *failure)
{
    sqlite3 *db = history_db(history);
    if (query_script(db, sql_judging_setup, failure))
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (query_run(db, NULL, failure, sql_judging_choose_benchmarks, "t", names[i]))
            return -1;
        if (sqlite3_changes(db) == 0)
            return failure_set(failure,
                               "%s: there is no such benchmark in %s: pricereport history lists them",
                               names[i], history_file(history));
    }
    return 0;
}

int benchmark_choice_all(History *history, Failure *failure)
{
    sqlite3 *db = history_db(history);
    if (query_script(db, sql_judging_setup, failure))
        return -1;
    return query_run(db, NULL, failure, sql_judging_choose_all, "");
}
