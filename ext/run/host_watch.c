#include "ext/run/host_watch.h"

#include "ext/base/clock.h"

bool host_interrupted(sqlite3_stmt *pulse)
{
    sqlite3_reset(pulse);
    int rc = sqlite3_step(pulse);
    sqlite3_reset(pulse);
    return rc == SQLITE_INTERRUPT;
}

void host_watch_begin(HostWatch *watch, sqlite3_stmt *pulse, double timeout)
{
    *watch =
        (HostWatch){.pulse = pulse, .deadline_ns = timeout > 0 ? clock_ns() + (int64_t)(timeout * 1e9) : 0};
}

int host_watch_stop(void *arg)
{
    HostWatch *watch = arg;
    watch->interrupted = watch->interrupted || host_interrupted(watch->pulse);
    watch->timed_out = watch->timed_out || (watch->deadline_ns && clock_ns() > watch->deadline_ns);
    return watch->interrupted || watch->timed_out;
}
