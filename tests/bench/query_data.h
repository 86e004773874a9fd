/* The data of the query benchmarks, made into an empty database: the same for the same scale, on every
 * machine.
 *
 * TPC-H and the Star Schema Benchmark follow their specifications in tables, columns, keys, numbers of rows
 * and distributions; texts are shorter of words. The hits of ClickBench are made up: its columns and the kind
 * of their values, no real visits. */
#ifndef BENCH_QUERY_DATA_H
#define BENCH_QUERY_DATA_H

#include <sqlite3.h>

#include "cli/base/failure.h"

/* All return 0, or -1 with the failure set. Scale 1 has 6 000 000 lines of orders; 10 000 000 hits. */
int tpch_make(sqlite3 *db, double scale, Failure *failure);
int ssb_make(sqlite3 *db, double scale, Failure *failure);
int hits_make(sqlite3 *db, double scale, Failure *failure);

/* The 25 nations and their 5 regions of both benchmarks, which part lists of words as well. */
enum { NATIONS = 25, REGIONS = 5 };
extern const char *const data_regions[REGIONS];
extern const struct DataNation {
    const char *name;
    int region;
} data_nations[NATIONS];

#endif
