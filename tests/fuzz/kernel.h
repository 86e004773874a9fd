/* What the targets of the zygote's protocol put in the place of the kernel. Included by them alone. */
#ifndef PRICEMAP_FUZZ_KERNEL_H
#define PRICEMAP_FUZZ_KERNEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* A clock that goes on only while the tested code waits. */
static int64_t kernel_now_ns;

static int64_t kernel_clock(void)
{
    return kernel_now_ns;
}

/* After a wait; also one that ended at once takes time. */
static void kernel_waited(int milliseconds)
{
    kernel_now_ns += (milliseconds > 0 ? (int64_t)milliseconds : 1) * 1000000;
}

/* For calls that change this process. */
static int ignore_call(long first, ...)
{
    (void)first;
    return 0;
}

static void finding(const char *what)
{
    fprintf(stderr, "FINDING: %s\n", what);
    abort();
}

#endif
