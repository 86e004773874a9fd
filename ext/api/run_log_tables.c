#include "ext/api/run_log_tables.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"

typedef struct LogTable {
    sqlite3_vtab base;
    ConnectionState *state;
} LogTable;

/* Runs are found by number, not by pointer: a query may log more of them while the cursor is open. */
typedef struct LogCursor {
    sqlite3_vtab_cursor base;
    int64_t run;
    uint32_t task;
    /* The log as it was when the scan began: the scan may be the source of a map, which is logged meanwhile.
     */
    int64_t last_run;
    uint32_t last_run_tasks;
} LogCursor;

static const char runs_declaration[] =
    "CREATE TABLE x(run INTEGER, started_at TEXT, source TEXT, map TEXT, requested TEXT, executor TEXT, "
    "reason TEXT, "
    "access TEXT, workers INTEGER, chunk INTEGER, tasks INTEGER, rows_in INTEGER, rows_out INTEGER, "
    "wall_seconds REAL, startup_seconds REAL, busy_seconds REAL, retries INTEGER, error TEXT)";

static const char tasks_declaration[] = "CREATE TABLE x(run INTEGER, task INTEGER, worker INTEGER, pid "
                                        "INTEGER, start_seconds REAL, end_seconds REAL, "
                                        "rows_in INTEGER, rows_out INTEGER, host TEXT)";

static RunLog *log_of(const LogCursor *cursor)
{
    return &((LogTable *)cursor->base.pVtab)->state->log;
}

/* `name` is the table's. An error has SQLite's text: an interrupt while SQLite declares a table shows in that
 * text alone. */
static int connect_table(sqlite3 *db, ConnectionState *state, const char *name, const char *declaration,
                         sqlite3_vtab **out, char **message)
{
    SqliteLimits own;
    limits_lift(db, &own);
    int rc = sqlite3_declare_vtab(db, declaration);
    limits_restore(db, &own);
    if (rc == SQLITE_OK)
        rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
    if (rc != SQLITE_OK) {
        bool interrupted = !strcmp(sqlite3_errmsg(db), sqlite3_errstr(SQLITE_INTERRUPT));
        if (rc != SQLITE_NOMEM)
            *message = sqlite3_mprintf("%s: %s", name, sqlite3_errmsg(db));
        return interrupted ? SQLITE_INTERRUPT : rc;
    }
    LogTable *table = calloc(1, sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    table->state = state;
    *out = &table->base;
    return SQLITE_OK;
}

static int runs_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                        char **message)
{
    (void)argc;
    (void)argv;
    return connect_table(db, aux, "parallel_map_runs", runs_declaration, out, message);
}

static int tasks_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                         char **message)
{
    (void)argc;
    (void)argv;
    return connect_table(db, aux, "parallel_map_tasks", tasks_declaration, out, message);
}

static int log_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

static int log_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 1000;
    return SQLITE_OK;
}

static int log_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    LogCursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int log_close(sqlite3_vtab_cursor *cursor)
{
    free(cursor);
    return SQLITE_OK;
}

static int runs_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
                       sqlite3_value **argv)
{
    (void)number;
    (void)text;
    (void)argc;
    (void)argv;
    LogCursor *cursor = (LogCursor *)base;
    const RunLog *log = log_of(cursor);
    cursor->run = log->count ? log->runs[0]->run : 1;
    cursor->task = 0;
    cursor->last_run = log->last_run;
    cursor->last_run_tasks = log->count ? log->runs[log->count - 1]->record_count : 0;
    return SQLITE_OK;
}

static int log_eof(sqlite3_vtab_cursor *base)
{
    const LogCursor *cursor = (LogCursor *)base;
    return cursor->run > cursor->last_run;
}

static int runs_next(sqlite3_vtab_cursor *base)
{
    ((LogCursor *)base)->run++;
    return SQLITE_OK;
}

/* Goes on to the next run while the current one has no more tasks. */
static void skip_taskless(LogCursor *cursor)
{
    RunLog *log = log_of(cursor);
    while (cursor->run <= cursor->last_run) {
        const RunRecord *run = run_log_find(log, cursor->run);
        if (run && cursor->task < run->record_count &&
            (cursor->run < cursor->last_run || cursor->task < cursor->last_run_tasks))
            return;
        cursor->run++;
        cursor->task = 0;
    }
}

