/* Connections that are opened, mapped on, and closed, thousands of times: does anything add up? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_process.h"
#include "price_lists.h"
#include "figures.h"

enum {
    CYCLES = 10000,
    QUICK_CYCLES = 500,
    RESIDENT_KIB = 976, /* the bar: 1 MB */
};

/* What the host has more at the end than at the beginning. */
typedef struct More {
    int descriptors, threads, processes, files, mappings;
    int64_t kib;
} More;

static int run_cycles(Bench *bench, const char *executor, int64_t cycles, More *more, Failure *failure)
{
    char program[] = BENCH_TRIAL_HOST, verb[] = "cycles", table[] = "published", name[16], workers[16],
         count[24];
    char line[256];
    snprintf(name, sizeof name, "%s", executor);
    snprintf(workers, sizeof workers, "%d", bench->settings.workers);
    snprintf(count, sizeof count, "%" PRId64, cycles);
    char *const argv[] = {program, verb, bench->database, bench->extension, name, workers, table,
                          count,   NULL};
    HostProcess host;
    if (host_process_start(&host, argv, failure))
        return -1;
    int result = host_process_ask(&host, NULL, line, sizeof line, failure);
    host_process_end(&host);
    if (result == 0 && sscanf(line, "%d %d %d %d %d %" SCNd64, &more->descriptors, &more->threads,
                              &more->processes, &more->files, &more->mappings, &more->kib) != 6)
        result = failure_set(failure, "trial_host printed '%s'", line);
    return result;
}

static int measure(Bench *bench, const char *executor, int64_t cycles, Failure *failure)
{
    More more;
    char what[128], remark[160];
    if (run_cycles(bench, executor, cycles, &more, failure))
        return -1;
    snprintf(what, sizeof what, "%" PRId64 " times open, map by %s, close: what is left behind", cycles,
             executor);
    snprintf(remark, sizeof remark,
             "descriptors %+d, threads %+d, processes %+d, shared files %+d, shared mappings %+d",
             more.descriptors, more.threads, more.processes, more.files, more.mappings);
    int64_t left = (int64_t)abs(more.descriptors) + abs(more.threads) + more.processes + abs(more.files) +
                   abs(more.mappings);
    if (report_count(bench, what, left, 0, remark, failure))
        return -1;
    snprintf(what, sizeof what, "%" PRId64 " times open, map by %s, close: KiB of resident memory more",
             cycles, executor);
    return report_count(bench, what, more.kib, RESIDENT_KIB, NULL, failure);
}

int work_cycles(Bench *bench, Failure *failure)
{
    static const char *const executors[] = {"threads", "processes", "auto"};
    enum { COUNT = sizeof executors / sizeof *executors };
    int64_t cycles = bench->settings.rounds  ? bench->settings.rounds
                     : bench->settings.quick ? QUICK_CYCLES
                                             : CYCLES;
    int result = published_list(bench, failure);
    for (int i = 0; i < COUNT && result == 0; i++) {
        result = measurement_step(bench, i, COUNT, failure);
        if (result == 0)
            result = measure(bench, executors[i], cycles, failure);
    }
    return result;
}
