#include "peers.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/system/process.h"
#include "figures.h"

bool peer_installed(const char *program)
{
    char name[PATH_SIZE], version[] = "--version", output[64];
    snprintf(name, sizeof name, "%s", program);
    char *const argv[] = {name, version, NULL};
    return process_run(argv, NULL, 1, output, sizeof output) == 0;
}

int peer_run(char *const argv[], const char *directory, char *output, size_t size, Failure *failure)
{
    int status = process_run(argv, directory, 1, output, size);
    if (status == 0)
        return 0;
    if (status == PROCESS_NOT_STARTED)
        return failure_set(failure, "cannot start %s: %s", argv[0], strerror(errno));
    char command[1024] = "";
    for (size_t i = 0, used = 0; argv[i] && used < sizeof command; i++) {
        int length = snprintf(command + used, sizeof command - used, " '%s'", argv[i]);
        used += length > 0 ? (size_t)length : 0;
    }
    return failure_set(failure, "%s ended with %s %d; this was started:%s", argv[0],
                       status >= PROCESS_SIGNALED ? "signal" : "status",
                       status >= PROCESS_SIGNALED ? status - PROCESS_SIGNALED : status, command);
}

int peer_check(Bench *bench, const char *peer, double sum, double expected, Failure *failure)
{
    if (fabs(sum - expected) <= 1e-12 * fabs(expected))
        return 0;
    bench->wrong = true;
    return failure_set(failure, "%s computes the sum %.17g, the plain SELECT %.17g", peer, sum, expected);
}

int peers_measure(Bench *bench, const char *table, const PeerSubject *peers, size_t count,
                  const Effort *effort, MappingAnswer *expected, Failure *failure)
{
    enum { PLAIN, OURS, OUR_COUNT = 3 }; /* the mappings; the plain SELECT, the first, is not timed */
    static const MappingWay ways[] = {
        {.executor = NULL}, {.executor = "serial"}, {.executor = "threads"}, {.executor = "processes"}};
    const MappingTask task = {.source = table, .map = "increase_price_crazy(p)"};
    MappingSet set;
    Subject all[1 + OUR_COUNT + PEERS_MAX];
    Measurement measurement;
    if (mapping_set_open(&set, bench, &task, ways, 1 + OUR_COUNT, true, failure))
        return -1;
    *expected = set.mappings[PLAIN].expected;
    mapping_set_subjects(&set, all);
    for (size_t i = 0; i < count; i++) {
        all[1 + OUR_COUNT + i].sampled = peers[i].sampled;
        snprintf(all[1 + OUR_COUNT + i].label, LABEL_SIZE, "%s", peers[i].label);
    }
    int result = measurement_take(bench, all + OURS, OUR_COUNT + count, effort, &measurement, failure);
    mapping_set_blame(&set, bench);
    mapping_set_close(&set);
    if (result)
        return result;
    for (size_t i = 0; i < count && result == 0; i++) {
        char what[160];
        snprintf(what, sizeof what, "%lld prices: %s, over executor %s", (long long)expected->rows,
                 peers[i].label, ways[1 + peers[i].ours].executor);
        Bar bar = {.kind = peers[i].bar > 0 ? BAR_AT_LEAST : BAR_NONE, .limit = peers[i].bar};
        result = report_result(bench, what, measurement_ratio(&measurement, OUR_COUNT + i, peers[i].ours),
                               UNIT_TIMES, bar, NULL, failure);
    }
    measurement_free(&measurement);
    return result;
}
