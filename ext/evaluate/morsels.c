#include "ext/evaluate/morsels.h"

#include <stdlib.h>

#include "ext/evaluate/evaluator_internal.h"
#include "sql/ext_sql.h"

/* ---- the table ---- */

enum { COLUMN_FIRST, COLUMN_LAST };

/* Rows for which an output has room at first. */
enum { FIRST_ROWS = 64 };

typedef struct MorselTable {
    sqlite3_vtab base;
    MorselScan *scan;
} MorselTable;

typedef struct MorselCursor {
    sqlite3_vtab_cursor base;
    bool ended;
} MorselCursor;

static int morsel_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                          char **message)
{
    (void)argc;
    (void)argv;
    (void)message;
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(first_rowid INTEGER, last_rowid INTEGER)");
    if (rc != SQLITE_OK)
        return rc;
    MorselTable *table = calloc(1, sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    table->scan = aux;
    *out = &table->base;
    return SQLITE_OK;
}

static int morsel_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

/* A planner that is to put the table first must not find it dear. */
static int morsel_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 1;
    info->estimatedRows = 1;
    return SQLITE_OK;
}

static int morsel_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    MorselCursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int morsel_close(sqlite3_vtab_cursor *cursor)
{
    free(cursor);
    return SQLITE_OK;
}

static int morsel_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
                         sqlite3_value **argv)
{
    MorselCursor *cursor = (MorselCursor *)base;
    MorselScan *scan = ((MorselTable *)base->pVtab)->scan;
    (void)number;
    (void)text;
    (void)argc;
    (void)argv;
    if (scan->begun) {
        sqlite3_free(base->pVtab->zErrMsg);
        base->pVtab->zErrMsg = sqlite3_mprintf("pricemap: the loop over ranges is not the outermost one");
        return SQLITE_ERROR;
    }
    scan->begun = true;
    cursor->ended = !scan->order;
    return SQLITE_OK;
}

static int morsel_next(sqlite3_vtab_cursor *base)
{
    ((MorselCursor *)base)->ended = true;
    return SQLITE_OK;
}

static int morsel_eof(sqlite3_vtab_cursor *base)
{
    return ((MorselCursor *)base)->ended;
}

/* The first and the last range take in whatever a walk over all of the table would: the least and the
   greatest rowid are claims of the file. */
static int64_t range_first(const TaskOrder *order)
{
    return order->begins_table ? INT64_MIN : order->first_rowid;
}

static int64_t range_last(const TaskOrder *order)
{
    return order->ends_table ? INT64_MAX : order->last_rowid;
}

static int morsel_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const TaskOrder *order = ((MorselTable *)base->pVtab)->scan->order;
    sqlite3_result_int64(context, column == COLUMN_FIRST ? range_first(order) : range_last(order));
    return SQLITE_OK;
}

static int morsel_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ((MorselTable *)base->pVtab)->scan->order->first_rowid;
    return SQLITE_OK;
}

static const sqlite3_module morsel_module = {
    .iVersion = 0,
    .xConnect = morsel_connect,
    .xBestIndex = morsel_best_index,
    .xDisconnect = morsel_disconnect,
    .xOpen = morsel_open,
    .xClose = morsel_close,
    .xFilter = morsel_filter,
    .xNext = morsel_next,
    .xEof = morsel_eof,
    .xColumn = morsel_column,
    .xRowid = morsel_rowid,
};

int morsel_table_register(sqlite3 *db, MorselScan *scan)
{
    return sqlite3_create_module_v2(db, MORSEL_TABLE_NAME, &morsel_module, scan, NULL);
}

/* ---- the run ---- */

