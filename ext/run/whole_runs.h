/*
 * Whether a query under `auto` is run without workers because that takes less time than its parts do with
 * them: whole, as the user wrote it, or, where its sums are exact, in place by the host. Only a run shows
 * what that takes. The second run of a short query is a whole one, from then on the faster way is taken, and
 * the other is measured again at growing distances: both depend on what else the machine does. On the
 * connection's thread only.
 */
#ifndef PRICEMAP_WHOLE_RUNS_H
#define PRICEMAP_WHOLE_RUNS_H

#include <stdbool.h>

/* Zeros: nothing was measured yet. */
typedef struct WholeRuns {
    /* Nanoseconds that runs in parts and whole ones take, or those in place; 0: there was none. */
    double parts_ns, whole_ns;
    /* Runs until the slower way is measured again, and the distance from the last such run. */
    int runs_left, distance;
    /* Whether the last choice found whole runs faster. */
    bool whole_before;
} WholeRuns;

/* Whether the next run is a whole one. To be called once before each run. */
bool whole_runs_choose(WholeRuns *runs);

/* Takes in what a run has taken, from its beginning to the end of its rows. */
void whole_runs_add(WholeRuns *runs, bool whole, double ns);

#endif
