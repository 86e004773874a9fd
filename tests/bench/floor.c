#include "floor.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "ext/functions/price.h"

typedef struct Job {
    const double *prices;
    double *raised;
    size_t count;
    int64_t rounds;
    atomic_size_t next;
    atomic_int failed;
} Job;

static void *work(void *argument)
{
    Job *job = argument;
    for (;;) {
        size_t i = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed);
        if (i >= job->count)
            return NULL;
        if (price_raise_crazy(job->prices[i], PRICE_DEFAULT_PERCENT, job->rounds, NULL, &job->raised[i]))
            atomic_store(&job->failed, EDOM);
    }
}

int floor_map(const double *prices, double *raised, size_t count, int64_t rounds, int threads)
{
    Job job = {.prices = prices, .raised = raised, .count = count, .rounds = rounds};
    pthread_t *started = malloc((size_t)threads * sizeof *started);
    if (!started)
        return ENOMEM;
    int error = 0, running = 0;
    while (running < threads && !error) {
        error = pthread_create(&started[running], NULL, work, &job);
        running += !error;
    }
    while (running > 0)
        pthread_join(started[--running], NULL);
    free(started);
    return error ? error : atomic_load(&job.failed);
}

double floor_price(size_t i)
{
    return 2.5 + (double)(i % 1000 * 10);
}