/* SQLite's authorizer calls the rowid by the name of the column that it is. */
static int read_keys(Evaluator *evaluator)
{
    sqlite3_stmt *keys = NULL;
    const Recipe *recipe = evaluator->recipe;
    int rc = sqlite3_prepare_v2(evaluator->db, sql_ext_primary_key, -1, &keys, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(keys, 1, recipe_text(recipe, recipe->tables), -1, SQLITE_STATIC);
    while (rc == SQLITE_OK && (rc = sqlite3_step(keys)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(keys, 0);
        rc = name ? authorizer_add_key(&evaluator->authorizer, name) : SQLITE_NOMEM;
    }
    sqlite3_finalize(keys);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* A scan of one table comes by each page once; a join comes back to those of its inner tables. SQLite writes
   a virtual table into its schema when it first meets the table, which the authorizer would refuse later. */
int evaluator_morsels_begin(Evaluator *evaluator)
{
    int rc = morsel_table_register(evaluator->db, &evaluator->morsels);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(evaluator->db, "PRAGMA cache_size = -8000; SELECT 1 FROM " MORSEL_TABLE_NAME, NULL,
                          NULL, NULL);
    return rc == SQLITE_OK ? read_keys(evaluator) : rc;
}

/* Takes the row on which the statement stands. */
static int take_row(Evaluator *evaluator)
{
    RowsetWriter *writer = &evaluator->output->writer;
    int rc = writer->rows < writer->capacity ? SQLITE_OK : rowset_grow(writer, 2 * writer->capacity);
    for (uint32_t i = 0; rc == SQLITE_OK && i < writer->columns; i++)
        rc = rowset_set_value(writer, i, sqlite3_column_value(evaluator->statement, (int)i),
                              evaluator->scan.encoding);
    if (rc == SQLITE_OK)
        rc = rowset_end_row(writer);
    return rc == SQLITE_OK && writer->bytes > MORSEL_OUTPUT_BYTES ? SQLITE_TOOBIG : rc;
}

static int step_rows(Evaluator *evaluator)
{
    int rc;
    while ((rc = authorizer_step(&evaluator->authorizer, evaluator->statement)) == SQLITE_ROW) {
        if (evaluator->authorizer.refused)
            return SQLITE_ABORT;
        if (evaluator_is_stopped(evaluator))
            return SQLITE_INTERRUPT;
        rc = take_row(evaluator);
        if (rc != SQLITE_OK)
            return rc;
    }
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int bind_value(sqlite3_stmt *statement, int parameter, const RowsetValue *value, int encoding)
{
    switch (value->type) {
    case SQLITE_INTEGER:
        return sqlite3_bind_int64(statement, parameter, value->integer);
    case SQLITE_FLOAT:
        return sqlite3_bind_double(statement, parameter, value->real);
    case SQLITE_TEXT:
        return sqlite3_bind_text64(statement, parameter, value->bytes, value->size, SQLITE_STATIC,
                                   (unsigned char)encoding);
    case SQLITE_BLOB:
        return sqlite3_bind_blob64(statement, parameter, value->bytes, value->size, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(statement, parameter);
    }
}

int morsel_bind(sqlite3_stmt *statement, int first, const void *rowset, size_t size, int encoding)
{
    RowsetView view;
    int rc = SQLITE_OK, count = sqlite3_bind_parameter_count(statement);
    if (!rowset_open(&view, rowset, size) || view.rows != 1)
        return SQLITE_CORRUPT;
    for (uint32_t i = 0; rc == SQLITE_OK && i < view.columns && (int)i <= count - first; i++) {
        RowsetValue value;
        rc = rowset_get(&view, 0, i, &value) ? bind_value(statement, first + (int)i, &value, encoding)
                                             : SQLITE_CORRUPT;
    }
    return rc;
}

/* A text that names its range by the table has no such parameters, or does not read them. */
static int bind_order(Evaluator *evaluator, const TaskOrder *order, const void *input, size_t input_size)
{
    sqlite3_stmt *statement = evaluator->statement;
    int count = sqlite3_bind_parameter_count(statement);
    if (count >= 1)
        sqlite3_bind_int64(statement, 1, range_first(order));
    if (count >= 2)
        sqlite3_bind_int64(statement, 2, range_last(order));
    return input_size
               ? morsel_bind(statement, MORSEL_FIRST_PARAMETER, input, input_size, evaluator->scan.encoding)
               : SQLITE_OK;
}

int evaluator_morsels_run(Evaluator *evaluator, const TaskOrder *order, const void *input, size_t input_size,
                          Buffer *buffer, TaskReport *report)
{
    *evaluator->output = (EvaluatorOutput){0};
    int rc = rowset_begin(&evaluator->output->writer, buffer, evaluator->output_columns, FIRST_ROWS);
    if (rc != SQLITE_OK)
        return rc;
    report->next_rowid = order->first_rowid;
    report->view = evaluator->view;
    evaluator->morsels = (MorselScan){.order = order};
    worker_vfs_begin_range(&evaluator->vfs);
    rc = bind_order(evaluator, order, input, input_size);
    if (rc == SQLITE_OK)
        rc = step_rows(evaluator);
    worker_vfs_end_range(&evaluator->vfs);
    if (rc != SQLITE_OK)
        sqlite3_snprintf(TASK_MESSAGE_SIZE, report->message, "%s",
                         rc == SQLITE_TOOBIG ? "the partial rows take too much memory"
                                             : sqlite3_errmsg(evaluator->db));
    sqlite3_reset(evaluator->statement);
    sqlite3_clear_bindings(evaluator->statement);
    evaluator->morsels = (MorselScan){0};
    if (rc != SQLITE_OK)
        return rc;
    uint64_t more = (uint64_t)order->last_rowid - (uint64_t)order->first_rowid;
    report->rows_in = more < UINT32_MAX ? (uint32_t)more + 1 : UINT32_MAX;
    report->next_row = order->end_row;
    return SQLITE_OK;
}
