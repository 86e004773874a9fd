/*
 * For builds that count what is executed (b_coverage) alone. Counts are written when a program exits; a
 * worker process is killed instead, and the zygote leaves by _exit. So in pricemap-worker ld leads the calls
 * that end a task, and the zygote, through here.
 */
#include <stdint.h>

#include "ext/channel/bell.h"
#include "ext/base/clock.h"
#include "ext/worker/zygote.h"

void __gcov_dump(void);
void __gcov_reset(void);
void __real_bell_ring(Bell *bell);
void __wrap_bell_ring(Bell *bell);
int __real_zygote_run(int socket, ZygoteWork *work);
int __wrap_zygote_run(int socket, ZygoteWork *work);

/* Writing takes some milliseconds; what was counted since then is written the next time. */
static const int64_t pause_ns = 50000000;

static void write_counts(void)
{
    __gcov_dump();
    __gcov_reset();
}

void __wrap_bell_ring(Bell *bell)
{
    static int64_t written_ns;
    __real_bell_ring(bell);
    if (clock_ns() > written_ns + pause_ns) {
        write_counts();
        written_ns = clock_ns();
    }
}

int __wrap_zygote_run(int socket, ZygoteWork *work)
{
    int status = __real_zygote_run(socket, work);
    write_counts();
    return status;
}
