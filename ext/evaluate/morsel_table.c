#include "ext/evaluate/morsel_table.h"

#include <stdlib.h>

enum { COLUMN_FIRST, COLUMN_LAST, COLUMN_FIRST_KEY, COLUMN_LAST_KEY };

typedef struct MorselTable {
    sqlite3_vtab base;
    MorselScan *scan;
} MorselTable;

typedef struct MorselCursor {
    sqlite3_vtab_cursor base;
    uint32_t morsel;
    bool ended;
} MorselCursor;

static int morsel_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                          char **message)
{
    (void)argc;
    (void)argv;
    (void)message;
    int rc = sqlite3_declare_vtab(
        db, "CREATE TABLE x(first_rowid INTEGER, last_rowid INTEGER, first_key, last_key)");
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

int64_t morsel_range_first(const TaskOrder *order)
{
    return order->begins_table ? INT64_MIN : order->first_rowid;
}

int64_t morsel_range_last(const TaskOrder *order)
{
    return order->ends_table ? INT64_MAX : order->last_rowid;
}

/* Rowids of each morsel but the last one, which has the remainder as well. */
static uint64_t morsel_width(const TaskOrder *order)
{
    uint64_t width = ((uint64_t)order->last_rowid - (uint64_t)order->first_rowid) / order->morsel_count;
    return width ? width : 1;
}

static int64_t morsel_first(const TaskOrder *order, uint32_t morsel)
{
    return morsel ? (int64_t)((uint64_t)order->first_rowid + morsel * morsel_width(order))
                  : morsel_range_first(order);
}

static int64_t morsel_last(const TaskOrder *order, uint32_t morsel)
{
    return morsel + 1 < order->morsel_count
               ? (int64_t)((uint64_t)order->first_rowid + (morsel + 1) * morsel_width(order) - 1)
               : morsel_range_last(order);
}

static void take_morsel(MorselCursor *cursor)
{
    MorselScan *scan = ((MorselTable *)cursor->base.pVtab)->scan;
    cursor->ended =
        !scan->order || !scan->order->morsel_count || !morsels_take(scan->control, &cursor->morsel);
    scan->taken += !cursor->ended;
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
    take_morsel(cursor);
    return SQLITE_OK;
}

static int morsel_next(sqlite3_vtab_cursor *base)
{
    take_morsel((MorselCursor *)base);
    return SQLITE_OK;
}

static int morsel_eof(sqlite3_vtab_cursor *base)
{
    return ((MorselCursor *)base)->ended;
}

bool morsel_key(const MorselScan *scan, int64_t range, bool last, RowsetValue *key)
{
    return range >= 1 && range <= scan->keys.rows &&
           rowset_get(&scan->keys, (uint32_t)(range - 1), last, key);
}

/* The ends of a morsel by its keys. */
static int give_key(sqlite3_context *context, const MorselScan *scan, uint32_t morsel, bool last)
{
    const TaskOrder *order = scan->order;
    int64_t first_range = morsel ? morsel_first(order, morsel) : order->first_rowid;
    int64_t last_range = morsel + 1 < order->morsel_count ? morsel_last(order, morsel) : order->last_rowid;
    RowsetValue key;
    if (!morsel_key(scan, last ? last_range : first_range, last, &key))
        return SQLITE_CORRUPT_VTAB;
    rowset_result(context, &key, scan->encoding, SQLITE_STATIC);
    return SQLITE_OK;
}

static int morsel_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const MorselScan *scan = ((MorselTable *)base->pVtab)->scan;
    const TaskOrder *order = scan->order;
    uint32_t morsel = ((MorselCursor *)base)->morsel;
    if (column >= COLUMN_FIRST_KEY)
        return give_key(context, scan, morsel, column == COLUMN_LAST_KEY);
    sqlite3_result_int64(context,
                         column == COLUMN_FIRST ? morsel_first(order, morsel) : morsel_last(order, morsel));
    return SQLITE_OK;
}

static int morsel_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ((MorselCursor *)base)->morsel;
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
