/*
 * Experience from the runs of one map, for its next run: the cost of its rows, and the kinds of workers that
 * are of no use for it. The owner of a plan keeps it beside the plan and gives it to each run; zeros mean
 * that nothing is known yet. On the connection's thread only.
 */
#ifndef PRICEMAP_MAP_EXPERIENCE_H
#define PRICEMAP_MAP_EXPERIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/run/other_kind.h"
#include "ext/run/waiting.h"
#include "ext/run/whole_runs.h"
#include "ext/run/work_sum.h"

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
    /* Whether the last task in place was so much slower than those before it that it was not believed. */
    bool doubted;
    /* Nanoseconds of a processor that a row takes in place, of in_place_row_ns; and whether rows wait more
       than they compute. */
    double in_place_processor_ns;
    bool waits;
    /* Number of workers for rows that wait. */
    Waiting waiting;
    /* Whether a query has so many parts that combining them costs more than workers gain. */
    bool many_parts;
    /* Times of a query's runs in parts, and whole. */
    WholeRuns whole_runs;
    /* Kinds of workers, a bit each in the order of executor_kinds, that hold each other up in this map. */
    unsigned failed_kinds;
    /* Kinds of workers, as bits too, that cannot prepare the map: they lack what the host has. */
    unsigned lacking_kinds;
    /* Kinds of workers, as bits too, that are known to be possible in this process: that does not change. */
    unsigned possible_kinds;
    /* Kind of workers that the window measures; NULL: none. */
    const ExecutorKind *window_kind;
    /* Work of the tasks since the last decision; goes on in the next run where runs are short. */
    WorkSum window;
    /* Comparison of the kinds of workers. */
    OtherKind other;
    /* Windows in a row before this one in which workers gained nothing. */
    int bad_windows;
    /* Nanoseconds of work that are still done in place before workers, which gained nothing, are tried again,
       and how many the last such rest had; 0: workers gained something when they were last tried. */
    double rest_ns, rest_length_ns;
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
