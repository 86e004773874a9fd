/*
 * Experience from the runs of one map, for its next run: the cost of its rows, and the kinds of workers that
 * are of no use for it. The owner of a plan keeps it beside the plan and gives it to each run; zeros mean
 * that nothing is known yet. On the connection's thread only.
 */
#ifndef PRICEMAP_MAP_EXPERIENCE_H
#define PRICEMAP_MAP_EXPERIENCE_H

#include <stdint.h>

typedef struct MapExperience {
    /* Nanoseconds that a worker takes for a row that it is given, and for a rowid of a range that it reads.
     */
    double row_ns, rowid_ns;
    /* Nanoseconds that the host takes for the same in place, while no worker of the map runs. */
    double in_place_row_ns, in_place_rowid_ns;
    /* Nanoseconds that the host takes to read a row of the source. */
    double feed_ns;
    /* Rows of the source when it was last read to its end. */
    int64_t rows;
    /* Kinds of workers, a bit each in the order of executor_kinds, that hold each other up in this map. */
    unsigned failed_kinds;
    /* Kinds of workers, as bits too, that cannot prepare the map: they lack what the host has. */
    unsigned lacking_kinds;
    /* Number of runs for which `auto` does without workers, because they gained nothing. */
    int runs_without_workers;
} MapExperience;

/* The experience that holds for another plan of the same map, too: all but the lacking kinds, because the new
 * plan's workers may load more extensions. */
static inline MapExperience map_experience_of_new_plan(const MapExperience *old)
{
    MapExperience experience = *old;
    experience.lacking_kinds = 0;
    return experience;
}

#endif
