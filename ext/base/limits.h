/* The bounds that several rooms share. */
#ifndef PRICEMAP_LIMITS_H
#define PRICEMAP_LIMITS_H

enum {
    /* Workers of one executor: what `workers` may be, and the most that a zygote keeps. */
    EXECUTOR_WORKERS_MAX = 1024,
    /* Rows of one chunk: what `chunk` may be. */
    CHUNK_ROWS_MAX = 1000000000,
    /* Time that a worker without a task, or a host without a result, polls before it sleeps: waking it costs
     * the next task more. */
    SPIN_NANOSECONDS = 20000,
};

#endif
