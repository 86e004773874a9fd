/* Ranges of commits, as the git work tree of the current folder has them: A..B, whose ends are any names of
 * git's, a left out one being HEAD. */
#ifndef PRICEREPORT_COMMIT_RANGE_H
#define PRICEREPORT_COMMIT_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/base/failure.h"

/* Whole names of commits; the base is empty where the range is a single commit. */
typedef struct CommitRange {
    char base[65], tip[65];
} CommitRange;

/* The two ends of a text "A..B"; each is borrowed from the text, and may have no length. */
typedef struct RangeEnds {
    const char *first, *last;
    size_t first_length, last_length;
} RangeEnds;

/* Splits a text at its "..". Returns false where there is none, or three points. */
bool commit_range_split(const char *text, RangeEnds *ends);

/* Finds the commits of a range, or the one commit that the text names. Returns 0, or -1 with the failure set,
 * which names the end that git does not know. */
int commit_range_find(CommitRange *range, const char *text, Failure *failure);

/* The commits that git reaches from the tip and not from the base, each on a line, children before their
 * parents, 50 000 at most; to be freed. NULL: git failed, or memory ran out. */
char *commit_range_list(const CommitRange *range);

#endif
