#include "ext/run/query_parts_table.h"

#include <stdlib.h>

#include "ext/run/query_parts_order.h"

/* idxNum: whether the rows are wanted in the order of the stage's keys. */
enum { IN_ORDER = 1 };

typedef struct PartsTable {
    sqlite3_vtab base;
    const PartsSource *source;
} PartsTable;

typedef struct PartsCursor {
    sqlite3_vtab_cursor base;
    PartsWalk walk;
    /* Row at which the walk is; `ended`: at none. */
    const RowsetView *rows;
    uint32_t row;
    /* Statement that has the row of a stream; NULL: `rows` has. */
    sqlite3_stmt *statement;
    bool ended;
    int64_t position;
} PartsCursor;

static int parts_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                         char **message)
{
    const PartsSource *source = aux;
    (void)argc;
    (void)argv;
    char *declaration = columns_declare(&source->stage->parts, true);
    int rc = declaration ? sqlite3_declare_vtab(db, declaration) : SQLITE_NOMEM;
    sqlite3_free(declaration);
    if (rc != SQLITE_OK) {
        *message = rc == SQLITE_NOMEM ? NULL : sqlite3_mprintf("%s", sqlite3_errmsg(db));
        return rc;
    }
    PartsTable *table = calloc(1, sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    table->source = source;
    *out = &table->base;
    return SQLITE_OK;
}

static int parts_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

/* Whether the parts come in the order that SQLite wants. In each such order NULLs are first where it
   ascends, and last where it descends. */
static bool gives_order(const PartsSource *source, const sqlite3_index_info *info)
{
    const SplitStage *stage = source->stage;
    if (info->nOrderBy < 1 || info->nOrderBy > stage->sorted_count ||
        !parts_can_merge(stage, source->encoding))
        return false;
    for (int i = 0; i < info->nOrderBy; i++) {
        const SplitSortKey *key = &stage->sorted[i];
        if (info->aOrderBy[i].iColumn != key->column || !info->aOrderBy[i].desc == key->descending ||
            key->nulls_last != key->descending)
            return false;
    }
    return true;
}

static int parts_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    const PartsSource *source = ((PartsTable *)base)->source;
    info->estimatedRows = (sqlite3_int64)source->parts->rows;
    info->estimatedCost = (double)source->parts->rows + 1;
    if (gives_order(source, info)) {
        info->orderByConsumed = 1;
        info->idxNum = IN_ORDER;
    }
    return SQLITE_OK;
}

static int parts_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    PartsCursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int parts_close(sqlite3_vtab_cursor *base)
{
    parts_walk_end(&((PartsCursor *)base)->walk);
    free(base);
    return SQLITE_OK;
}

/* Goes to the next row of a stream. */
static int stream_next(PartsCursor *cursor, PartsStream *stream)
{
    char *message = NULL;
    if (cursor->rows && ++cursor->row < cursor->rows->rows)
        return SQLITE_OK;
    cursor->rows = NULL;
    cursor->statement = NULL;
    cursor->row = 0;
    int rc = stream->next(stream->arg, &cursor->rows, &cursor->statement, &message);
    cursor->ended = rc != SQLITE_ROW;
    if (message) {
        sqlite3_free(cursor->base.pVtab->zErrMsg);
        cursor->base.pVtab->zErrMsg = message;
    }
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int parts_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
                        sqlite3_value **argv)
{
    PartsCursor *cursor = (PartsCursor *)base;
    const PartsSource *source = ((PartsTable *)base->pVtab)->source;
    (void)text;
    (void)argc;
    (void)argv;
    cursor->position = 0;
    if (source->stream) {
        if (source->stream->begun)
            return SQLITE_MISUSE;
        source->stream->begun = true;
        return stream_next(cursor, source->stream);
    }
    int rc = parts_walk_begin(&cursor->walk, source->parts, source->stage, number == IN_ORDER);
    if (rc == SQLITE_OK)
        cursor->ended = !parts_walk_at(&cursor->walk, &cursor->rows, &cursor->row);
    return rc;
}

static int parts_next(sqlite3_vtab_cursor *base)
{
    PartsCursor *cursor = (PartsCursor *)base;
    PartsStream *stream = ((PartsTable *)base->pVtab)->source->stream;
    if (stream) {
        cursor->position++;
        return stream_next(cursor, stream);
    }
    parts_walk_next(&cursor->walk);
    cursor->position++;
    cursor->ended = !parts_walk_at(&cursor->walk, &cursor->rows, &cursor->row);
    return SQLITE_OK;
}

static int parts_eof(sqlite3_vtab_cursor *base)
{
    return ((PartsCursor *)base)->ended;
}

static int parts_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const PartsCursor *cursor = (const PartsCursor *)base;
    RowsetValue value;
    if (cursor->statement) {
        sqlite3_result_value(context, sqlite3_column_value(cursor->statement, column));
        return SQLITE_OK;
    }
    if (!rowset_get(cursor->rows, cursor->row, (uint32_t)column, &value))
        return SQLITE_CORRUPT_VTAB;
    rowset_result(context, &value, ((PartsTable *)base->pVtab)->source->encoding,
                  ((PartsTable *)base->pVtab)->source->stream ? SQLITE_TRANSIENT : SQLITE_STATIC);
    return SQLITE_OK;
}

static int parts_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ((PartsCursor *)base)->position;
    return SQLITE_OK;
}

static const sqlite3_module parts_module = {
    .iVersion = 0,
    .xConnect = parts_connect,
    .xBestIndex = parts_best_index,
    .xDisconnect = parts_disconnect,
    .xOpen = parts_open,
    .xClose = parts_close,
    .xFilter = parts_filter,
    .xNext = parts_next,
    .xEof = parts_eof,
    .xColumn = parts_column,
    .xRowid = parts_rowid,
};

int parts_table_register(sqlite3 *db, const PartsSource *source)
{
    return sqlite3_create_module_v2(db, SPLIT_PARTS_TABLE, &parts_module, (void *)(uintptr_t)source, NULL);
}
