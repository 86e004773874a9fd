/* The order in which the commits of a range are measured: the missing one whose figures matter most comes
 * next. Pure, safe on any thread. */
#ifndef PRICEREPORT_COMMIT_WALK_H
#define PRICEREPORT_COMMIT_WALK_H

#include <stdbool.h>
#include <stddef.h>

typedef enum CommitState {
    COMMIT_MISSING,
    COMMIT_MEASURED,
    /* A commit that could not be built or measured: passed over. */
    COMMIT_FAILED,
} CommitState;

typedef struct WalkRules {
    /* Benchmarks of every commit, and from which ratio of medians on each has changed. */
    size_t benchmarks;
    const double *thresholds;
    /* Whether only commits between two whose figures differ are measured. */
    bool bisect;
} WalkRules;

/* Finds the commit to measure next among `count` commits, oldest first; `count` where none is left. First
 * come the ends; then the middle of the missing ones between two measured neighbours that differ most, by the
 * threshold at least; then that of the longest stretch. `figures` has the medians of each commit's
 * benchmarks, NAN where there is none. */
size_t commit_walk_next(const CommitState *states, const double *figures, size_t count,
                        const WalkRules *rules);

#endif
