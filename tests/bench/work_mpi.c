/* The executor mpi with all ranks on this machine: beside worker processes of the host's own, and beside
 * mpi4py.futures, which hands small tasks to ranks too. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ext/base/clock.h"
#include "tests/bench/bench_sql.h"
#include "tests/support/leftovers.h"
#include "cli/base/query.h"
#include "figures.h"
#include "mpi_jobs.h"
#include "peers.h"
#include "price_lists.h"

enum {
    RANKS = 2,
    CRAZY_ROWS = 2000,
    SMALL_ROWS = 4000,
    LARGE_ROWS = 4000,
    LARGE_BYTES = 65536,
    SINGLE_TASKS = 200,
    KILLED_ROWS = 1000,
    KILL_AFTER = 100,
    IDLE_MILLISECONDS = 3000,
    ROUNDS = 7,
    QUICK_ROUNDS = 3,
};

static int rounds_of(const Bench *bench)
{
    return bench->settings.quick ? QUICK_ROUNDS : ROUNDS;
}

/* Reports the median of some rounds. */
static int tell(Bench *bench, const char *what, double *rounds, Unit unit, Bar bar, Failure *failure)
{
    return report_result(bench, what, estimate(rounds, (size_t)rounds_of(bench)), unit, bar, NULL, failure);
}

/* Seconds of a map by each executor, in turn; ratio of processes to ranks. */
static int measure_crazy(Bench *bench, sqlite3 *db, Failure *failure)
{
    double ratios[ROUNDS], ours, theirs;
    char table[TABLE_NAME_SIZE];
    const MappingTask task = {.source = table, .map = "increase_price_crazy(p)"};
    MappingAnswer expected;
    if (price_list(bench, CRAZY_ROWS, table, failure) || mapping_expect(bench, &task, &expected, failure))
        return -1;
    MpiMap map = {
        .source = table, .map = task.map, .workers = RANKS, .rows = expected.rows, .sum = expected.sum};
    for (int i = -1; i < rounds_of(bench); i++) {
        map.executor = "mpi";
        if (mpi_jobs_map(bench, db, &map, &ours, failure))
            return -1;
        map.executor = "processes";
        if (mpi_jobs_map(bench, db, &map, &theirs, failure) ||
            measurement_step(bench, i + 1, rounds_of(bench), failure))
            return -1;
        /* The first round starts ranks and processes. */
        if (i >= 0)
            ratios[i] = theirs / ours;
    }
    return tell(bench, "2000 crazy raises: 2 processes over 2 ranks of a worker", ratios, UNIT_TIMES,
                (Bar){.kind = BAR_AT_LEAST, .limit = 0.95}, failure);
}

/* Reports how long a statement takes that has so many tasks of a row, each for another rank. */
static int measure_single(Bench *bench, sqlite3 *db, int tasks, const char *what, Failure *failure)
{
    double rounds[ROUNDS], all[SINGLE_TASKS];
    char table[TABLE_NAME_SIZE], source[128];
    sqlite3_stmt *statement;
    if (price_list(bench, SMALL_ROWS, table, failure))
        return -1;
    snprintf(source, sizeof source, "SELECT id FROM %s LIMIT %d", table, tasks);
    const MpiMap map = {.source = source,
                        .map = "id * 0 + 1",
                        .executor = "mpi",
                        .workers = RANKS,
                        .rows = tasks,
                        .chunk = 1,
                        .sum = tasks};
    int result = mpi_jobs_prepare(db, &map, &statement, failure);
    for (int i = 0; i < rounds_of(bench) && result == 0; i++) {
        for (int j = 0; j < SINGLE_TASKS && result == 0; j++)
            result = mpi_jobs_take(bench, statement, &map, &all[j], failure);
        rounds[i] = estimate(all, SINGLE_TASKS).median;
        if (result == 0)
            result = measurement_step(bench, i + 1, rounds_of(bench), failure);
    }
    sqlite3_finalize(statement);
    return result ? result
                  : tell(bench, what, rounds, UNIT_SECONDS, (Bar){.kind = BAR_AT_MOST, .limit = 0.3e-3},
                         failure);
}

