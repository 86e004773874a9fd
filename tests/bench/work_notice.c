/* How long a chunk stands still whose worker was killed: from the signal to the moment at which another
 * worker has begun with it. A function in the map writes down which worker begins with a row, and when. */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "tests/bench/bench_sql.h"
#include "price_lists.h"
#include "cli/base/query.h"
#include "cli/statistics/random.h"
#include "figures.h"

enum {
    KILLS = 100,
    QUICK_KILLS = 11,
    ROUNDS = 20000000,  /* of the kernel, a row: some ten milliseconds at least */
    DELAY_US = 5000,    /* before the kill, at most */
    LOOK_US = 200,      /* between two readings of the file */
    BEGIN_SECONDS = 60, /* for all rows to be begun with */
    LINES_MAX = 8,
};

/* One line of the file. */
typedef struct Beginning {
    int pid;
    int64_t ns; /* CLOCK_MONOTONIC */
} Beginning;

typedef struct Notice {
    sqlite3 *db;
    char path[FOLDER_SIZE + 16];
    int rows, workers;
    MappingAnswer expected;
    uint64_t random;
    int64_t killed_ns; /* 0: no process was */
} Notice;

/* At most `room` lines; their number. */
static int read_beginnings(const char *path, Beginning *lines, int room)
{
    FILE *file = fopen(path, "re");
    int count = 0;
    while (file && count < room && fscanf(file, "%d %" SCNd64, &lines[count].pid, &lines[count].ns) == 2)
        count++;
    if (file)
        fclose(file);
    return count;
}

/* Once every row has been begun with, kills the worker of one of them. */
static void *kill_one(void *arg)
{
    Notice *notice = arg;
    Beginning lines[LINES_MAX];
    int64_t end = clock_ns() + (int64_t)BEGIN_SECONDS * 1000000000;
    while (read_beginnings(notice->path, lines, LINES_MAX) < notice->rows && clock_ns() < end)
        usleep(LOOK_US);
    int count = read_beginnings(notice->path, lines, LINES_MAX);
    if (count < notice->rows)
        return NULL;
    usleep((useconds_t)(random_next(&notice->random) % DELAY_US));
    int64_t now = clock_ns();
    if (kill(lines[random_next(&notice->random) % (uint64_t)count].pid, SIGKILL) == 0)
        notice->killed_ns = now;
    return NULL;
}

static int map_once(Notice *notice, MappingAnswer *answer, Failure *failure)
{
    sqlite3_stmt *statement;
    *answer = (MappingAnswer){-1, 0};
    if (query_prepare(notice->db, &statement, failure, bench_sql_notice, "tiii", notice->path,
                      (int64_t)ROUNDS, (int64_t)notice->rows, (int64_t)notice->workers))
        return -1;
    if (sqlite3_step(statement) == SQLITE_ROW)
        *answer = (MappingAnswer){sqlite3_column_int64(statement, 0), sqlite3_column_double(statement, 1)};
    return sqlite3_finalize(statement) == SQLITE_OK ? 0 : query_fail(notice->db, failure);
}

/* Seconds from a kill to the beginning that followed; -1 where the row was done before the signal came. */
static int take(Bench *bench, Notice *notice, double *seconds, Failure *failure)
{
    pthread_t killer;
    MappingAnswer answer, expected = notice->expected;
    Beginning lines[LINES_MAX];
    unlink(notice->path);
    notice->killed_ns = 0;
    if (pthread_create(&killer, NULL, kill_one, notice))
        return failure_set(failure, "cannot start a thread");
    int result = map_once(notice, &answer, failure);
    pthread_join(killer, NULL);
    if (result)
        return result;
    if (answer.rows != expected.rows || memcmp(&answer.sum, &expected.sum, sizeof expected.sum) != 0) {
        bench->wrong = true;
        return failure_set(failure, "after a worker was killed: %" PRId64 " rows with sum %.17g, not %.17g",
                           answer.rows, answer.sum, expected.sum);
    }
    *seconds = -1;
    int count = read_beginnings(notice->path, lines, LINES_MAX);
    for (int i = notice->rows; i < count && *seconds < 0 && notice->killed_ns; i++)
        if (lines[i].ns > notice->killed_ns)
            *seconds = (double)(lines[i].ns - notice->killed_ns) / 1e9;
    return 0;
}

static int measure(Bench *bench, Notice *notice, const char *what, Failure *failure)
{
    size_t wanted = bench->settings.rounds  ? (size_t)bench->settings.rounds
                    : bench->settings.quick ? (size_t)QUICK_KILLS
                                            : (size_t)KILLS;
    double *seconds = calloc(wanted, sizeof *seconds);
    size_t count = 0;
    if (!seconds)
        return failure_set(failure, "out of memory");
    int result = map_once(notice, &notice->expected, failure);
    for (size_t tries = 0; result == 0 && count < wanted && tries < 2 * wanted; tries++) {
        result = take(bench, notice, &seconds[count], failure);
        count += result == 0 && seconds[count] >= 0;
        if (result == 0)
            result = measurement_step(bench, (int64_t)count, (int64_t)wanted, failure);
    }
    if (result == 0 && !count)
        result = failure_set(failure, "no worker was killed in the middle of a row");
    if (result == 0)
        result = report_result(bench, what, estimate(seconds, count), UNIT_SECONDS,
                               (Bar){.kind = BAR_AT_MOST, .limit = 5e-3}, NULL, failure);
    free(seconds);
    return result;
}

int work_notice(Bench *bench, Failure *failure)
{
    const MappingPlace place = {bench->database, bench->extension, bench->settings.workers};
    Notice notice = {.workers = bench->settings.workers + (bench->settings.workers == 1),
                     .random = bench->settings.seed};
    snprintf(notice.path, sizeof notice.path, "%s/begun", bench->folder);
    if (published_list(bench, failure) || mapping_connect(&place, &notice.db, failure))
        return -1;
    int result =
        query_run(notice.db, NULL, failure, bench_sql_load_functions, "t", BENCH_CRASH_EXTENSION) ? -1 : 0;
    if (result == 0)
        result = query_run(notice.db, NULL, failure, bench_sql_keep_pool, "");
    notice.rows = 1;
    if (result == 0)
        result = measure(bench, &notice,
                         "a worker is killed: its chunk runs elsewhere, where a worker is idle", failure);
    notice.rows = notice.workers < LINES_MAX ? notice.workers : LINES_MAX - 1;
    notice.workers = notice.rows;
    if (result == 0)
        result = measure(bench, &notice,
                         "a worker is killed: its chunk runs elsewhere, where all others are busy", failure);
    sqlite3_close(notice.db);
    return result;
}
