/* A set of queries over one database: each as SQLite itself runs it, divided among worker processes, and
 * under `auto`, in interleaved rounds, and checked against the first. */
#ifndef BENCH_QUERY_SET_H
#define BENCH_QUERY_SET_H

#include <stdbool.h>

#include "bench.h"

typedef struct QuerySet {
    /* Name of the folder of queries in tests/bench/sql, and of the database. */
    const char *name;
    int (*make)(sqlite3 *db, double scale, Failure *failure);
    /* Whether the database has statistics. */
    bool analyzed;
    /* Queries that are to be divided at the least; 0: there is no bar. */
    int least_divided;
    /* How many times as fast as whole the median of the queries that take more than `notable_seconds` is to
     * be; 0: there is no bar. */
    double least_ratio, notable_seconds;
} QuerySet;

/* Makes the database, measures all queries of the set, and reports: for each the ratio of the whole to the
 * divided time, then how many were divided, that all gave the same rows, the median ratio, where `auto` was
 * slower than whole, and how long planning takes. */
int query_set_measure(Bench *bench, const QuerySet *set, Failure *failure);

#endif
