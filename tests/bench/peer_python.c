/* The published experiment in Python, serially, by threads and by processes. */
#include <stdio.h>

#include "tests/bench/bench_sql.h"
#include "peers.h"
#include "price_lists.h"
#include "cli/base/query.h"
#include "figures.h"

typedef struct Python {
    Bench *bench;
    const char *executor;
    const MappingAnswer *expected;
} Python;

/* The time is the one that Python takes itself: without the start of the interpreter. */
static int take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    const Python *python = context;
    char program[] = "python3", script[] = BENCH_PEERS "/published.py", json[] = "--json",
         crazy[] = "--function", name[] = "crazy", by[] = "--executor", executor[16], workers[] = "--workers",
         worker_count[16], samples[] = "--samples", sample_count[24], output[8192];
    snprintf(executor, sizeof executor, "%s", python->executor);
    snprintf(worker_count, sizeof worker_count, "%d", python->bench->settings.workers);
    snprintf(sample_count, sizeof sample_count, "%lld", (long long)loops);
    char *const argv[] = {program,  script,  json,         crazy,   name,         by,
                          executor, workers, worker_count, samples, sample_count, NULL};
    if (peer_run(argv, NULL, output, sizeof output, failure))
        return -1;
    sqlite3_stmt *statement;
    if (query_prepare(python->bench->report, &statement, failure, bench_sql_python_result, "t", output))
        return -1;
    double sum = 0;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        sample->wall_ns = (int64_t)(sqlite3_column_double(statement, 0) * 1e9);
        sum = sqlite3_column_double(statement, 1);
    }
    if (sqlite3_finalize(statement) != SQLITE_OK)
        return failure_set(failure, "published.py printed '%.200s'", output);
    return peer_check(python->bench, "Python", sum, python->expected->sum, failure);
}

int work_python(Bench *bench, Failure *failure)
{
    static const Effort effort = {.rounds = 7, .quick_rounds = 3, .warm = true};
    static const char labels[][LABEL_SIZE] = {"published Python, serial", "published Python, threads",
                                              "published Python, processes"};
    if (!peer_installed("python3"))
        return report_skip(bench, "published Python", "python3 is not installed (Debian package python3)",
                           failure);
    MappingAnswer expected = {0, 0};
    Python pythons[] = {
        {bench, "serial", &expected}, {bench, "threads", &expected}, {bench, "processes", &expected}};
    PeerSubject peers[PEERS_MAX];
    for (size_t i = 0; i < PEERS_MAX; i++)
        peers[i] = (PeerSubject){.label = labels[i], .sampled = {take, &pythons[i]}, .ours = i};
    peers[0].bar = 20;
    if (published_list(bench, failure))
        return -1;
    return peers_measure(bench, "published", peers, PEERS_MAX, &effort, &expected, failure);
}
