#include "ext/evaluate/page_trail.h"

#include <stddef.h>

/* SQLite's file format, "B-tree Pages". */
enum {
    INTERIOR_TABLE_PAGE = 0x05,
    LEAF_TABLE_PAGE = 0x0d,
    CELL_COUNT = 3,
    RIGHT_CHILD = 8,
    INTERIOR_HEADER = 12,
    LEAF_HEADER = 8,
    CHILD_BYTES = 4,
    /* Bytes of the smallest cell: SQLite makes none smaller, so that a free one can hold its link. */
    CELL_LEAST = 4,
    VARINT_BYTES = 9,
    /* Bits of the set of children that were met: a child whose bit is not set is new. */
    CHILD_BITS = 1 << 16,
};

static unsigned two_bytes(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t four_bytes(const unsigned char *at)
{
    return (uint32_t)two_bytes(at) << 16 | two_bytes(at + 2);
}

/* Reads a variable-length integer; returns what follows it, or NULL where it does not end before `end`. */
static inline const unsigned char *read_varint(const unsigned char *at, const unsigned char *end,
                                               int64_t *number)
{
    uint64_t bits = 0;
    for (int i = 0; i < VARINT_BYTES; i++) {
        if (at + i >= end)
            return NULL;
        unsigned byte = at[i];
        if (i == VARINT_BYTES - 1) {
            *number = (int64_t)(bits << 8 | byte);
            return at + VARINT_BYTES;
        }
        bits = bits << 7 | (byte & 0x7f);
        if (byte < 0x80) {
            *number = (int64_t)bits;
            return at + i + 1;
        }
    }
    return NULL;
}

static int header_size(const unsigned char *page)
{
    return *page == LEAF_TABLE_PAGE ? LEAF_HEADER : INTERIOR_HEADER;
}

/* The cell of that number, or NULL where it lies outside the page. */
static const unsigned char *cell_at(const unsigned char *page, int size, int number)
{
    int header = header_size(page);
    int offset = (int)two_bytes(page + header + 2 * (ptrdiff_t)number);
    int least = header + 2 * (int)two_bytes(page + CELL_COUNT);
    return offset >= least && offset + CELL_LEAST <= size ? page + offset : NULL;
}

/* Most of what the judging of a page costs is here: what is the same for all cells is computed once, and a
   payload's size is mostly one byte. */
static bool keys_ascend(const unsigned char *page, int size, int cells)
{
    const unsigned char *end = page + size, *pointer = page + header_size(page);
    const bool leaf = *page == LEAF_TABLE_PAGE;
    const int least = (int)(pointer - page) + 2 * cells;
    int64_t last = 0, key, payload;
    for (int i = 0; i < cells; i++, pointer += 2) {
        int offset = (int)two_bytes(pointer);
        if (offset < least || offset + CELL_LEAST > size)
            return false;
        const unsigned char *at = page + offset;
        if (!leaf)
            at += CHILD_BYTES;
        else if (*at < 0x80)
            at++;
        else
            at = read_varint(at, end, &payload);
        if (!at || !read_varint(at, end, &key) || (i && key <= last))
            return false;
        last = key;
    }
    return true;
}

/* The children of an interior page whose cells lie inside it; after those of the cells the right one. */
static uint32_t child_at(const unsigned char *page, int size, int number, int cells)
{
    const unsigned char *at = number < cells ? cell_at(page, size, number) : page + RIGHT_CHILD;
    return at ? four_bytes(at) : 0;
}

static bool is_among(const unsigned char *page, int size, int count, int cells, uint32_t child)
{
    for (int i = 0; i < count; i++)
        if (child_at(page, size, i, cells) == child)
            return true;
    return false;
}

static bool children_differ(const unsigned char *page, int size, int cells)
{
    unsigned char met[CHILD_BITS / 8] = {0};
    for (int i = 0; i <= cells; i++) {
        uint32_t child = child_at(page, size, i, cells), bit = child % CHILD_BITS;
        if (met[bit / 8] >> bit % 8 & 1 && is_among(page, size, i, cells, child))
            return false;
        met[bit / 8] = (unsigned char)(met[bit / 8] | 1u << bit % 8);
    }
    return true;
}

static bool has_room_for_its_cells(const unsigned char *page, int size)
{
    return header_size(page) + 2 * (int)two_bytes(page + CELL_COUNT) <= size;
}

static bool is_in_order(const unsigned char *page, int size)
{
    int cells = (int)two_bytes(page + CELL_COUNT);
    return has_room_for_its_cells(page, size) && keys_ascend(page, size, cells) &&
           (*page == LEAF_TABLE_PAGE || children_differ(page, size, cells));
}

/* Of one read transaction: what a page holds is the same each time. */
static bool interior_is_in_order(PageTrail *trail, const unsigned char *page, int size, int64_t position)
{
    for (int i = 0; i < PAGE_TRAIL_KNOWN; i++)
        if (trail->known[i] == position)
            return true;
    if (!is_in_order(page, size))
        return false;
    trail->known[trail->known_next++ % PAGE_TRAIL_KNOWN] = position;
    return true;
}

void page_trail_begin(PageTrail *trail, bool judging)
{
    trail->leaf = trail->interior = 0;
    trail->judging = judging;
    trail->damaged = false;
}

/* A page of an overflow chain or of a pointer map may begin like one of a b-tree, but is hardly in order as
   one: a walk takes an interior page only where that is so. */
void page_trail_see(PageTrail *trail, const unsigned char *page, int size, int64_t position)
{
    if (*page == LEAF_TABLE_PAGE && has_room_for_its_cells(page, size)) {
        trail->leaf = position;
        trail->damaged = trail->damaged || (trail->judging && !is_in_order(page, size));
    } else if (*page == INTERIOR_TABLE_PAGE) {
        if (interior_is_in_order(trail, page, size, position))
            trail->interior = position;
        else
            trail->damaged = trail->damaged || trail->judging;
    }
}
