#include "cli/base/query.h"
#include "cli/history/remover.h"
#include "sql/sql.h"

int remover_begin(History *history, Failure *failure)
{
    return query_script(history_db(history), sql_history_remove_begin, failure);
}

int remover_choose(History *history, int64_t run, Failure *failure)
{
    return query_run(history_db(history), NULL, failure, sql_history_remove_choose, "i", run);
}

int remover_choose_old(History *history, const RemoverRules *rules, bool force, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(history_db(history), &statement, failure, sql_history_remove_old, "ooi", rules->keep,
                      rules->days, (int64_t)force))
        return -1;
    int result;
    while ((result = query_next(statement, failure)) > 0)
        if ((result = remover_choose(history, sqlite3_column_int64(statement, 0), failure)))
            break;
    sqlite3_finalize(statement);
    return result;
}

static int check(sqlite3 *db, Failure *failure)
{
    char *hindrance;
    if (query_text(db, &hindrance, failure, sql_history_remove_hindrance, ""))
        return -1;
    if (!hindrance)
        return 0;
    failure_write(failure, "%s: nothing is removed; --force removes it all the same", hindrance);
    sqlite3_free(hindrance);
    return -1;
}

static int remove_within(sqlite3 *db, bool force, Failure *failure)
{
    if (query_begin(db, failure))
        return -1;
    int result = force ? 0 : check(db, failure);
    if (result == 0)
        result = query_script(db, sql_history_remove, failure);
    return query_end(db, result, failure);
}

int remover_remove(History *history, bool force, Failure *failure)
{
    sqlite3 *db = history_db(history);
    Failure second;
    if (query_script(db, "PRAGMA foreign_keys = OFF", failure))
        return -1;
    int result = remove_within(db, force, failure);
    if (query_script(db, "PRAGMA foreign_keys = ON", result ? &second : failure))
        return -1;
    return result;
}
