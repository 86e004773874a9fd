#include "ext/run/task_error.h"

#include <string.h>

#include "ext/base/sqlite_api.h"

char *task_error_refused(const TaskReport *report, const char *why_fed)
{
    if (report->refused == TASK_REFUSED_FUNCTION)
        return sqlite3_mprintf(
            "parallel_map: map: %s, which on this connection is another than in workers, or which "
            "workers have not: put that into an extension and load it into workers with "
            "parallel_map_load(path), or call the function in the query around the map",
            report->message);
    if (report->refused != TASK_REFUSED_TABLES)
        return sqlite3_mprintf(
            "parallel_map: map: a function in it (%s) would change something on its connection, "
            "and a map only computes: call the function in the query around the map",
            report->message);
    return sqlite3_mprintf(
        "parallel_map: map: a function in it (%s) reads tables on its connection, and workers "
        "have none but those of a file that they read themselves (here: %s): give a table of "
        "the main database as the source, without changes pending, or call the function in "
        "the query around the map",
        report->message, why_fed ? why_fed : "the rows were handed out");
}

bool task_error_is_lacking(const TaskReport *report, const ExecutorKind *kind)
{
    return report->unprepared && kind->isolates && !strncmp(report->message, "no such ", 8);
}

char *task_error_lacking(const TaskReport *report)
{
    return sqlite3_mprintf(
        "parallel_map: worker processes: %s: they have SQLite's own functions and "
        "collations, pricemap's, and those of extensions named by parallel_map_load(path); "
        "what this program registers itself (sqlite3_auto_extension) it alone has: use "
        "executor threads",
        report->message);
}

char *task_error_in_range(const Task *task, int64_t position)
{
    const TaskReport *report = &task->report;
    if (position)
        return sqlite3_mprintf("%s (row %lld)", report->message, (long long)position);
    return sqlite3_mprintf("%s (rowid %lld)", report->message,
                           (long long)recipe_rowid(task->recipe, report->next_rowid));
}
