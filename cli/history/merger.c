#include "cli/history/merger.h"
#include "cli/base/query.h"
#include "sql/sql.h"

int merger_begin(History *history, Failure *failure)
{
    return query_script(history_db(history), sql_merge_begin, failure);
}

static int merge(sqlite3 *db, const char *file, Failure *failure)
{
    if (query_begin(db, failure))
        return -1;
    int result = query_script(db, sql_merge_merge, failure);
    if (result == 0)
        result = query_run(db, NULL, failure, sql_merge_note, "t", file);
    return query_end(db, result, failure);
}

int merger_merge(History *history, const char *file, Failure *failure)
{
    sqlite3 *db = history_db(history);
    History *other;
    Failure cause;
    if (history_open_copy(&other, file, failure))
        return -1;
    int result = query_script(db, "ATTACH '' AS other", &cause);
    if (result == 0) {
        result = query_copy(db, "other", history_db(other), &cause);
        history_close(&other);
        if (result == 0)
            result = merge(db, file, &cause);
        sqlite3_exec(db, "DETACH other", NULL, NULL, NULL);
    }
    history_close(&other);
    return result ? failure_set(failure, "cannot merge %s: %s", file, cause.text) : 0;
}
