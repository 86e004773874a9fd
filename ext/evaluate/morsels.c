#include "ext/evaluate/morsels.h"

#include <string.h>

#include "ext/evaluate/evaluator_internal.h"
#include "ext/evaluate/made_tables.h"
#include "sql/ext_sql.h"

/* Rows for which an output has room at first. */
enum { FIRST_ROWS = 64 };

/* Has the authorizer allow the column that is the rowid, by whose name SQLite reports reads of the rowid. */
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

/* Finds the ranges of the key that is cut, which come with the recipe as a table that is not made. */
static int open_keys(Evaluator *evaluator)
{
    const Recipe *recipe = evaluator->recipe;
    for (uint32_t i = 0; i < recipe->made_count; i++) {
        const RecipeTable *table = recipe_made(recipe, i);
        if (!strcmp(recipe_text(recipe, table->name), MORSEL_TABLE_NAME) &&
            !rowset_open(&evaluator->morsel_keys, recipe_text(recipe, table->rows), table->rows_size))
            return SQLITE_CORRUPT;
    }
    return SQLITE_OK;
}

/* A walk comes by each page once: what it would keep costs memory that was not touched before. A join comes
   back to the pages of its inner tables. Sorting takes as much memory as the cache may have. */
static const char *cache_size(const Recipe *recipe)
{
    if (!(recipe->flags & RECIPE_WALKS_ONCE))
        return "PRAGMA cache_size = -8000";
    return recipe->flags & RECIPE_SORTS ? "PRAGMA cache_size = -2000" : "PRAGMA cache_size = 16";
}

/* SQLite writes a virtual table into its schema when it first meets the table, which the authorizer would
   refuse later. */
int evaluator_morsels_begin(Evaluator *evaluator)
{
    int rc = morsel_table_register(evaluator->db, &evaluator->morsels);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(evaluator->db, cache_size(evaluator->recipe), NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(evaluator->db, "SELECT 1 FROM " MORSEL_TABLE_NAME, NULL, NULL, NULL);
    if (rc == SQLITE_OK && evaluator->recipe->table_count)
        rc = read_keys(evaluator);
    if (rc == SQLITE_OK)
        rc = open_keys(evaluator);
    return rc == SQLITE_OK ? made_tables_create(evaluator->db, evaluator->recipe) : rc;
}

/* Copies the statement's current row into the output. SQLITE_TOOBIG where the output gets too large. */
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

/* A text that names its range by the table has no such parameters, or does not use them. */
static int bind_order(Evaluator *evaluator, const TaskOrder *order, const void *input, size_t input_size)
{
    sqlite3_stmt *statement = evaluator->statement;
    int count = sqlite3_bind_parameter_count(statement);
    RowsetValue first, last;
    bool keys = morsel_key(&evaluator->morsels, order->first_rowid, false, &first) &&
                morsel_key(&evaluator->morsels, order->last_rowid, true, &last);
    if (evaluator->morsel_keys.rows && !keys)
        return SQLITE_CORRUPT;
    if (keys && count >= 2) {
        rowset_bind(statement, 1, &first, evaluator->scan.encoding, SQLITE_STATIC);
        rowset_bind(statement, 2, &last, evaluator->scan.encoding, SQLITE_STATIC);
    } else if (count >= 2) {
        sqlite3_bind_int64(statement, 1, morsel_range_first(order));
        sqlite3_bind_int64(statement, 2, morsel_range_last(order));
    }
    return input_size ? made_tables_bind_row(statement, MORSEL_FIRST_PARAMETER, input, input_size,
                                             evaluator->scan.encoding)
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
    evaluator->morsels = (MorselScan){.order = order,
                                      .control = evaluator->scan.control,
                                      .keys = evaluator->morsel_keys,
                                      .encoding = evaluator->scan.encoding};
    worker_vfs_begin_range(&evaluator->vfs);
    rc = bind_order(evaluator, order, input, input_size);
    if (rc == SQLITE_OK)
        rc = step_rows(evaluator);
    worker_vfs_end_range(&evaluator->vfs);
    if (rc == SQLITE_TOOBIG && evaluator->output->writer.bytes > MORSEL_OUTPUT_BYTES)
        sqlite3_snprintf(TASK_MESSAGE_SIZE, report->message, "the partial rows take more than %d MB",
                         MORSEL_OUTPUT_BYTES >> 20);
    else if (rc != SQLITE_OK)
        sqlite3_snprintf(TASK_MESSAGE_SIZE, report->message, "%s", sqlite3_errmsg(evaluator->db));
    sqlite3_reset(evaluator->statement);
    sqlite3_clear_bindings(evaluator->statement);
    const MorselScan scan = evaluator->morsels;
    evaluator->morsels = (MorselScan){0};
    if (rc != SQLITE_OK)
        return rc;
    double rowids = (double)order->last_rowid - (double)order->first_rowid + 1;
    if (scan.begun)
        rowids = rowids * scan.taken / order->morsel_count;
    report->rows_in = rowids < UINT32_MAX ? (uint32_t)rowids : UINT32_MAX;
    report->next_row = order->end_row;
    return SQLITE_OK;
}
