/* The Mann-Whitney U test: do numbers of one group tend to be greater than those of another? Pure functions,
 * safe on any thread. */
#ifndef PRICEREPORT_MANN_WHITNEY_H
#define PRICEREPORT_MANN_WHITNEY_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/base/failure.h"

/* Up to so many numbers in both groups together the distribution is counted exactly; above, the normal
 * approximation is used, which is then good to about 1e-4. Counting 100 numbers takes some ten milliseconds
 * where there are ties, and a quarter of that where there are none. */
enum { MANN_WHITNEY_EXACT_MOST = 100 };

typedef struct MannWhitney {
    /* Pairs in which the left number is greater; a tie counts one half. */
    double u;
    /* Two-sided probability; NAN where a group is empty. */
    double p;
    /* Whether p was counted, not approximated. */
    bool exact;
} MannWhitney;

/* Tests two groups of finite numbers in any order. Exact: among all ways to deal the numbers, ties and all,
 * out to two groups of these sizes, p is twice the share of those whose U is at least as far out on the same
 * side, at most 1. Approximated: with the variance corrected for ties, and a correction for continuity.
 * Returns 0, or -1 with the failure set when memory ran out. */
int mann_whitney(const double *left, size_t left_count, const double *right, size_t right_count,
                 MannWhitney *result, Failure *failure);

/* The least p that groups of these sizes can ever have, when all numbers of one are greater than all of the
 * other: 2 / C(left + right, left). At most 1. */
double mann_whitney_least_p(size_t left_count, size_t right_count);

#endif
