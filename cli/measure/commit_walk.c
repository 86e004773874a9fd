#include <math.h>

#include "cli/measure/commit_walk.h"

/* The commits between two measured ones. */
typedef struct Stretch {
    size_t first, last, missing;
    /* Greatest change between the two, as the logarithm of a ratio; 0: none by the threshold. */
    double change;
} Stretch;

static size_t count_missing(const CommitState *states, size_t from, size_t to)
{
    size_t missing = 0;
    for (size_t i = from; i < to; i++)
        missing += states[i] == COMMIT_MISSING;
    return missing;
}

static double change_between(const double *before, const double *after, const WalkRules *rules)
{
    double greatest = 0;
    for (size_t i = 0; i < rules->benchmarks; i++) {
        double change = fabs(log(after[i] / before[i]));
        if (isfinite(change) && change >= log(rules->thresholds[i]) && change > greatest)
            greatest = change;
    }
    return greatest;
}

/* The missing commit in the middle of those of the stretch. */
static size_t middle(const CommitState *states, const Stretch *stretch)
{
    size_t index = stretch->first, wanted = stretch->missing / 2;
    while (states[index] != COMMIT_MISSING || wanted-- > 0)
        index++;
    return index;
}

static bool is_better(const Stretch *stretch, const Stretch *best)
{
    if (stretch->missing == 0)
        return false;
    if (best->missing == 0 || stretch->change > best->change)
        return true;
    return stretch->change == best->change && stretch->missing > best->missing;
}

/* The outermost missing commit beyond all measured ones; `count`: there is none. */
static size_t end_missing(const CommitState *states, size_t count)
{
    for (size_t i = count; i-- > 0 && states[i] != COMMIT_MEASURED;)
        if (states[i] == COMMIT_MISSING)
            return i;
    for (size_t i = 0; i < count && states[i] != COMMIT_MEASURED; i++)
        if (states[i] == COMMIT_MISSING)
            return i;
    return count;
}

size_t commit_walk_next(const CommitState *states, const double *figures, size_t count,
                        const WalkRules *rules)
{
    size_t end = end_missing(states, count), measured = count;
    Stretch best = {0};
    if (end < count)
        return end;
    for (size_t i = 0; i < count; i++) {
        if (states[i] != COMMIT_MEASURED)
            continue;
        if (measured < count) {
            const Stretch stretch = {.first = measured + 1,
                                     .last = i,
                                     .missing = count_missing(states, measured + 1, i),
                                     .change = change_between(&figures[measured * rules->benchmarks],
                                                              &figures[i * rules->benchmarks], rules)};
            if (is_better(&stretch, &best))
                best = stretch;
        }
        measured = i;
    }
    if (best.missing == 0 || (rules->bisect && best.change == 0))
        return count;
    return middle(states, &best);
}
