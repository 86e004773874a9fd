/* GNU parallel over the sqlite3 shell: the price list cut into one database per worker, a plain SELECT in
 * each. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/bench/bench_sql.h"
#include "peers.h"
#include "price_lists.h"
#include "figures.h"

enum { SHARDS_MAX = 64 };

typedef struct Shards {
    Bench *bench;
    int count;
    char paths[SHARDS_MAX][PATH_SIZE];
    MappingAnswer expected;
} Shards;

/* Adds up the lines "rows|sum" of the shells. */
static MappingAnswer add_lines(const char *output)
{
    MappingAnswer answer = {0, 0};
    long long rows;
    double sum;
    int length;
    while (sscanf(output, "%lld|%lf %n", &rows, &sum, &length) == 2) {
        answer.rows += rows;
        answer.sum += sum;
        output += length;
    }
    return answer;
}

/* From starting parallel to its end: starting is what this way of working costs. */
static int take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    Shards *shards = context;
    char program[] = "parallel", cite[] = "--will-cite", quote[] = "--quote", jobs[] = "--jobs",
         job_count[16], shell[] = "sqlite3", command[] = "-cmd", load[PATH_SIZE + 16], place[] = "{}",
         from[] = ":::", output[4096];
    snprintf(job_count, sizeof job_count, "%d", shards->count);
    snprintf(load, sizeof load, ".load \"%s\"", shards->bench->extension);
    char *query = sqlite3_mprintf("%s", bench_peers_shard);
    char *argv[10 + SHARDS_MAX + 1] = {program, cite,    quote, jobs,  job_count,
                                       shell,   command, load,  place, query};
    int used = 10;
    if (!query)
        return failure_set(failure, "out of memory");
    argv[used++] = from;
    for (int i = 0; i < shards->count && used < 10 + SHARDS_MAX; i++)
        argv[used++] = shards->paths[i];
    struct timespec start, end;
    int result = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int64_t i = 0; i < loops && result == 0; i++)
        result = peer_run(argv, NULL, output, sizeof output, failure);
    clock_gettime(CLOCK_MONOTONIC, &end);
    sqlite3_free(query);
    sample->wall_ns = (end.tv_sec - start.tv_sec) * INT64_C(1000000000) + end.tv_nsec - start.tv_nsec;
    if (result)
        return result;
    return peer_check(shards->bench, "GNU parallel", add_lines(output).sum, shards->expected.sum, failure);
}

static int make_shards(Shards *shards, const char *table, Failure *failure)
{
    int result = 0;
    for (int i = 0; i < shards->count && result == 0; i++) {
        snprintf(shards->paths[i], PATH_SIZE, "%s/shard-%d.db", shards->bench->folder, i + 1);
        result = price_shard(shards->bench, table, shards->count, i, shards->paths[i], failure);
    }
    return result;
}

int work_parallel(Bench *bench, Failure *failure)
{
    static const Effort effort = {.rounds = 7, .quick_rounds = 3, .warm = true};
    if (!peer_installed("parallel"))
        return report_skip(bench, "GNU parallel over sqlite3 shards",
                           "parallel is not installed (Debian package parallel)", failure);
    if (!peer_installed("sqlite3"))
        return report_skip(bench, "GNU parallel over sqlite3 shards",
                           "the sqlite3 shell is not installed (Debian package sqlite3)", failure);
    char table[TABLE_NAME_SIZE], label[LABEL_SIZE];
    Shards *shards = calloc(1, sizeof *shards);
    if (!shards)
        return failure_set(failure, "out of memory");
    shards->bench = bench;
    shards->count = bench->settings.workers < SHARDS_MAX ? bench->settings.workers : SHARDS_MAX - 1;
    snprintf(label, sizeof label, "GNU parallel, %d sqlite3 shards, start included", shards->count);
    const PeerSubject peer = {.label = label, .sampled = {take, shards}, .ours = 2};
    int result = price_list(bench, 2000, table, failure);
    if (result == 0)
        result = make_shards(shards, table, failure);
    if (result == 0)
        result = peers_measure(bench, table, &peer, 1, &effort, &shards->expected, failure);
    free(shards);
    return result;
}
