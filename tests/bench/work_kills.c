/* Maps whose worker processes are killed at any moment, as often in each as its retries allow: every row has
 * to come all the same. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/leftovers.h"
#include "tests/bench/bench_sql.h"
#include "price_lists.h"
#include "cli/base/query.h"
#include "cli/statistics/random.h"
#include "figures.h"

enum {
    KILLS = 1000,
    QUICK_KILLS = 60,
    ROWS = 100000,
    RETRIES_MAX = 5,
    HANG_SECONDS = 60, /* after which a map counts as hanging, and is interrupted */
};

/* The seed, a map's duration, and a killer that works while it runs. */
typedef struct Killer {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t over;
    bool is_over; /* under the mutex */
    sqlite3 *db;
    uint64_t random;
    int64_t map_us; /* about as long as a map takes: kills come within it */
    int to_kill, killed;
    bool hung;
} Killer;

typedef struct Counts {
    int64_t maps, kills, wrong, hung, failed;
    char first[1000]; /* what was wrong first; "" */
} Counts;

/* Waits until the map is over, at most so long. Whether it is. */
static bool is_over_within(Killer *killer, int64_t microseconds)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += microseconds / 1000000;
    end.tv_nsec += microseconds % 1000000 * 1000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&killer->mutex);
    while (!killer->is_over && pthread_cond_timedwait(&killer->over, &killer->mutex, &end) == 0)
        ;
    bool over = killer->is_over;
    pthread_mutex_unlock(&killer->mutex);
    return over;
}

static void *kill_workers(void *arg)
{
    Killer *killer = arg;
    uint64_t pause = (uint64_t)(killer->map_us * 2 / (killer->to_kill + 1)) + 1;
    while (killer->killed < killer->to_kill) {
        if (is_over_within(killer, (int64_t)(random_next(&killer->random) % pause)))
            return NULL;
        killer->killed +=
            leftovers_signal("pricemap-worker", (unsigned)random_next(&killer->random), SIGKILL) > 0;
    }
    killer->hung = !is_over_within(killer, (int64_t)HANG_SECONDS * 1000000);
    if (!killer->hung)
        return NULL;
    sqlite3_interrupt(killer->db);
    if (!is_over_within(killer, (int64_t)HANG_SECONDS * 1000000)) {
        fputs("bench: kills: a map goes on for ever, interrupted or not\n", stderr);
        abort();
    }
    return NULL;
}

static int killer_begin(Killer *killer, Failure *failure)
{
    pthread_condattr_t monotonic;
    pthread_mutex_init(&killer->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&killer->over, &monotonic);
    pthread_condattr_destroy(&monotonic);
    killer->is_over = killer->hung = false;
    killer->killed = 0;
    int error = pthread_create(&killer->thread, NULL, kill_workers, killer);
    return error ? failure_set(failure, "cannot start a thread: %s", strerror(error)) : 0;
}

static void killer_end(Killer *killer)
{
    pthread_mutex_lock(&killer->mutex);
    killer->is_over = true;
    pthread_cond_signal(&killer->over);
    pthread_mutex_unlock(&killer->mutex);
    pthread_join(killer->thread, NULL);
    pthread_mutex_destroy(&killer->mutex);
    pthread_cond_destroy(&killer->over);
}

typedef struct Expected {
    uint64_t digest;
    int64_t rows;
} Expected;

