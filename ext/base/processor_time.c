#include "ext/base/processor_time.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static int64_t read_queued(void)
{
    char text[96];
    long long queued = 0;
    int file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    text[size > 0 ? size : 0] = 0;
    /* Nanoseconds on a processor, nanoseconds in a queue, number of times on a processor. */
    return sscanf(text, "%*d %lld", &queued) == 1 ? queued : 0;
}

void processor_time_read(ProcessorTime *time)
{
    struct timespec used = {0};
    struct rusage usage = {0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    getrusage(RUSAGE_THREAD, &usage);
    *time = (ProcessorTime){.ns = (int64_t)used.tv_sec * 1000000000 + used.tv_nsec,
                            .blocked = usage.ru_nvcsw,
                            .preempted = usage.ru_nivcsw};
}

void processor_time_read_queued(ProcessorTime *time)
{
    processor_time_read(time);
    time->queued_ns = read_queued();
}
