/* What the broker costs, and so how far ranks scale: 1 to 64 ranks on this machine, whose rows sleep in place
 * of computing, so that two processors do for all of them.
 *
 * Measured, for each number of ranks: the speed-up over one worker that does nothing but sleep, and processor
 * seconds of the host's thread and of the busiest rank, which is the broker, for a row. A row is a task.
 *
 * Predicted for N machines of 16 workers, in rows of r = 100 ms, from e, the speed-up at one rank, and c, the
 * larger of both costs at 64 ranks: min(16 N e, r / c). Assumed is that c does not grow beyond 64 ranks, that
 * the host and the broker have a processor each, that the network carries the rows, and that the table is
 * long enough for start and end not to count. Longer chunks move the limit: c is for a task, however many
 * rows it has. */
#include <stdio.h>
#include <time.h>

#include "figures.h"
#include "mpi_jobs.h"
#include "price_lists.h"

enum { ROW_MILLISECONDS = 100, ROWS_PER_RANK = 20, QUICK_ROWS_PER_RANK = 8, WORKERS_PER_MACHINE = 16 };

typedef struct Growth {
    double speed_up;
    /* Processor seconds for a row. */
    double host, broker;
} Growth;

static double thread_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static int map_rows(Bench *bench, sqlite3 *db, int ranks, int64_t rows, double *seconds, Failure *failure)
{
    char source[128];
    snprintf(source, sizeof source, "SELECT p FROM prices_%d LIMIT %lld", MPI_RANKS_MAX * ROWS_PER_RANK,
             (long long)rows);
    const MpiMap map = {.source = source,
                        .map = "sleep_ms(100 + 0 * p)",
                        .executor = "mpi",
                        .workers = ranks,
                        .rows = rows,
                        .chunk = 1,
                        .sum = (double)rows * ROW_MILLISECONDS};
    return mpi_jobs_map(bench, db, &map, seconds, failure);
}

static int measure(Bench *bench, int ranks, Growth *growth, Failure *failure)
{
    const int64_t rows = (int64_t)ranks * (bench->settings.quick ? QUICK_ROWS_PER_RANK : ROWS_PER_RANK);
    double seconds, before[MPI_RANKS_MAX], after[MPI_RANKS_MAX];
    sqlite3 *db;
    if (mpi_jobs_open(bench, ranks, &db, failure))
        return -1;
    /* The first map starts the ranks, and has each worker prepare the map. */
    int result = map_rows(bench, db, ranks, (int64_t)ranks * 2, &seconds, failure);
    if (result == 0) {
        int count = mpi_jobs_processor_seconds(before);
        double host = thread_seconds();
        result = map_rows(bench, db, ranks, rows, &seconds, failure);
        growth->host = (thread_seconds() - host) / (double)rows;
        if (result == 0 && (mpi_jobs_processor_seconds(after) != count || count != ranks))
            result = failure_set(failure, "%d ranks where %d were started", count, ranks);
        growth->broker = mpi_jobs_busiest(before, after, ranks) / (double)rows;
        growth->speed_up = (double)rows * ROW_MILLISECONDS / 1e3 / seconds;
    }
    sqlite3_close(db);
    return result;
}

/* A figure that was found once. */
static int tell(Bench *bench, const char *what, double figure, const char *remark, Failure *failure)
{
    double numbers[] = {figure};
    return report_result(bench, what, estimate(numbers, 1), UNIT_TIMES, (Bar){.kind = BAR_NONE}, remark,
                         failure);
}

static int predict(Bench *bench, double efficiency, double cost, Failure *failure)
{
    static const int machines[] = {2, 4, 10, 30, 100, 300, 1000};
    const double limit = ROW_MILLISECONDS / 1e3 / cost;
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        char what[128], remark[128];
        double most = (double)machines[i] * WORKERS_PER_MACHINE * efficiency;
        snprintf(what, sizeof what, "predicted: %d machines of %d workers", machines[i], WORKERS_PER_MACHINE);
        snprintf(remark, sizeof remark, most > limit ? "the broker or the host is full" : "of %d workers",
                 machines[i] * WORKERS_PER_MACHINE);
        if (tell(bench, what, most < limit ? most : limit, remark, failure))
            return -1;
    }
    return 0;
}

int work_mpi_model(Bench *bench, Failure *failure)
{
    char table[TABLE_NAME_SIZE];
    int result;
    double efficiency = 0;
    Growth growth = {.speed_up = 0};
    if (!mpi_jobs_there(bench, &result, failure))
        return result;
    if (price_list(bench, (int64_t)MPI_RANKS_MAX * ROWS_PER_RANK, table, failure))
        return -1;
    for (int ranks = 1; ranks <= MPI_RANKS_MAX; ranks *= 2) {
        char what[128], remark[128];
        if (measure(bench, ranks, &growth, failure) || measurement_step(bench, ranks, MPI_RANKS_MAX, failure))
            return -1;
        if (ranks == 1)
            efficiency = growth.speed_up;
        snprintf(what, sizeof what, "rows of 100 ms that sleep, %d rank%s of a worker", ranks,
                 ranks > 1 ? "s" : "");
        snprintf(remark, sizeof remark, "a row costs the broker %.0f µs, the host %.0f µs",
                 growth.broker * 1e6, growth.host * 1e6);
        if (tell(bench, what, growth.speed_up, remark, failure))
            return -1;
    }
    return predict(bench, efficiency < 1 ? efficiency : 1,
                   growth.broker > growth.host ? growth.broker : growth.host, failure);
}