/* Tasks of one row of 64 KiB, as many as the ranks may have at a time. */
static int measure_large(Bench *bench, sqlite3 *db, Failure *failure)
{
    double rounds[ROUNDS];
    char table[TABLE_NAME_SIZE], source[128];
    if (price_list(bench, LARGE_ROWS, table, failure))
        return -1;
    snprintf(source, sizeof source, "SELECT zeroblob(%d) AS b FROM %s", LARGE_BYTES, table);
    const MpiMap map = {.source = source,
                        .map = "substr(b, 1)",
                        .executor = "mpi",
                        .workers = RANKS,
                        .rows = LARGE_ROWS,
                        .chunk = 1};
    for (int i = 0; i < rounds_of(bench); i++) {
        if (mpi_jobs_map(bench, db, &map, &rounds[i], failure) ||
            measurement_step(bench, i + 1, rounds_of(bench), failure))
            return -1;
        rounds[i] /= LARGE_ROWS;
    }
    return tell(bench, "tasks of 64 KiB, there and back, by task", rounds, UNIT_SECONDS,
                (Bar){.kind = BAR_AT_MOST, .limit = 1.0 / 4000}, failure);
}

/* The longest wait for a row after a rank was killed in the middle of a map. */
static int kill_once(Bench *bench, sqlite3 *db, const char *source, unsigned choice, double *longest,
                     Failure *failure)
{
    sqlite3_stmt *statement;
    int64_t rows = 0, last_ns = 0;
    *longest = 0;
    if (query_prepare(db, &statement, failure, bench_sql_mpi_rows, "tti", source, "sleep_ms(3 + 0 * p)",
                      (int64_t)RANKS))
        return -1;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        int64_t now = clock_ns();
        double waited = (double)(now - last_ns) / 1e9;
        if (last_ns && waited > *longest)
            *longest = waited;
        last_ns = last_ns ? now : 0;
        if (++rows == KILL_AFTER) {
            leftovers_signal("pricemap-rank", choice, SIGKILL);
            last_ns = clock_ns();
        }
    }
    if (sqlite3_finalize(statement) != SQLITE_OK)
        return query_fail(db, failure);
    if (rows == KILLED_ROWS)
        return 0;
    bench->wrong = true;
    return failure_set(failure, "after a rank was killed: %lld rows, not %d", (long long)rows, KILLED_ROWS);
}

static int measure_kills(Bench *bench, sqlite3 *db, Failure *failure)
{
    double rounds[ROUNDS];
    char table[TABLE_NAME_SIZE];
    if (price_list(bench, KILLED_ROWS, table, failure) ||
        query_run(db, NULL, failure, bench_sql_set, "ti", "chunk", (int64_t)1))
        return -1;
    for (int i = 0; i < rounds_of(bench); i++)
        if (kill_once(bench, db, table, (unsigned)i, &rounds[i], failure) ||
            measurement_step(bench, i + 1, rounds_of(bench), failure))
            return -1;
    return tell(bench, "a rank killed: the longest wait for a row", rounds, UNIT_SECONDS,
                (Bar){.kind = BAR_AT_MOST, .limit = 1}, failure);
}

/* What a rank without tasks takes of a processor, once it has had none for a while. */
static int measure_idle(Bench *bench, Failure *failure)
{
    double rounds[ROUNDS], before[MPI_RANKS_MAX], after[MPI_RANKS_MAX];
    const struct timespec nap = {.tv_sec = IDLE_MILLISECONDS / 1000};
    nanosleep(&nap, NULL);
    for (int i = 0; i < rounds_of(bench); i++) {
        int64_t start = clock_ns();
        int count = mpi_jobs_processor_seconds(before);
        nanosleep(&nap, NULL);
        if (mpi_jobs_processor_seconds(after) != count || count != RANKS)
            return failure_set(failure, "%d ranks where %d were started", count, RANKS);
        rounds[i] = mpi_jobs_busiest(before, after, count) / ((double)(clock_ns() - start) / 1e9);
        if (measurement_step(bench, i + 1, rounds_of(bench), failure))
            return -1;
    }
    return tell(bench, "an idle rank, of a processor", rounds, UNIT_FRACTION,
                (Bar){.kind = BAR_AT_MOST, .limit = 0.02}, failure);
}

