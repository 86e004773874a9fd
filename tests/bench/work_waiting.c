/* Functions that wait, with many more workers than processors: how near the time comes to that of workers
 * that cost nothing. */
#include <stdio.h>

#include "ext/base/clock.h"
#include "tests/bench/bench_sql.h"
#include "cli/base/query.h"
#include "price_lists.h"
#include "figures.h"

enum { ROUNDS = 7, QUICK_ROUNDS = 3, AUTO_ROWS = 2000, AUTO_WORKERS = 32, LIST_ROWS = 4000 };

typedef struct Wait {
    int milliseconds, rows, workers;
    double bar; /* over the time in which all workers only wait */
} Wait;

/* In this order on one connection: a pool is larger, or smaller, than the one before. */
static const Wait waits[] = {{10, 400, 8, 1.15},   {10, 4000, 512, 1.5},  {10, 400, 8, 1.15},
                             {10, 2000, 32, 1.15}, {10, 4000, 128, 1.15}, {1, 4000, 32, 1.2},
                             {1, 4000, 128, 2}};

/* Maps once; the nanoseconds that it took. */
static int map_once(sqlite3 *db, const char *executor, const Wait *wait, int workers, double *ns,
                    Failure *failure)
{
    char source[64], map[64];
    sqlite3_stmt *statement;
    int64_t rows = -1;
    double sum = 0;
    snprintf(source, sizeof source, "SELECT p FROM prices_%d LIMIT %d", LIST_ROWS, wait->rows);
    snprintf(map, sizeof map, "sleep_ms(%d + 0 * p)", wait->milliseconds);
    int64_t start = clock_ns();
    if (query_prepare(db, &statement, failure, bench_sql_waiting, "ttti", source, map, executor,
                      (int64_t)workers))
        return -1;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        rows = sqlite3_column_int64(statement, 0);
        sum = sqlite3_column_double(statement, 1);
    }
    if (sqlite3_finalize(statement) != SQLITE_OK)
        return query_fail(db, failure);
    *ns = (double)(clock_ns() - start);
    if (rows == wait->rows && sum == (double)wait->rows * wait->milliseconds)
        return 0;
    return failure_set(failure, "%s over %s by %s: %lld rows with sum %.17g", map, source, executor,
                       (long long)rows, sum);
}

static int open_connection(const Bench *bench, sqlite3 **db, Failure *failure)
{
    const MappingPlace place = {bench->database, bench->extension, bench->settings.workers};
    if (mapping_connect(&place, db, failure))
        return -1;
    if (mapping_load(*db, BENCH_WAITING_EXTENSION, failure) == 0)
        return 0;
    sqlite3_close(*db);
    return -1;
}

/* The first map of a text is left out: its workers open connections and prepare it. */
static int measure(Bench *bench, sqlite3 *db, const char *executor, const Wait *wait, int rounds,
                   Failure *failure)
{
    double ratios[ROUNDS], ns;
    char what[128];
    if (map_once(db, executor, wait, wait->workers, &ns, failure))
        return -1;
    for (int i = 0; i < rounds; i++) {
        if (map_once(db, executor, wait, wait->workers, &ns, failure) ||
            measurement_step(bench, i + 1, rounds, failure))
            return -1;
        ratios[i] = ns / (1e6 * wait->milliseconds * wait->rows / wait->workers);
    }
    snprintf(what, sizeof what, "%d rows of %d ms, %d %s: over the time in which all wait", wait->rows,
             wait->milliseconds, wait->workers, executor);
    return report_result(bench, what, estimate(ratios, (size_t)rounds), UNIT_TIMES,
                         (Bar){.kind = BAR_AT_MOST, .limit = wait->bar}, NULL, failure);
}

static int measure_executor(Bench *bench, const char *executor, int rounds, Failure *failure)
{
    sqlite3 *db;
    int result = open_connection(bench, &db, failure);
    if (result)
        return result;
    for (size_t i = 0; i < sizeof waits / sizeof *waits && result == 0; i++)
        result = measure(bench, db, executor, &waits[i], rounds, failure);
    sqlite3_close(db);
    return result;
}

/* The first map of a connection by `auto`, which has to find out, over that by as many threads as it may use.
 */
static int measure_auto(Bench *bench, int rounds, Failure *failure)
{
    static const Wait wait = {.milliseconds = 10, .rows = AUTO_ROWS};
    double ratios[ROUNDS], automatic, threads;
    sqlite3 *db;
    int result = 0;
    for (int i = 0; i < rounds && result == 0; i++) {
        result = open_connection(bench, &db, failure);
        if (result)
            break;
        result = map_once(db, "threads", &wait, AUTO_WORKERS, &threads, failure);
        sqlite3_close(db);
        if (result == 0)
            result = open_connection(bench, &db, failure);
        if (result)
            break;
        result = map_once(db, "auto", &wait, 0, &automatic, failure);
        sqlite3_close(db);
        ratios[i] = automatic / threads;
        if (result == 0)
            result = measurement_step(bench, i + 1, rounds, failure);
    }
    return result ? result
                  : report_result(bench, "2000 rows of 10 ms: auto without workers over 32 threads",
                                  estimate(ratios, (size_t)rounds), UNIT_TIMES,
                                  (Bar){.kind = BAR_AT_MOST, .limit = 1.5}, NULL, failure);
}

int work_waiting(Bench *bench, Failure *failure)
{
    char table[TABLE_NAME_SIZE];
    const int rounds = bench->settings.quick ? QUICK_ROUNDS : ROUNDS;
    int result = price_list(bench, LIST_ROWS, table, failure);
    if (result == 0)
        result = measure_executor(bench, "threads", rounds, failure);
    if (result == 0)
        result = measure_executor(bench, "processes", rounds, failure);
    return result == 0 ? measure_auto(bench, rounds, failure) : result;
}
