#include "ext/run/waiting.h"

enum {
    /* Windows after which more workers are tried for the second time. */
    FIRST_DISTANCE = 8,
};

/* Factor by which twice the workers have to do more. */
static const double least_growth = 1.2;

static int at_most(int workers, int most)
{
    return workers < most ? workers : most;
}

void waiting_begin(Waiting *waiting, int computing, int most)
{
    waiting->workers = at_most(waiting->workers ? waiting->workers : 2 * computing, most);
    waiting->before = 0;
}

static bool go_back(Waiting *waiting)
{
    waiting->workers = waiting->before;
    waiting->before = 0;
    waiting->distance = waiting->distance ? 2 * waiting->distance : FIRST_DISTANCE;
    waiting->windows_left = waiting->distance;
    return true;
}

bool waiting_next(Waiting *waiting, double unit_ns, int most)
{
    const double rate = waiting->workers * 1e9 / unit_ns;
    if (waiting->before &&
        rate < waiting->rate_before *
                   (1 + (least_growth - 1) * (waiting->workers - waiting->before) / waiting->before))
        return go_back(waiting);
    if (waiting->before)
        waiting->distance = 0;
    waiting->before = 0;
    if (waiting->windows_left > 0)
        waiting->windows_left--;
    if (waiting->windows_left > 0 || waiting->workers >= most)
        return false;
    waiting->before = waiting->workers;
    waiting->rate_before = rate;
    waiting->workers = at_most(2 * waiting->workers, most);
    return true;
}
