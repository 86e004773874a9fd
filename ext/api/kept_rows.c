#include "ext/api/kept_rows.h"

#include <stdlib.h>
#include <string.h>

/* Bytes and rows that are kept at most. A map that gives more of either runs for each outer row. */
enum { KEPT_BYTES = 32 << 20, KEPT_ROWS = 1 << 24 };

void kept_rows_free(KeptRows *kept)
{
    for (int i = 0; i < kept->count; i++)
        free(kept->blocks[i].copy);
    free(kept->blocks);
    free(kept->heads);
    free(kept->next);
    *kept = (KeptRows){0};
}

static bool give_up(KeptRows *kept)
{
    kept_rows_free(kept);
    return false;
}

bool kept_rows_add(KeptRows *kept, const RowsetView *rows)
{
    uint64_t size = rows->heap + rows->heap_bytes;
    if (kept->bytes + size > KEPT_BYTES || rows->rows > KEPT_ROWS - kept->rows)
        return give_up(kept);
    if (kept->count == kept->room) {
        int room = kept->room ? 2 * kept->room : 8;
        KeptBlock *grown = realloc(kept->blocks, (size_t)room * sizeof *grown);
        if (!grown)
            return give_up(kept);
        kept->blocks = grown;
        kept->room = room;
    }
    KeptBlock *block = &kept->blocks[kept->count];
    *block = (KeptBlock){.copy = malloc(size), .before = kept->rows};
    if (!block->copy)
        return give_up(kept);
    kept->count++;
    memcpy(block->copy, rows->data, size);
    if (!rowset_open(&block->rows, block->copy, size) || block->rows.rows != rows->rows)
        return give_up(kept);
    kept->rows += rows->rows;
    kept->bytes += size;
    return true;
}

/* Numbers that SQLite takes for equal have one hash. */
static uint32_t hash_number(double number)
{
    uint64_t bits;
    if (number == 0)
        number = 0; /* and no -0.0 */
    memcpy(&bits, &number, sizeof bits);
    return (uint32_t)((bits * 0x9E3779B97F4A7C15u) >> 32);
}

/* The block that has a row, counted from 0. */
static const KeptBlock *find_block(const KeptRows *kept, uint32_t row)
{
    int low = 0, high = kept->count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (kept->blocks[middle].before <= row)
            low = middle;
        else
            high = middle - 1;
    }
    return &kept->blocks[low];
}

/* Links the rows from the last to the first, so that each list is in the order of the rows. */
bool kept_rows_index(KeptRows *kept, uint32_t column)
{
    uint32_t heads = 16;
    while (heads < kept->rows)
        heads *= 2;
    kept->heads = calloc(heads, sizeof *kept->heads);
    kept->next = calloc((size_t)kept->rows + 1, sizeof *kept->next);
    if (!kept->heads || !kept->next)
        return give_up(kept);
    kept->head_mask = heads - 1;
    for (int i = kept->count - 1; i >= 0; i--) {
        const KeptBlock *block = &kept->blocks[i];
        for (uint32_t row = block->rows.rows; row-- > 0;) {
            RowsetValue value = {.type = SQLITE_INTEGER, .integer = (int64_t)block->before + row + 1};
            if (column != KEPT_NUMBER && !rowset_get(&block->rows, row, column, &value))
                return give_up(kept);
            bool number = value.type == SQLITE_INTEGER || value.type == SQLITE_FLOAT;
            double real = value.type == SQLITE_INTEGER ? (double)value.integer : number ? value.real : 0;
            uint32_t *head = number ? &kept->heads[hash_number(real) & kept->head_mask] : &kept->others;
            kept->next[block->before + row + 1] = *head;
            *head = block->before + row + 1;
        }
    }
    return true;
}

void kept_rows_find(const KeptRows *kept, sqlite3_value *value, KeptLookup *lookup)
{
    int type = sqlite3_value_type(value);
    *lookup = (KeptLookup){0};
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
        lookup->number = kept->heads[hash_number(sqlite3_value_double(value)) & kept->head_mask];
        lookup->other = kept->others;
    } else if (type != SQLITE_NULL) {
        /* A text may be compared as the number that it is, and by any collation. */
        lookup->all = true;
        lookup->number = kept->rows ? 1 : 0;
    }
}

bool kept_rows_next(const KeptRows *kept, KeptLookup *lookup, RowsetView *rows, uint32_t *row,
                    int64_t *number)
{
    bool other = lookup->other && (!lookup->number || lookup->other < lookup->number);
    uint32_t *list = other ? &lookup->other : &lookup->number;
    uint32_t found = *list;
    if (!found)
        return false;
    *list = !lookup->all ? kept->next[found] : found < kept->rows ? found + 1 : 0;
    const KeptBlock *block = find_block(kept, found - 1);
    *rows = block->rows;
    *row = found - 1 - block->before;
    *number = found;
    return true;
}