static int tasks_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
                        sqlite3_value **argv)
{
    runs_filter(base, number, text, argc, argv);
    skip_taskless((LogCursor *)base);
    return SQLITE_OK;
}

static int tasks_next(sqlite3_vtab_cursor *base)
{
    ((LogCursor *)base)->task++;
    skip_taskless((LogCursor *)base);
    return SQLITE_OK;
}

static void text_result(sqlite3_context *context, const char *text)
{
    if (text)
        sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static int runs_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const LogCursor *cursor = (LogCursor *)base;
    const RunRecord *run = run_log_find(log_of(cursor), cursor->run);
    if (!run)
        return SQLITE_OK;
    const char *const texts[] = {
        [1] = run->started_at, [2] = run->source, [3] = run->map,    [4] = run->requested,
        [5] = run->executor,   [6] = run->reason, [7] = run->access, [17] = run->error};
    const int64_t numbers[] = {
        [0] = run->run,      [8] = run->workers,   [9] = run->chunk,   [10] = run->tasks,
        [11] = run->rows_in, [12] = run->rows_out, [16] = run->retries};
    const double seconds[] = {
        [13] = run->wall_seconds, [14] = run->startup_seconds, [15] = run->busy_seconds};
    if ((column >= 1 && column <= 7) || column == 17)
        text_result(context, texts[column]);
    else if (column >= 13 && column <= 15)
        sqlite3_result_double(context, seconds[column]);
    else
        sqlite3_result_int64(context, numbers[column]);
    return SQLITE_OK;
}

/* The cursor's record, valid until the log gets another; NULL where its run is not in the log any more. */
static const TaskRecord *current_record(const LogCursor *cursor)
{
    const RunRecord *run = run_log_find(log_of(cursor), cursor->run);
    return run && cursor->task < run->record_count ? &run->records[cursor->task] : NULL;
}

static int tasks_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const LogCursor *cursor = (LogCursor *)base;
    const TaskRecord *task = current_record(cursor);
    if (!task)
        return SQLITE_OK;
    const int64_t numbers[] = {cursor->run, cursor->task + 1, task->worker,  task->pid, 0,
                               0,           task->rows_in,    task->rows_out};
    if (column == 8)
        text_result(context, run_log_machine(log_of(cursor), task->machine));
    else if (column == 4 || column == 5)
        sqlite3_result_double(context, (double)(column == 4 ? task->start_ns : task->end_ns) / 1e9);
    else
        sqlite3_result_int64(context, numbers[column]);
    return SQLITE_OK;
}

static int log_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    const LogCursor *cursor = (LogCursor *)base;
    *rowid = cursor->run * ((int64_t)RUN_LOG_TASKS + 1) + cursor->task;
    return SQLITE_OK;
}

static const sqlite3_module runs_module = {
    .xConnect = runs_connect,
    .xBestIndex = log_best_index,
    .xDisconnect = log_disconnect,
    .xOpen = log_open,
    .xClose = log_close,
    .xFilter = runs_filter,
    .xNext = runs_next,
    .xEof = log_eof,
    .xColumn = runs_column,
    .xRowid = log_rowid,
};

static const sqlite3_module tasks_module = {
    .xConnect = tasks_connect,
    .xBestIndex = log_best_index,
    .xDisconnect = log_disconnect,
    .xOpen = log_open,
    .xClose = log_close,
    .xFilter = tasks_filter,
    .xNext = tasks_next,
    .xEof = log_eof,
    .xColumn = tasks_column,
    .xRowid = log_rowid,
};

int run_log_tables_register(ConnectionState *state)
{
    int rc = sqlite3_create_module_v2(state->db, "parallel_map_runs", &runs_module,
                                      connection_state_ref(state), connection_state_unref);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_module_v2(state->db, "parallel_map_tasks", &tasks_module,
                                      connection_state_ref(state), connection_state_unref);
    return rc;
}
