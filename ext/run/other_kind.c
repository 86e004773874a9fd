#include "ext/run/other_kind.h"

enum {
    /* Windows from the first trial to the second. */
    FIRST_DISTANCE = 8,
};

/* Part of the time of the kind before that a unit takes at the most, where the other kind does more: less
   could be chance. */
static const double most_part = 0.9;

bool other_kind_is_due(OtherKind *other)
{
    if (other->windows_left > 0)
        other->windows_left--;
    return other->windows_left == 0;
}

void other_kind_begin(OtherKind *other, const ExecutorKind *kind, double unit_ns)
{
    other->before = kind;
    other->before_ns = unit_ns;
}

const ExecutorKind *other_kind_end(OtherKind *other, const ExecutorKind *kind, double unit_ns)
{
    const ExecutorKind *before = other->before;
    const bool better = kind != before && unit_ns < most_part * other->before_ns;
    other->before = NULL;
    other->distance = other->distance ? 2 * other->distance : FIRST_DISTANCE;
    other->windows_left = other->distance;
    other->preferred = better ? kind : before;
    return other->preferred;
}
