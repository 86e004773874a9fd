/*
 * How many parts a query will have: groups that each worker finds for itself, and that are combined. Where
 * there are many, combining them takes longer than workers gain.
 */
#ifndef PRICEMAP_PARTS_GROWTH_H
#define PRICEMAP_PARTS_GROWTH_H

#include <stdbool.h>

/* Parts of the first range and of the last one. Zeros: there was none. */
typedef struct PartsGrowth {
    int ranges;
    double first_rowids, first_parts;
    double rowids, parts;
} PartsGrowth;

/* Adds a range of so many rowids that gave so many parts. */
void parts_growth_add(PartsGrowth *growth, double rowids, double parts);

/* The number of rowids of a range that is much larger than the first; 0: there was none. */
double parts_growth_rowids(const PartsGrowth *growth);

/* Whether the ranges so far show how parts grow: combining as many for each rowid would cost little beside
 * the `rowid_ns` that a rowid takes, or the last range was much larger than the first. */
bool parts_growth_is_known(const PartsGrowth *growth, double rowid_ns);

/*
 * Whether combining the parts of `rowids` rowids costs more than `workers` workers gain, where a rowid takes
 * `rowid_ns` in one. *estimate is the number of parts.
 */
bool parts_are_too_many(const PartsGrowth *growth, double rowids, double rowid_ns, int workers,
                        double *estimate);

#endif
