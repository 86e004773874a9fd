/* Connections whose maps run on ranks of an MPI job, all of them on this machine. One thread. */
#ifndef BENCH_MPI_JOBS_H
#define BENCH_MPI_JOBS_H

#include "bench.h"

enum { MPI_RANKS_MAX = 64 };

/* Whether pricemap was built with MPI; if not, the bench says so. `result` is that of the work then. */
bool mpi_jobs_there(Bench *bench, int *result, Failure *failure);

/* Opens a connection whose ranks are so many, one worker each, that have functions which wait. The job starts
 * with its first map. */
int mpi_jobs_open(const Bench *bench, int ranks, sqlite3 **db, Failure *failure);

/* What is mapped, and what has to come. */
typedef struct MpiMap {
    const char *source, *map, *executor;
    int workers;
    int64_t rows;
    /* Rows of a task; 0: chosen while running. */
    int64_t chunk;
    double sum;
} MpiMap;

/* Prepares a map, to be finalized by the caller; and takes its rows once, with the seconds that this took.
 * Number and sum of the rows are checked. */
int mpi_jobs_prepare(sqlite3 *db, const MpiMap *map, sqlite3_stmt **statement, Failure *failure);
int mpi_jobs_take(Bench *bench, sqlite3_stmt *statement, const MpiMap *map, double *seconds,
                  Failure *failure);

/* Both at once: maps once, checks number and sum of the rows, and gives the seconds that this took. */
int mpi_jobs_map(Bench *bench, sqlite3 *db, const MpiMap *map, double *seconds, Failure *failure);

/* Processor seconds of each rank of this process's jobs so far; their number. */
int mpi_jobs_processor_seconds(double seconds[MPI_RANKS_MAX]);

/* Processor seconds of the busiest rank between two of these readings, which is the broker. */
double mpi_jobs_busiest(const double *before, const double *after, int count);

#endif
