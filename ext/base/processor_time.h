/* The processor's time that a thread has had, and how often the thread had none. */
#ifndef PRICEMAP_PROCESSOR_TIME_H
#define PRICEMAP_PROCESSOR_TIME_H

#include <stdint.h>

typedef struct ProcessorTime {
    /* Nanoseconds of a processor. */
    int64_t ns;
    /* Number of times that the thread waited for something, and that another thread was given its processor.
     */
    int64_t blocked, preempted;
    /* Nanoseconds in which the thread was ready to run and other threads had the processors; 0: the kernel
     * does not say. */
    int64_t queued_ns;
} ProcessorTime;

/* Reads the figures of the calling thread, counted from its start. Costs about half a microsecond, and some
 * microseconds more for queued_ns. */
void processor_time_read(ProcessorTime *time);
void processor_time_read_queued(ProcessorTime *time);

#endif
