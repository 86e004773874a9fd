#include "ext/run/query_parts_order.h"

#include <stdlib.h>
#include <string.h>

/* ---- values as SQLite compares them ---- */

static const char *collation_of(const SplitStage *stage, int key)
{
    const char *collation = stage->parts.items[stage->sorted[key].column].collation;
    return collation ? collation : "BINARY";
}

bool parts_can_merge(const SplitStage *stage, int encoding)
{
    for (int i = 0; i < stage->sorted_count; i++) {
        const char *collation = collation_of(stage, i);
        if (sqlite3_stricmp(collation, "BINARY") != 0 && sqlite3_stricmp(collation, "NOCASE") != 0 &&
            sqlite3_stricmp(collation, "RTRIM") != 0)
            return false;
    }
    return stage->sorted_count > 0 && encoding == SQLITE_UTF8;
}

/* NULL, numbers, text, blobs. */
static int type_class(int type)
{
    return type == SQLITE_NULL ? 0 : type == SQLITE_TEXT ? 2 : type == SQLITE_BLOB ? 3 : 1;
}

static int compare_integer_with_real(int64_t integer, double real)
{
    if (real >= 0x1p63)
        return -1;
    if (real < -0x1p63)
        return 1;
    int64_t whole = (int64_t)real;
    if (integer != whole)
        return integer < whole ? -1 : 1;
    double part = real - (double)whole;
    return (part < 0) - (part > 0);
}

static int compare_numbers(const RowsetValue *a, const RowsetValue *b)
{
    if (a->type == SQLITE_INTEGER && b->type == SQLITE_INTEGER)
        return (a->integer > b->integer) - (a->integer < b->integer);
    if (a->type == SQLITE_FLOAT && b->type == SQLITE_FLOAT)
        return (a->real > b->real) - (a->real < b->real);
    return a->type == SQLITE_INTEGER ? compare_integer_with_real(a->integer, b->real)
                                     : -compare_integer_with_real(b->integer, a->real);
}

static uint32_t trimmed_size(const RowsetValue *value)
{
    uint32_t size = value->size;
    const char *text = value->bytes;
    while (size && text[size - 1] == ' ')
        size--;
    return size;
}

static int lower(unsigned char byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
}

static int compare_bytes(const RowsetValue *a, const RowsetValue *b, const char *collation)
{
    bool trims = a->type == SQLITE_TEXT && !sqlite3_stricmp(collation, "RTRIM");
    uint32_t a_size = trims ? trimmed_size(a) : a->size, b_size = trims ? trimmed_size(b) : b->size;
    uint32_t least = a_size < b_size ? a_size : b_size;
    int order = 0;
    if (a->type == SQLITE_TEXT && !sqlite3_stricmp(collation, "NOCASE")) {
        const unsigned char *first = a->bytes, *second = b->bytes;
        for (uint32_t i = 0; !order && i < least; i++)
            order = lower(first[i]) - lower(second[i]);
    } else if (least) {
        order = memcmp(a->bytes, b->bytes, least);
    }
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

static int compare_values(const RowsetValue *a, const RowsetValue *b, const char *collation)
{
    int a_class = type_class(a->type), b_class = type_class(b->type);
    if (a_class != b_class)
        return a_class - b_class;
    if (a_class == 0)
        return 0;
    return a_class == 1 ? compare_numbers(a, b) : compare_bytes(a, b, collation);
}

static int compare_keys(const SplitSortKey *key, const char *collation, const RowsetValue *a,
                        const RowsetValue *b)
{
    bool a_null = a->type == SQLITE_NULL, b_null = b->type == SQLITE_NULL;
    if (a_null != b_null)
        return a_null == key->nulls_last ? 1 : -1;
    int order = compare_values(a, b, collation);
    return key->descending ? -order : order;
}

/* ---- the walk ---- */

/* Whether block `a` gives its row before block `b`; of equal rows the one of the earlier range comes first. A
   value that is damaged counts as NULL here, and is an error when it is read. */
static bool comes_first(const PartsWalk *walk, int a, int b)
{
    const SplitStage *stage = walk->stage;
    for (int i = 0; i < stage->sorted_count; i++) {
        RowsetValue first = {.type = SQLITE_NULL}, second = {.type = SQLITE_NULL};
        uint32_t column = (uint32_t)stage->sorted[i].column;
        if (!rowset_get(&walk->parts->blocks[a].rows, walk->rows[a], column, &first))
            first = (RowsetValue){.type = SQLITE_NULL};
        if (!rowset_get(&walk->parts->blocks[b].rows, walk->rows[b], column, &second))
            second = (RowsetValue){.type = SQLITE_NULL};
        int order = compare_keys(&stage->sorted[i], collation_of(stage, i), &first, &second);
        if (order)
            return order < 0;
    }
    return a < b;
}

static void sink(PartsWalk *walk, int at)
{
    for (;;) {
        int first = at;
        for (int child = 2 * at + 1; child <= 2 * at + 2 && child < walk->count; child++)
            if (comes_first(walk, walk->heap[child], walk->heap[first]))
                first = child;
        if (first == at)
            return;
        int kept = walk->heap[at];
        walk->heap[at] = walk->heap[first];
        walk->heap[first] = kept;
        at = first;
    }
}

int parts_walk_begin(PartsWalk *walk, const Parts *parts, const SplitStage *stage, bool merges)
{
    parts_walk_end(walk);
    *walk = (PartsWalk){.parts = parts, .stage = stage, .merges = merges};
    walk->rows = calloc((size_t)parts->count + 1, sizeof *walk->rows);
    walk->heap = calloc((size_t)parts->count + 1, sizeof *walk->heap);
    if (!walk->rows || !walk->heap) {
        parts_walk_end(walk);
        return SQLITE_NOMEM;
    }
    /* No block is empty. Without merging the heap is a stack, whose last is read. */
    for (int i = 0; i < parts->count; i++)
        walk->heap[i] = merges ? i : parts->count - 1 - i;
    walk->count = parts->count;
    for (int i = walk->count / 2; merges && i-- > 0;)
        sink(walk, i);
    return SQLITE_OK;
}

static int block_at(const PartsWalk *walk)
{
    return walk->heap[walk->merges ? 0 : walk->count - 1];
}

bool parts_walk_at(const PartsWalk *walk, const RowsetView **rows, uint32_t *row)
{
    if (!walk->count)
        return false;
    int block = block_at(walk);
    *rows = &walk->parts->blocks[block].rows;
    *row = walk->rows[block];
    return true;
}

void parts_walk_next(PartsWalk *walk)
{
    int block = block_at(walk);
    bool ended = ++walk->rows[block] == walk->parts->blocks[block].rows.rows;
    if (ended) {
        walk->count--;
        walk->heap[0] = walk->merges ? walk->heap[walk->count] : walk->heap[0];
    }
    if (walk->merges)
        sink(walk, 0);
}

void parts_walk_end(PartsWalk *walk)
{
    free(walk->rows);
    free(walk->heap);
    *walk = (PartsWalk){0};
}
