/* Maps and whole queries to be timed: parallel_map and parallel_query over a database, through warm
 * connections.
 *
 * Those with the same executor and number of workers share a connection, since a connection keeps its pool of
 * workers: so every pool is started once, and stays warm. All functions run on the thread that opened the
 * bench. */
#ifndef PRICEREPORT_MAP_BENCH_H
#define PRICEREPORT_MAP_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"
#include "cli/sampling/map_database.h"
#include "cli/sampling/sampling.h"

/* A map or a query to time. The texts belong to the caller and outlive the bench. */
typedef struct MapJob {
    const char *name;
    /* SELECT to run whole or divided; NULL: a map, which alone has the next two. */
    const char *query;
    const char *source;
    const char *map;
    /* Name of the executor. */
    const char *executor;
    /* Workers; 0: the extension's default. Without meaning for serial. */
    int64_t workers;
    /* Rows of a task; 0: chosen by the extension. */
    int64_t chunk;
    /* Number of first rows of the source that are mapped; 0: all. */
    int64_t rows;
    /* Number that replaces MAP_ROUNDS in the map; 0: there is none. */
    int64_t rounds;
} MapJob;

/* The text in a map that is replaced by the rounds of its job. */
#define MAP_ROUNDS "{rounds}"

typedef struct MapBench MapBench;

/* Sets the failure to what the connection says of the job's map or query, with the options of this program
 * where the extension advises SQL. Returns -1. */
int map_bench_fail(sqlite3 *db, const MapJob *job, Failure *failure);

/* Opens the connections and prepares all jobs. Returns 0 and the bench, or -1 with the failure set and NULL.
 */
int map_bench_open(MapBench **bench, const MapDatabase *database, const MapJob *jobs, size_t count,
                   Failure *failure);

/* Sets the pointer to NULL. NULL is allowed. */
void map_bench_close(MapBench **bench);

/* The job, with the number of workers that its maps are run by: 0 for serial, which has none. */
const MapJob *map_bench_job(const MapBench *bench, size_t index);

/* The rows that the last execution of a job gave; -1 before the first. */
int64_t map_bench_rows(const MapBench *bench, size_t index);

/* The connection that a job's maps run on; its newest map is the job's right after a sample of it was taken.
 */
sqlite3 *map_bench_db(const MapBench *bench, size_t index);

/* Compares the rows of every job with those of the serial executor: keys, types, and values to the bit; of a
 * query in the order of all columns, and reals, whose sums older SQLites round, within 1e-9 of each other.
 * Both are read side by side, so that memory does not grow with them. Returns 0 where they are the same, or
 * -1 with a failure that names the first difference. */
int map_bench_verify(MapBench *bench, Failure *failure);

/* Writes why the newest execution of a query's job ran it whole; "": it was divided, or the job is another.
 */
int map_bench_whole(const MapBench *bench, size_t index, char *reason, size_t size, Failure *failure);

/* A job as something to be sampled; valid until the bench is closed. */
SamplingSubject map_bench_subject(MapBench *bench, size_t index);

/* Interrupts the map that is going on, which then fails. May be called on any thread. */
void map_bench_stop(void *bench);

#endif
