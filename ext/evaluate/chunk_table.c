#include "ext/evaluate/chunk_table.h"

#include <stdlib.h>

#include "ext/base/clock.h"

typedef struct ChunkTable {
    sqlite3_vtab base;
    ChunkScan *scan;
} ChunkTable;

typedef struct ChunkCursor {
    sqlite3_vtab_cursor base;
    ChunkScan *scan;
} ChunkCursor;

static int chunk_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **table,
                         char **message)
{
    (void)argc;
    (void)argv;
    ChunkScan *scan = aux;
    int rc = sqlite3_declare_vtab(db, scan->declaration);
    if (rc != SQLITE_OK) {
        *message = sqlite3_mprintf("%s", sqlite3_errmsg(db));
        return rc;
    }
    ChunkTable *chunk = calloc(1, sizeof *chunk);
    if (!chunk)
        return SQLITE_NOMEM;
    chunk->scan = scan;
    *table = &chunk->base;
    return SQLITE_OK;
}

static int chunk_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

static int chunk_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    ((ChunkTable *)table)->scan->reads |= info->colUsed;
    info->estimatedCost = 1000;
    info->estimatedRows = 1000;
    return SQLITE_OK;
}

static int chunk_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    ChunkScan *scan = ((ChunkTable *)table)->scan;
    ChunkCursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
    cursor->scan = scan;
    scan->cursors++;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int chunk_close(sqlite3_vtab_cursor *base)
{
    ((ChunkCursor *)base)->scan->cursors--;
    free(base);
    return SQLITE_OK;
}

/* The scan stands on its first row already: the evaluator has set it, and no constraint is ever taken. A
   statement that opens its cursor again has two for a moment, before it reads. */
static int chunk_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
                        sqlite3_value **argv)
{
    ChunkScan *scan = ((ChunkCursor *)base)->scan;
    (void)number;
    (void)text;
    (void)argc;
    (void)argv;
    if (scan->cursors > 1) {
        sqlite3_free(base->pVtab->zErrMsg);
        base->pVtab->zErrMsg =
            sqlite3_mprintf("a subquery of the map reads the source: it would see one chunk only");
        return SQLITE_ERROR;
    }
    scan->read = true;
    return SQLITE_OK;
}

static int chunk_next(sqlite3_vtab_cursor *base)
{
    ChunkScan *scan = ((ChunkCursor *)base)->scan;
    scan->row++;
    if (scan->timed) {
        scan->timed = false;
        scan->left_first_ns = clock_ns();
    }
    atomic_store_explicit(&scan->control->current_row, scan->row, memory_order_relaxed);
    return scan->stop && scan->stop(scan->stop_arg) ? SQLITE_INTERRUPT : SQLITE_OK;
}

static int chunk_eof(sqlite3_vtab_cursor *base)
{
    const ChunkScan *scan = ((ChunkCursor *)base)->scan;
    return scan->row >= scan->end_row;
}

static int chunk_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const ChunkScan *scan = ((ChunkCursor *)base)->scan;
    RowsetValue value;
    int input = scan->input[column];
    if (input < 0)
        return SQLITE_OK;
    if (!rowset_get(&scan->rows, scan->row, (uint32_t)input, &value))
        return SQLITE_CORRUPT_VTAB;
    /* Static: the rowset stays as it is until the statement is reset. */
    rowset_result(context, &value, scan->encoding, SQLITE_STATIC);
    return SQLITE_OK;
}

static int chunk_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    const ChunkScan *scan = ((ChunkCursor *)base)->scan;
    RowsetValue value;
    if (scan->rowid_input < 0) {
        *rowid = scan->row;
        return SQLITE_OK;
    }
    if (!rowset_get(&scan->rows, scan->row, (uint32_t)scan->rowid_input, &value) ||
        value.type != SQLITE_INTEGER)
        return SQLITE_CORRUPT_VTAB;
    *rowid = value.integer;
    return SQLITE_OK;
}

static const sqlite3_module chunk_module = {
    .iVersion = 0,
    .xConnect = chunk_connect,
    .xBestIndex = chunk_best_index,
    .xDisconnect = chunk_disconnect,
    .xOpen = chunk_open,
    .xClose = chunk_close,
    .xFilter = chunk_filter,
    .xNext = chunk_next,
    .xEof = chunk_eof,
    .xColumn = chunk_column,
    .xRowid = chunk_rowid,
};

int chunk_table_register(sqlite3 *db, ChunkScan *scan)
{
    return sqlite3_create_module_v2(db, CHUNK_TABLE_NAME, &chunk_module, scan, NULL);
}
