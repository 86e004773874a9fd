#include "ext/channel/bell.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long futex(atomic_uint *word, int operation, unsigned value, const struct timespec *timeout)
{
    return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

void bell_ring(Bell *bell)
{
    if (!atomic_load(&bell->sleeping))
        return;
    atomic_fetch_add(&bell->count, 1);
    futex(&bell->count, FUTEX_WAKE, INT_MAX, NULL);
}

unsigned bell_listen(Bell *bell)
{
    unsigned seen = atomic_load(&bell->count);
    atomic_store(&bell->sleeping, 1);
    return seen;
}

void bell_sleep(Bell *bell, unsigned seen, int64_t nanoseconds)
{
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    futex(&bell->count, FUTEX_WAIT, seen, nanoseconds < 0 ? NULL : &limit);
}

void bell_wake(Bell *bell)
{
    atomic_store(&bell->sleeping, 0);
}
