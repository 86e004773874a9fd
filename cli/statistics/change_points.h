/* Change points: where the level of a series jumps. Pure functions, safe on any thread.
 *
 * The method is E-divisive (Matteson and James 2014) as Hunter uses it (Fleming and others 2023). A window is
 * split where its two parts differ most, by the kernel Q; each part is split again as long as a t test finds
 * its halves different. Windows overlap by half, so that a change at the edge of one is in the middle of the
 * next, and so that a long series costs time in proportion to its length. This finds too much rather than too
 * little; then the weakest point is taken out, one after the other, until every one that is left is certain
 * and large enough: by the means of its levels, and by their medians too, since a t test alone takes one bad
 * number for a level. */
#ifndef PRICEREPORT_CHANGE_POINTS_H
#define PRICEREPORT_CHANGE_POINTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/base/failure.h"

enum { CHANGE_POINTS_LEAST = 7 }; /* numbers that a series needs to have change points */

typedef struct ChangeRules {
    /* Numbers that are examined together; at least 4. */
    size_t window;
    /* Probability of the t test below which a point counts. */
    double p;
    /* Smallest relative change, up or down: 0.05 is from 1 to 1.05, and from 1.05 to 1. */
    double change;
} ChangeRules;

/* Window 50, p 0.001, change 5 %. */
extern const ChangeRules change_rules_default;

typedef struct ChangePoint {
    /* Index of the first number of the new level. */
    size_t index;
    /* Means of the two levels that meet there. */
    double before, after;
    /* Probability of the t test of these two levels. */
    double p;
    /* Whether more than the newest number is on the new level: a single one may be a bad sample. */
    bool confirmed;
} ChangePoint;

/* The kernel: how much the numbers before `index` differ from those from it on, Q = nm/(n+m) (2 E|X-Y| -
 * E|X-X'| - E|Y-Y'|), is greatest at the index returned; it is from 2 to count - 2. With fewer than 4 numbers
 * there is none: 0, and Q is 0. `prefix` has room for 2 * count numbers, and is overwritten. */
size_t change_points_split(const double *numbers, size_t count, double *prefix, double *q);

/* Finds the change points of a series, oldest number first, in upwards order. Every level has at least two
 * numbers; but when the newest number differs from the level before it by the same rules, it is reported as
 * the last point, unconfirmed. Returns 0 and the points, to be freed, or -1 with the failure set and NULL
 * when memory ran out. */
int change_points_find(const double *numbers, size_t count, const ChangeRules *rules, ChangePoint **points,
                       size_t *point_count, Failure *failure);

#endif
