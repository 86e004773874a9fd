#include "mpi_jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "tests/bench/bench_sql.h"
#include "tests/support/leftovers.h"
#include "cli/base/query.h"
#include "figures.h"
#include "mapping.h"

bool mpi_jobs_there(Bench *bench, int *result, Failure *failure)
{
    static bool marked = false;
    *result = 0;
    if (access(BENCH_RANK, X_OK) != 0) {
        *result = report_skip(bench, "executor mpi",
                              "pricemap was built without MPI (Debian: openmpi-bin libopenmpi-dev)", failure);
        return false;
    }
    /* Open MPI refuses to run as root without both. */
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0);
    if (!marked)
        leftovers_mark();
    marked = true;
    return true;
}

int mpi_jobs_open(const Bench *bench, int ranks, sqlite3 **db, Failure *failure)
{
    const MappingPlace place = {bench->database, bench->extension, bench->settings.workers};
    char launcher[256];
    snprintf(launcher, sizeof launcher, "%s-n %d", BENCH_MPI_LAUNCHER, ranks);
    if (mapping_connect(&place, db, failure))
        return -1;
    if (mapping_load(*db, BENCH_WAITING_EXTENSION, failure) == 0 &&
        query_run(*db, NULL, failure, bench_sql_keep_pool, "") == 0 &&
        query_run(*db, NULL, failure, bench_sql_set, "tt", "mpi_launcher", launcher) == 0 &&
        query_run(*db, NULL, failure, bench_sql_set, "tt", "mpi_address", "127.0.0.1") == 0)
        return 0;
    sqlite3_close(*db);
    *db = NULL;
    return -1;
}

int mpi_jobs_prepare(sqlite3 *db, const MpiMap *map, sqlite3_stmt **statement, Failure *failure)
{
    if (query_run(db, NULL, failure, bench_sql_set, map->chunk ? "ti" : "tn", "chunk", map->chunk))
        return -1;
    return query_prepare(db, statement, failure, bench_sql_waiting, "ttti", map->source, map->map,
                         map->executor, (int64_t)map->workers);
}

int mpi_jobs_take(Bench *bench, sqlite3_stmt *statement, const MpiMap *map, double *seconds, Failure *failure)
{
    int64_t rows = -1, start = clock_ns();
    double sum = 0;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        rows = sqlite3_column_int64(statement, 0);
        sum = sqlite3_column_double(statement, 1);
    }
    *seconds = (double)(clock_ns() - start) / 1e9;
    if (sqlite3_reset(statement) != SQLITE_OK)
        return query_fail(sqlite3_db_handle(statement), failure);
    if (rows == map->rows && sum == map->sum)
        return 0;
    bench->wrong = true;
    return failure_set(failure, "%s over %s by %s: %lld rows with sum %.17g, not %lld with %.17g", map->map,
                       map->source, map->executor, (long long)rows, sum, (long long)map->rows, map->sum);
}

int mpi_jobs_map(Bench *bench, sqlite3 *db, const MpiMap *map, double *seconds, Failure *failure)
{
    sqlite3_stmt *statement;
    if (mpi_jobs_prepare(db, map, &statement, failure))
        return -1;
    int result = mpi_jobs_take(bench, statement, map, seconds, failure);
    sqlite3_finalize(statement);
    return result;
}

int mpi_jobs_processor_seconds(double seconds[MPI_RANKS_MAX])
{
    pid_t pids[MPI_RANKS_MAX];
    int count = leftovers_find("pricemap-rank", pids, MPI_RANKS_MAX);
    for (int i = 0; i < count; i++) {
        clockid_t clock;
        struct timespec used = {0};
        if (clock_getcpuclockid(pids[i], &clock) == 0)
            clock_gettime(clock, &used);
        seconds[i] = (double)used.tv_sec + (double)used.tv_nsec / 1e9;
    }
    return count;
}

double mpi_jobs_busiest(const double *before, const double *after, int count)
{
    double most = 0;
    for (int i = 0; i < count; i++)
        if (after[i] - before[i] > most)
            most = after[i] - before[i];
    return most;
}
