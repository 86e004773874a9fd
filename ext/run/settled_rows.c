#include "ext/run/settled_rows.h"

#include "sql/ext_sql.h"

static int fail(const SettledRows *settled, int rc, char **message)
{
    if (rc == SQLITE_NOMEM)
        return rc;
    *message = sqlite3_mprintf("parallel_map: source: no temporary place for its rows, which the host may "
                               "change meanwhile: %s",
                               settled->db ? sqlite3_errmsg(settled->db) : sqlite3_errstr(rc));
    return *message ? rc : SQLITE_NOMEM;
}

/* A database without a name lies in memory until it is large, and then in a file that no other process
 * sees. */
static int open_database(SettledRows *settled)
{
    int rc = sqlite3_open_v2("", &settled->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_PRIVATECACHE, NULL);
    return rc == SQLITE_OK ? sqlite3_exec(settled->db, sql_ext_settle, NULL, NULL, NULL) : rc;
}

static int store(SettledRows *settled, const Buffer *block)
{
    sqlite3_stmt *insert = NULL;
    RowsetView view;
    int rc = settled->db ? SQLITE_OK : open_database(settled);
    if (rc == SQLITE_OK && !rowset_open(&view, block->data, block->size))
        rc = SQLITE_CORRUPT;
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(settled->db, sql_ext_settle_block, -1, &insert, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_blob64(insert, 1, block->data, view.heap + view.heap_bytes, SQLITE_STATIC);
    if (rc == SQLITE_OK && (rc = sqlite3_step(insert)) == SQLITE_DONE)
        rc = SQLITE_OK;
    sqlite3_finalize(insert);
    return rc;
}

int settled_rows_add(SettledRows *settled, Buffer *block, char **message)
{
    int rc = settled->last.data ? store(settled, &settled->last) : SQLITE_OK;
    if (rc != SQLITE_OK)
        return fail(settled, rc, message);
    buffer_heap_free(&settled->last);
    settled->last = *block;
    buffer_heap_init(block);
    return SQLITE_OK;
}

/* Goes to the first row of the next block. SQLITE_ROW, or as settled_rows_next. */
static int next_block(SettledRows *settled)
{
    int rc = SQLITE_OK;
    if (settled->in_last || !settled->last.data)
        return SQLITE_DONE;
    if (settled->db && !settled->blocks)
        rc = sqlite3_prepare_v2(settled->db, sql_ext_settled_blocks, -1, &settled->blocks, NULL);
    if (rc == SQLITE_OK)
        rc = settled->blocks ? sqlite3_step(settled->blocks) : SQLITE_DONE;
    const void *data = settled->last.data;
    uint64_t size = settled->last.size;
    if (rc == SQLITE_ROW) {
        data = sqlite3_column_blob(settled->blocks, 0);
        size = (uint64_t)sqlite3_column_bytes(settled->blocks, 0);
        if (!data)
            return SQLITE_NOMEM;
    } else if (rc == SQLITE_DONE) {
        settled->in_last = true;
    } else {
        return rc;
    }
    settled->row = 0;
    return rowset_open(&settled->block, data, size) ? SQLITE_ROW : SQLITE_CORRUPT;
}

int settled_rows_next(SettledRows *settled, const RowsetView **rows, uint32_t *row, char **message)
{
    int rc = SQLITE_ROW;
    while (rc == SQLITE_ROW && settled->row >= settled->block.rows)
        rc = next_block(settled);
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? rc : fail(settled, rc, message);
    *rows = &settled->block;
    *row = settled->row++;
    return SQLITE_ROW;
}

void settled_rows_free(SettledRows *settled)
{
    sqlite3_finalize(settled->blocks);
    sqlite3_close(settled->db);
    buffer_heap_free(&settled->last);
    *settled = (SettledRows){0};
}
