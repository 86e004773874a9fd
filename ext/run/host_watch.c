#include "ext/run/host_watch.h"

#include "ext/base/clock.h"
#include "ext/base/interrupt.h"

void host_watch_begin(HostWatch *watch, sqlite3_stmt *interrupt_probe, double timeout)
{
    *watch = (HostWatch){.interrupt_probe = interrupt_probe,
                         .deadline_ns = timeout > 0 ? clock_ns() + (int64_t)(timeout * 1e9) : 0};
}

int host_watch_stop(void *arg)
{
    HostWatch *watch = arg;
    watch->interrupted = watch->interrupted || host_interrupted(watch->interrupt_probe);
    watch->timed_out = watch->timed_out || (watch->deadline_ns && clock_ns() > watch->deadline_ns);
    return watch->interrupted || watch->timed_out;
}
