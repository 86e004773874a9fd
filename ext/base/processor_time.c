#include "ext/base/processor_time.h"

#include <sys/resource.h>
#include <time.h>

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
