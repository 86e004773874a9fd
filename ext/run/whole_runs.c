#include "ext/run/whole_runs.h"

enum {
    /* Runs from the first comparison to the second where both ways take the same time (a comparison costs
       more the slower the other way is), the factor from one to the next, and the most of them. */
    FIRST_DISTANCE = 2,
    NEXT_DISTANCE = 4,
    MOST_DISTANCE = 2048,
};

/* Time of a run from which on it is not worth a slower one to see what another way takes. */
static const double longest_ns = 1e9;

bool whole_runs_choose(WholeRuns *runs)
{
    if (!(runs->parts_ns > 0))
        return false;
    if (!(runs->whole_ns > 0))
        return runs->parts_ns <= longest_ns;
    const bool whole = runs->whole_ns < runs->parts_ns;
    const double slower_ns = whole ? runs->parts_ns : runs->whole_ns;
    const double faster_ns = whole ? runs->whole_ns : runs->parts_ns;
    /* A single run that was held up makes its way seem slower, and must not decide for long. */
    if (runs->distance && whole != runs->whole_before)
        runs->distance = runs->runs_left = FIRST_DISTANCE;
    runs->whole_before = whole;
    if (runs->runs_left > 0) {
        runs->runs_left--;
        return whole;
    }
    /* Only the first run in parts may have had workers to start, and is measured again at once. */
    const bool again = runs->distance || whole;
    int next = runs->distance ? NEXT_DISTANCE * runs->distance : FIRST_DISTANCE;
    runs->distance = next < MOST_DISTANCE ? next : MOST_DISTANCE;
    const double left = runs->distance * slower_ns / faster_ns;
    runs->runs_left = left < MOST_DISTANCE ? (int)left : MOST_DISTANCE;
    return again && slower_ns <= longest_ns ? !whole : whole;
}

/* A run that took less is believed at once, as others may have held the one before it up, or its workers had
   to be started. */
void whole_runs_add(WholeRuns *runs, bool whole, double ns)
{
    double *known_ns = whole ? &runs->whole_ns : &runs->parts_ns;
    *known_ns = *known_ns > 0 && ns > *known_ns ? (*known_ns + ns) / 2 : ns;
}
