/*
 * Which pages of a table's b-tree a walk or a search came by last, and whether they are in order. A file is a
 * claim: SQLite walks a table by its pages and searches it by its keys, and only where the keys are in order
 * do both lead to the same row. Cost: some instructions per page, none per row.
 *
 * A page is known by its position: where its bytes were read, in the database file or in its write-ahead log.
 * Positions of one read transaction can be compared. Used by one thread.
 */
#ifndef PRICEMAP_PAGE_TRAIL_H
#define PRICEMAP_PAGE_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

/* Interior pages that are known to be in order: a range comes by the same ones as the one before. */
enum { PAGE_TRAIL_KNOWN = 8 };

typedef struct PageTrail {
    /* Positions of the leaf page that was read last and of the interior page before it; 0: none was. */
    int64_t leaf, interior;
    /* Whether every page is judged, as in a search; a walk reads other pages too, of long values for one. */
    bool judging;
    /* Whether a judged page was out of order: its keys do not ascend, or two of its cells have one child. */
    bool damaged;
    int64_t known[PAGE_TRAIL_KNOWN];
    unsigned known_next;
} PageTrail;

/* Begins another walk, or a search. */
void page_trail_begin(PageTrail *trail, bool judging);

/* The position of a page, which is never 0 and never the same in both files. */
static inline int64_t page_trail_position(int64_t offset, bool log)
{
    return log ? -offset - 1 : offset + 1;
}

/* Takes in a page that was just read: `size` bytes, at least 512. */
void page_trail_see(PageTrail *trail, const unsigned char *page, int size, int64_t position);

#endif
