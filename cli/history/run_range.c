#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/query.h"
#include "cli/history/run_range.h"
#include "cli/system/commit_range.h"
#include "sql/sql.h"

int run_range_commits(History *history, char *list, Failure *failure)
{
    sqlite3 *db = history_db(history);
    sqlite3_stmt *statement;
    if (query_script(db, "DELETE FROM temp.range_commit", failure) ||
        query_prepare(db, &statement, failure, sql_history_range_commit, ""))
        return -1;
    int result = 0;
    for (char *line = strtok_r(list, "\n", &list); line && result == 0; line = strtok_r(NULL, "\n", &list)) {
        sqlite3_bind_text(statement, 1, line, -1, SQLITE_STATIC);
        result = query_next(statement, failure);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return result;
}

/* Whether an end of a range is the number of a run; a left out one is `other`. */
static bool read_number(const char *text, size_t length, int64_t other, int64_t *number)
{
    for (size_t i = 0; i < length; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    *number = length > 0 ? strtoll(text, NULL, 10) : other;
    return true;
}

static int find_numbers(History *history, int64_t first, int64_t last, Failure *failure)
{
    return query_run(history_db(history), NULL, failure, sql_history_runs_of_numbers, "ii", first, last);
}

static int find_commits(History *history, const char *text, Failure *failure)
{
    CommitRange range;
    if (commit_range_find(&range, text, failure))
        return -1;
    char *list = commit_range_list(&range);
    if (!list)
        return failure_set(failure, "%s: git could not list the commits", text);
    int result = run_range_commits(history, list, failure);
    free(list);
    return result ? -1 : query_run(history_db(history), NULL, failure, sql_history_runs_of_commits, "");
}

int run_range_find(History *history, const char *text, Failure *failure)
{
    sqlite3 *db = history_db(history);
    RangeEnds ends;
    int64_t first, last, runs = 0;
    if (query_script(db, "DELETE FROM temp.range_run", failure))
        return -1;
    const bool numbers = commit_range_split(text, &ends) && ends.first_length + ends.last_length > 0 &&
                         read_number(ends.first, ends.first_length, 0, &first) &&
                         read_number(ends.last, ends.last_length, INT64_MAX, &last);
    if (numbers ? find_numbers(history, first, last, failure) : find_commits(history, text, failure))
        return -1;
    if (query_run(db, &runs, failure, "SELECT count(*) FROM temp.range_run", ""))
        return -1;
    return runs > 0 ? 0
                    : failure_set(failure, "%s: %s has no run of these: pricereport list shows those it has",
                                  text, history_file(history));
}