/* One map under a killer. Wrong rows, hanging and failing are counted, and no failure. */
static int map_once(Mapping *mapping, Killer *killer, const Expected *expected, Counts *counts,
                    Failure *failure)
{
    uint64_t digest = 0;
    int64_t rows = 0;
    Failure why = {""};
    killer->db = mapping->db;
    killer->to_kill = 1 + (int)(random_next(&killer->random) % RETRIES_MAX);
    if (query_run(mapping->db, NULL, failure, bench_sql_set, "ti", "retries", (int64_t)killer->to_kill) ||
        killer_begin(killer, failure))
        return -1;
    bool failed = mapping_digest(mapping, &digest, &rows, &why) != 0;
    killer_end(killer);
    bool wrong = !failed && (digest != expected->digest || rows != expected->rows);
    counts->maps++;
    counts->kills += killer->killed;
    counts->hung += killer->hung;
    counts->failed += failed && !killer->hung;
    counts->wrong += wrong;
    if ((wrong || failed || killer->hung) && !counts->first[0])
        snprintf(counts->first, sizeof counts->first, "map %" PRId64 ", %s, %d kills: %.800s", counts->maps,
                 mapping->label, killer->killed,
                 wrong          ? "other rows than the plain SELECT"
                 : killer->hung ? "hung"
                                : why.text);
    return 0;
}

static int kill_all(Bench *bench, MappingSet *set, int64_t kills, Counts *counts, Failure *failure)
{
    Expected expected;
    Killer killer = {.random = bench->settings.seed};
    uint64_t digest;
    int64_t rows;
    if (mapping_digest(&set->mappings[0], &expected.digest, &expected.rows, failure))
        return -1;
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (mapping_digest(&set->mappings[1], &digest, &rows, failure))
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &end);
    killer.map_us = (end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000;
    int result = 0;
    while (counts->kills < kills && counts->maps < 10 * kills && result == 0) {
        Mapping *mapping = &set->mappings[1 + (size_t)counts->maps % (set->count - 1)];
        result = map_once(mapping, &killer, &expected, counts, failure);
        if (result == 0)
            result = measurement_step(bench, counts->kills, kills, failure);
    }
    return result;
}

static int report_kills(Bench *bench, const Counts *counts, int64_t left, Failure *failure)
{
    const struct {
        const char *what;
        int64_t count;
    } figures[] = {{"wrong results", counts->wrong},
                   {"hangs", counts->hung},
                   {"failed queries below `retries`", counts->failed},
                   {"things left over", left}};
    char remark[96];
    snprintf(remark, sizeof remark, "%" PRId64 " kills in %" PRId64 " maps", counts->kills, counts->maps);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        char what[128];
        snprintf(what, sizeof what, "workers killed in maps of %d rows: %s", ROWS, figures[i].what);
        if (report_count(bench, what, figures[i].count, 0, remark, failure))
            return -1;
    }
    if (counts->first[0])
        fprintf(stderr, "bench: kills: %s\n", counts->first);
    bench->wrong |= counts->wrong > 0;
    return counts->wrong ? failure_set(failure, "%.1000s", counts->first) : 0;
}

int work_kills(Bench *bench, Failure *failure)
{
    static const MappingWay ways[] = {{.executor = NULL},
                                      {.executor = "processes"},
                                      {.executor = "processes", .fed = true},
                                      {.executor = "processes", .chunk = 1000},
                                      {.executor = "processes", .fed = true, .chunk = 77}};
    int64_t kills = bench->settings.rounds  ? bench->settings.rounds
                    : bench->settings.quick ? QUICK_KILLS
                                            : KILLS;
    char table[TABLE_NAME_SIZE];
    MappingSet set;
    Counts counts = {0};
    Leftovers after;
    int processes;
    if (price_list(bench, ROWS, table, failure))
        return -1;
    leftovers_mark();
    const Leftovers before = leftovers_look();
    const MappingTask task = {.source = table, .map = "increase_price_crazy(p, 10, 1000)"};
    if (mapping_set_open(&set, bench, &task, ways, sizeof ways / sizeof *ways, false, failure))
        return -1;
    int result = kill_all(bench, &set, kills, &counts, failure);
    mapping_set_close(&set);
    if (result)
        return result;
    leftovers_settle(&before, &after, &processes);
    int64_t left = (int64_t)processes + leftovers_differences(&before, &after);
    return report_kills(bench, &counts, left, failure);
}
