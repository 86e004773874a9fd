#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/base/format.h"
#include "cli/report/findings_text.h"

static const double noticeable = 0.05;

static const char *verdict(double speedup)
{
    if (isnan(speedup))
        return "was not measured";
    if (speedup > 1 + noticeable)
        return "pays";
    if (speedup < 1 - noticeable)
        return "costs";
    return "makes no difference";
}

/* How many times as fast as serial, or, below 1, how many times as long it takes. */
static const char *factor(double speedup, char text[FORMAT_SIZE])
{
    format_times(speedup < 1 ? 1 / speedup : speedup, text);
    return speedup < 1 ? "as long" : "as fast";
}

static void describe(const Speedups *speedups, char *text, size_t size)
{
    const char *threads = verdict(speedups->threads), *processes = verdict(speedups->processes);
    char of_threads[FORMAT_SIZE], of_processes[FORMAT_SIZE];
    const char *threads_how = factor(speedups->threads, of_threads);
    const char *processes_how = factor(speedups->processes, of_processes);
    if (isnan(speedups->threads) && isnan(speedups->processes))
        snprintf(text, size, "%s", threads);
    else if (strcmp(threads, processes) == 0)
        snprintf(text, size, "%s (threads %s %s as serial, processes %s %s)", threads, of_threads,
                 threads_how, of_processes, processes_how);
    else
        snprintf(text, size, "%s in threads (%s %s as serial) and %s in processes (%s %s)", threads,
                 of_threads, threads_how, processes, of_processes, processes_how);
}

void findings_text_write(const Speedups *cheap, const Speedups *expensive, char *text, size_t size)
{
    char of_cheap[256], of_expensive[256];
    describe(cheap, of_cheap, sizeof of_cheap);
    describe(expensive, of_expensive, sizeof of_expensive);
    snprintf(text, size, "What it means: for cheap work parallelism %s; for expensive work it %s.", of_cheap,
             of_expensive);
}
