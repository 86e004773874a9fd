#include "ext/run/query_parts.h"

#include <stdlib.h>
#include <string.h>

int query_parts_add(Parts *parts, const Task *task)
{
    RowsetView rows;
    uint64_t bytes = task->report.output_bytes;
    if (!task->output || bytes > task->output_size || !rowset_open(&rows, task->output, bytes) ||
        rows.rows != task->report.rows_out)
        return SQLITE_CORRUPT;
    if (!rows.rows)
        return SQLITE_OK;
    if (bytes > PARTS_BYTES - parts->bytes)
        return SQLITE_TOOBIG;
    if (parts->count == parts->room) {
        int room = parts->room ? 2 * parts->room : 16;
        PartBlock *grown = realloc(parts->blocks, (size_t)room * sizeof *grown);
        if (!grown)
            return SQLITE_NOMEM;
        parts->blocks = grown;
        parts->room = room;
    }
    PartBlock *block = &parts->blocks[parts->count];
    *block = (PartBlock){.first_rowid = task->order.first_rowid,
                         .first_morsel = morsels_first(task->order.morsels),
                         .copy = malloc(bytes)};
    if (!block->copy)
        return SQLITE_NOMEM;
    memcpy(block->copy, task->output, bytes);
    /* The header may have changed between the check and the copy. */
    if (!rowset_open(&block->rows, block->copy, bytes)) {
        free(block->copy);
        return SQLITE_CORRUPT;
    }
    parts->count++;
    parts->bytes += bytes;
    parts->rows += block->rows.rows;
    return SQLITE_OK;
}

static int compare_blocks(const void *a, const void *b)
{
    const PartBlock *one = a, *other = b;
    int order = (one->first_rowid > other->first_rowid) - (one->first_rowid < other->first_rowid);
    return order ? order
                 : (one->first_morsel > other->first_morsel) - (one->first_morsel < other->first_morsel);
}

void query_parts_sort(Parts *parts)
{
    if (parts->count)
        qsort(parts->blocks, (size_t)parts->count, sizeof *parts->blocks, compare_blocks);
}

void query_parts_free(Parts *parts)
{
    for (int i = 0; i < parts->count; i++)
        free(parts->blocks[i].copy);
    free(parts->blocks);
    *parts = (Parts){0};
}
