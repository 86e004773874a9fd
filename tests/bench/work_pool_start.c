/* Does starting worker processes take longer in a large host than in a small one? A fork of the host would.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_process.h"
#include "price_lists.h"
#include "figures.h"

enum { SMALL_MIB = 10, LARGE_MIB = 8192, NEEDED_GIB = 12 };

static const double within = 1.2;

static int64_t available_kib(void)
{
    char line[256];
    long long kib = 0;
    FILE *file = fopen("/proc/meminfo", "re");
    while (file && !kib && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %lld", &kib) != 1)
            kib = 0;
    if (file)
        fclose(file);
    return kib;
}

static int start_host(const Bench *bench, int mib, HostProcess *host, Failure *failure)
{
    char program[] = BENCH_TRIAL_HOST, verb[] = "starts", executor[] = "processes", table[] = "published";
    char database[PATH_SIZE], extension[PATH_SIZE], workers[16], size[16], line[64];
    snprintf(database, sizeof database, "%s", bench->database);
    snprintf(extension, sizeof extension, "%s", bench->extension);
    snprintf(workers, sizeof workers, "%d", bench->settings.workers);
    snprintf(size, sizeof size, "%d", mib);
    char *const argv[] = {program, verb, database, extension, executor, workers, table, size, NULL};
    if (host_process_start(host, argv, failure))
        return -1;
    if (host_process_ask(host, NULL, line, sizeof line, failure) == 0)
        return 0;
    host_process_end(host);
    return -1;
}

static int take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    HostProcess *host = context;
    char line[64];
    int64_t ns;
    sample->wall_ns = 0;
    for (int64_t i = 0; i < loops; i++) {
        if (host_process_ask(host, "start\n", line, sizeof line, failure))
            return -1;
        if (sscanf(line, "%" SCNd64, &ns) != 1)
            return failure_set(failure, "trial_host printed '%s'", line);
        sample->wall_ns += ns;
    }
    return 0;
}

static int measure(Bench *bench, HostProcess *hosts, Failure *failure)
{
    enum { SMALL, LARGE };
    static const Effort effort = {.rounds = 101, .quick_rounds = 31};
    Subject subjects[] = {
        {.label = "pool start and first map, host of 10 MB", .sampled = {take, &hosts[SMALL]}},
        {.label = "pool start and first map, host of 8 GB", .sampled = {take, &hosts[LARGE]}}};
    Measurement measurement;
    if (measurement_take(bench, subjects, 2, &effort, &measurement, failure))
        return -1;
    Estimate ratio = measurement_ratio(&measurement, LARGE, SMALL);
    Bar bar = {.kind = BAR_JUDGED,
               .text = "within 20 %",
               .reached = ratio.median <= within && ratio.median >= 1 / within};
    int result = report_result(bench, "start of worker processes: a host of 8 GB over one of 10 MB", ratio,
                               UNIT_TIMES, bar, NULL, failure);
    measurement_free(&measurement);
    return result;
}

int work_pool_start(Bench *bench, Failure *failure)
{
    HostProcess hosts[2] = {{.socket = -1}, {.socket = -1}};
    if (available_kib() < (int64_t)NEEDED_GIB << 20)
        return report_skip(bench, "start of worker processes: a host of 8 GB over one of 10 MB",
                           "needs 12 GiB of available memory", failure);
    if (published_list(bench, failure))
        return -1;
    int result = start_host(bench, SMALL_MIB, &hosts[0], failure);
    if (result == 0)
        result = start_host(bench, LARGE_MIB, &hosts[1], failure);
    if (result == 0)
        result = measure(bench, hosts, failure);
    host_process_end(&hosts[0]);
    host_process_end(&hosts[1]);
    return result;
}
