/* Hosts that are killed at any moment: while they load, start workers, map, rest, close. What is left of them
 * a second later? */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/leftovers.h"
#include "host_process.h"
#include "price_lists.h"
#include "cli/statistics/random.h"
#include "figures.h"

enum {
    HOSTS = 100,
    QUICK_HOSTS = 10,
    ROWS = 100000,
    START_US = 30000,  /* in which a host begins; half of them are killed in it */
    LATER_US = 300000, /* and the others in this time */
    GONE_SECONDS = 1,  /* for all that a host had started to be gone */
    EMPTY_LOOKS = 20,  /* in a row, before nothing counts as left … */
    LOOK_US = 1000,    /* … so far apart */
};

typedef struct Deaths {
    double *seconds; /* until all was gone, of each host where it was */
    size_t gone;
    int64_t left, shared; /* hosts of which a process, or a shared file, was left */
} Deaths;

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* Seconds until nothing was left, or -1 when something still is after GONE_SECONDS. A process that is just
 * being started may be missed by one check, and its child by the next: only some in a row that find nothing
 * say so. */
static double wait_until_gone(const struct timespec *killed)
{
    double first = -1;
    for (int empty = 0; empty < EMPTY_LOOKS; usleep(LOOK_US)) {
        if (leftovers_processes(0)) {
            empty = 0;
            if (seconds_since(killed) > GONE_SECONDS)
                return -1;
        } else if (empty++ == 0) {
            first = seconds_since(killed);
        }
    }
    return first;
}

/* So that one that is left is counted once. */
static void end_what_is_left(void)
{
    while (leftovers_signal("pricemap-zygote", 0, SIGKILL) || leftovers_signal("pricemap-worker", 0, SIGKILL))
        ;
}

static int kill_one(Bench *bench, const char *table, uint64_t *random, Deaths *deaths, Failure *failure)
{
    char program[] = BENCH_TRIAL_HOST, verb[] = "maps", executor[] = "processes", workers[16];
    char name[TABLE_NAME_SIZE];
    snprintf(workers, sizeof workers, "%d", bench->settings.workers);
    snprintf(name, sizeof name, "%s", table);
    char *const argv[] = {program, verb, bench->database, bench->extension, executor, workers, name, NULL};
    uint64_t most = random_next(random) % 2 ? START_US : LATER_US;
    HostProcess host;
    Leftovers before = leftovers_look();
    if (host_process_start(&host, argv, failure))
        return -1;
    usleep((useconds_t)(random_next(random) % most));
    struct timespec killed;
    clock_gettime(CLOCK_MONOTONIC, &killed);
    host_process_kill(&host);
    double seconds = wait_until_gone(&killed);
    if (seconds < 0) {
        deaths->left++;
        end_what_is_left();
    } else {
        deaths->seconds[deaths->gone++] = seconds;
    }
    deaths->shared += leftovers_look().shared_files > before.shared_files;
    return 0;
}

static int report_deaths(Bench *bench, size_t hosts, Deaths *deaths, Failure *failure)
{
    char what[128], remark[32];
    snprintf(remark, sizeof remark, "of %zu", hosts);
    snprintf(what, sizeof what, "hosts killed at random moments: processes of ours %d s later", GONE_SECONDS);
    if (report_count(bench, what, deaths->left, 0, remark, failure) ||
        report_count(bench, "hosts killed at random moments: something in /dev/shm", deaths->shared, 0,
                     remark, failure))
        return -1;
    if (!deaths->gone)
        return 0;
    return report_result(bench, "hosts killed at random moments: until all of ours is gone",
                         estimate(deaths->seconds, deaths->gone), UNIT_SECONDS,
                         (Bar){.kind = BAR_AT_MOST, .limit = GONE_SECONDS}, NULL, failure);
}

int work_host_kills(Bench *bench, Failure *failure)
{
    size_t hosts = bench->settings.rounds  ? (size_t)bench->settings.rounds
                   : bench->settings.quick ? (size_t)QUICK_HOSTS
                                           : (size_t)HOSTS;
    char table[TABLE_NAME_SIZE];
    uint64_t random = bench->settings.seed;
    Deaths deaths = {.seconds = calloc(hosts, sizeof *deaths.seconds)};
    int result = deaths.seconds ? 0 : failure_set(failure, "out of memory");
    leftovers_mark();
    if (result == 0)
        result = price_list(bench, ROWS, table, failure);
    for (size_t i = 0; i < hosts && result == 0; i++) {
        result = kill_one(bench, table, &random, &deaths, failure);
        if (result == 0)
            result = measurement_step(bench, (int64_t)i + 1, (int64_t)hosts, failure);
    }
    if (result == 0)
        result = report_deaths(bench, hosts, &deaths, failure);
    free(deaths.seconds);
    return result;
}