/* Seconds of a small task by mpi4py.futures, with as many workers. */
static int take_peer(Bench *bench, double *seconds, Failure *failure)
{
    char command[512], output[4096], count[16], *words[32];
    size_t used = 0;
    long long sum = -1;
    snprintf(command, sizeof command, "%s-n %d /usr/bin/python3 -m mpi4py.futures", BENCH_OPENMPI_LAUNCHER,
             RANKS + 1);
    for (char *rest = NULL, *word = strtok_r(command, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        words[used++] = word;
    char script[] = BENCH_PEERS "/mpi4py_tasks.py";
    snprintf(count, sizeof count, "%d", SMALL_ROWS);
    words[used++] = script;
    words[used++] = count;
    words[used] = NULL;
    if (peer_run(words, NULL, output, sizeof output, failure))
        return -1;
    if (sscanf(output, "%lf %lld", seconds, &sum) != 2)
        return failure_set(failure, "mpi4py_tasks.py printed '%.200s'", output);
    return peer_check(bench, "mpi4py.futures", (double)sum, SMALL_ROWS / 2.0 * (SMALL_ROWS - 1), failure);
}

/* Small tasks by each, in turn: of ours, those of one row, and the same rows in the chunks that are chosen.
 */
static int measure_small(Bench *bench, sqlite3 *db, Failure *failure)
{
    static const char peer_what[] = "small tasks of a row: mpi4py.futures over ours",
                      rows_what[] = "the same rows, in chunks: mpi4py.futures over ours";
    double tasks[ROUNDS], rows[ROUNDS], task_ratios[ROUNDS], row_ratios[ROUNDS], theirs = 0;
    char table[TABLE_NAME_SIZE], output[256];
    char python[] = "/usr/bin/python3", with[] = "-c", probe[] = "import mpi4py.futures";
    char *const probing[] = {python, with, probe, NULL};
    Failure none;
    bool peer = peer_run(probing, NULL, output, sizeof output, &none) == 0;
    if (price_list(bench, SMALL_ROWS, table, failure))
        return -1;
    MpiMap map = {.source = table,
                  .map = "id - 1",
                  .executor = "mpi",
                  .workers = RANKS,
                  .rows = SMALL_ROWS,
                  .sum = SMALL_ROWS / 2.0 * (SMALL_ROWS - 1)};
    for (int i = 0; i < rounds_of(bench); i++) {
        map.chunk = 1;
        if (mpi_jobs_map(bench, db, &map, &tasks[i], failure))
            return -1;
        map.chunk = 0;
        if (mpi_jobs_map(bench, db, &map, &rows[i], failure) ||
            (peer && take_peer(bench, &theirs, failure)) ||
            measurement_step(bench, i + 1, rounds_of(bench), failure))
            return -1;
        tasks[i] /= SMALL_ROWS;
        task_ratios[i] = theirs / tasks[i];
        row_ratios[i] = theirs / (rows[i] / SMALL_ROWS);
    }
    if (tell(bench, "small tasks of a row, by task", tasks, UNIT_SECONDS, (Bar){.kind = BAR_NONE}, failure))
        return -1;
    if (!peer)
        return report_skip(bench, peer_what, "mpi4py is not installed (Debian package python3-mpi4py)",
                           failure);
    const Bar bar = {.kind = BAR_AT_LEAST, .limit = 10};
    return tell(bench, peer_what, task_ratios, UNIT_TIMES, bar, failure) ||
                   tell(bench, rows_what, row_ratios, UNIT_TIMES, bar, failure)
               ? -1
               : 0;
}

int work_mpi(Bench *bench, Failure *failure)
{
    sqlite3 *db;
    int result;
    if (!mpi_jobs_there(bench, &result, failure))
        return result;
    /* The lists are made before a connection is open. */
    char table[TABLE_NAME_SIZE];
    if (price_list(bench, CRAZY_ROWS, table, failure) || price_list(bench, SMALL_ROWS, table, failure) ||
        price_list(bench, KILLED_ROWS, table, failure) || mpi_jobs_open(bench, RANKS, &db, failure))
        return -1;
    result = measure_crazy(bench, db, failure);
    if (result == 0)
        result = measure_single(bench, db, 1, "a small task, there and back", failure);
    if (result == 0)
        result =
            measure_single(bench, db, RANKS, "a small task for each of 2 ranks, there and back", failure);
    if (result == 0)
        result = measure_large(bench, db, failure);
    if (result == 0)
        result = measure_small(bench, db, failure);
    if (result == 0)
        result = measure_idle(bench, failure);
    if (result == 0)
        result = measure_kills(bench, db, failure);
    sqlite3_close(db);
    return result;
}
