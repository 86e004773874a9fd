/*
 * The seam between two ranges of rowids: whether the walk over a range ends at the very row at which the
 * search for the next range begins. With keys in order that is so; in a damaged or hostile file a walk may
 * end early, at a rowid that is too large, and a search may lead past rows. Then the rows of all ranges
 * together would silently be others than those of one walk over the table. On the evaluator's thread.
 */
#ifndef PRICEMAP_RANGE_SEAM_H
#define PRICEMAP_RANGE_SEAM_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/evaluate/page_trail.h"

struct Evaluator;

/* How a statement comes to the rows of its range: with a WHERE on the rowid SQLite may seek single rows, as
   it does in a plain SELECT, and such rows have no seam. That is learned when a check first fails: to explain
   a long text takes long. */
typedef enum RangeAccess { ACCESS_UNKNOWN, ACCESS_WALK, ACCESS_SEEK } RangeAccess;

/* To be called before a walk whose end will be checked: no page may come from the cache, unseen. */
void range_seam_begin(struct Evaluator *evaluator);

/* A walk that is over. */
typedef struct RangeWalk {
    /* The range, as the statement had it bound; rowids are those of recipe_rowid. */
    int64_t first_rowid, last_rowid;
    /* The rows that were walked. */
    int64_t rows;
    /* Whether the rows were traced one by one; `rowid` is that of the last one. */
    bool traced;
    int64_t rowid;
} RangeWalk;

/*
 * Checks the end of the walk that was begun last, and that went to the end of its statement. SQLITE_OK;
 * SQLITE_CORRUPT with `message` (TASK_MESSAGE_SIZE bytes) set; another error of the connection's.
 */
int range_seam_check_end(struct Evaluator *evaluator, const RangeWalk *walk, char *message);

/* The same for a statement that lasts, which holds its pages: its rows were traced, and the row after the
 * last one has to be the one that a search leads to. */
int range_seam_check_turn(struct Evaluator *evaluator, const RangeWalk *walk, char *message);

/*
 * The same where the walk stopped after a row of the range, its rows-th: finds that row's rowid, which
 * walk->rowid is set to, and checks that the rows from the next rowid on are those that were not walked.
 */
int range_seam_check_stop(struct Evaluator *evaluator, RangeWalk *walk, char *message);

#endif
