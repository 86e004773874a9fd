#include <stdlib.h>
#include <string.h>

#include "cli/base/query.h"
#include "cli/history/commit_order.h"
#include "cli/system/work_tree.h"
#include "sql/sql.h"

/* Adds the commits of a list, one a line, by a statement whose ?1 is the commit and ?2 its number in it. */
static int add_commits(sqlite3 *db, char *list, const char *sql, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql, ""))
        return -1;
    int result = 0;
    int64_t number = 0;
    for (char *line = strtok_r(list, "\n", &list); line && result == 0; line = strtok_r(NULL, "\n", &list)) {
        sqlite3_bind_text(statement, 1, line, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 2, number++);
        result = query_next(statement, failure);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return result;
}

/* The same for the newest commits that git finds from `commit`, NULL: from all; none where it finds none. */
static int add_known(sqlite3 *db, const char *commit, const char *sql, Failure *failure)
{
    char *list = work_tree_commits(commit);
    int result = list ? add_commits(db, list, sql, failure) : 0;
    free(list);
    return result;
}

int commit_order_read(sqlite3 *db, Failure *failure)
{
    if (query_script(db, sql_history_commit_order, failure) ||
        add_known(db, NULL, sql_history_commit_known, failure))
        return -1;
    return query_script(db, sql_history_run_places, failure);
}

int commit_order_ancestors(sqlite3 *db, int64_t run, Failure *failure)
{
    char *commit;
    if (query_script(db, sql_history_commit_order, failure) ||
        query_text(db, &commit, failure, sql_history_commit_of_run, "i", run))
        return -1;
    int result = 0;
    if (commit && add_known(db, commit, sql_history_commit_ancestor, failure))
        result = -1;
    int64_t ancestors = 0;
    if (result == 0)
        result = query_run(db, &ancestors, failure, sql_history_count_ancestors, "");
    if (result == 0 && ancestors > 0)
        result = add_known(db, NULL, sql_history_commit_known, failure);
    sqlite3_free(commit);
    return result;
}
