/* What all parts of the bench share. Everything here is used on one thread. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"
#include "cli/sampling/progress.h"

enum { FOLDER_SIZE = 256, PATH_SIZE = 512 };

typedef struct Settings {
    int workers;
    int64_t rounds; /* 0: each work's own number */
    bool quick;     /* fewer rounds and, where that says so, fewer rows */
    uint64_t seed;  /* of the order of samples */
    double scale;   /* of the data of queries; 0: by `quick` */
} Settings;

typedef struct Bench {
    Settings settings;
    sqlite3 *report; /* see report.h */
    char extension[PATH_SIZE];
    char folder[FOLDER_SIZE]; /* temporary, removed at the end with all that is in it */
    char database[PATH_SIZE]; /* in it, with the price lists */
    Progress progress;
    const char *work; /* the name of the one that is measured now */
    char title[64];   /* the same with its number, for the progress line */
    bool wrong;       /* other values were computed than by the plain SELECT */
    bool interrupted; /* by a signal */
} Bench;

/* One thing that --only can name. `run` measures and adds its figures to the report; a missed bar is none of
 * its business. It returns 0, or -1 with the failure set. */
typedef struct BenchWork {
    const char *name, *about;
    int (*run)(Bench *bench, Failure *failure);
} BenchWork;

int work_kernel(Bench *bench, Failure *failure);
int work_cheap(Bench *bench, Failure *failure);
int work_first(Bench *bench, Failure *failure);
int work_crazy_200(Bench *bench, Failure *failure);
int work_crazy_2000(Bench *bench, Failure *failure);
int work_sum(Bench *bench, Failure *failure);
int work_text(Bench *bench, Failure *failure);
int work_auto(Bench *bench, Failure *failure);
int work_waiting(Bench *bench, Failure *failure);
int work_part(Bench *bench, Failure *failure);
int work_query_functions(Bench *bench, Failure *failure);
int work_query_single(Bench *bench, Failure *failure);
int work_query_tpch(Bench *bench, Failure *failure);
int work_query_tpch_analyzed(Bench *bench, Failure *failure);
int work_query_ssb(Bench *bench, Failure *failure);
int work_query_clickbench(Bench *bench, Failure *failure);
int work_query_peers(Bench *bench, Failure *failure);
int work_mpi(Bench *bench, Failure *failure);
int work_mpi_model(Bench *bench, Failure *failure);
int work_memory(Bench *bench, Failure *failure);
int work_notice(Bench *bench, Failure *failure);
int work_kills(Bench *bench, Failure *failure);
int work_host_kills(Bench *bench, Failure *failure);
int work_cycles(Bench *bench, Failure *failure);
int work_pool_start(Bench *bench, Failure *failure);
int work_python(Bench *bench, Failure *failure);
int work_python_functions(Bench *bench, Failure *failure);
int work_parallel(Bench *bench, Failure *failure);
int work_postgres(Bench *bench, Failure *failure);
int work_duckdb(Bench *bench, Failure *failure);
int work_hyperfine(Bench *bench, Failure *failure);
int work_model(Bench *bench, Failure *failure); /* in place of the others */

#endif
