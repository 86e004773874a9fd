#include <stddef.h>

#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/measure/task_recorder.h"

/* Column of sql/measure/map_tasks.sql that counts the map's tasks; those before it are of one task, in the
 * order of sql/history/insert_task.sql. */
enum { TASK_COUNT = 6 };

static int insert_task(sqlite3 *history, sqlite3_stmt *insert, int64_t measurement, sqlite3_stmt *task,
                       Failure *failure)
{
    sqlite3_bind_int64(insert, 1, measurement);
    int rc = SQLITE_OK;
    for (int i = 0; i < TASK_COUNT && rc == SQLITE_OK; i++)
        rc = sqlite3_bind_value(insert, i + 2, sqlite3_column_value(task, i));
    if (rc == SQLITE_OK) {
        sqlite3_step(insert);
        rc = sqlite3_reset(insert);
    }
    return rc == SQLITE_OK ? 0 : query_fail(history, failure);
}

static int copy_tasks(sqlite3 *history, sqlite3_stmt *insert, int64_t measurement, sqlite3 *mapped,
                      sqlite3_stmt *tasks, Failure *failure)
{
    int64_t count = 0;
    int rc;
    if (query_run(history, NULL, failure, sql_history_delete_tasks, "i", measurement))
        return -1;
    while ((rc = sqlite3_step(tasks)) == SQLITE_ROW) {
        count = sqlite3_column_int64(tasks, TASK_COUNT);
        if (insert_task(history, insert, measurement, tasks, failure))
            return -1;
    }
    if (rc != SQLITE_DONE)
        return query_fail(mapped, failure);
    return query_run(history, NULL, failure, sql_history_update_tasks, "ii", measurement, count);
}

int task_recorder_record(sqlite3 *history, int64_t measurement, double median_seconds, sqlite3 *mapped,
                         Failure *failure)
{
    sqlite3_stmt *tasks = NULL, *insert = NULL;
    int result = query_prepare(mapped, &tasks, failure, sql_measure_map_tasks, "id",
                               (int64_t)RECORDED_TASKS_MAX, median_seconds);
    if (result == 0)
        result = query_prepare(history, &insert, failure, sql_history_insert_task, "");
    if (result == 0)
        result = query_begin(history, failure);
    if (result == 0)
        result =
            query_end(history, copy_tasks(history, insert, measurement, mapped, tasks, failure), failure);
    sqlite3_finalize(tasks);
    sqlite3_finalize(insert);
    return result;
}
