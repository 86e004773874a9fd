/* A part of a map: one row of a large table, and the rows that an outer loop names. */
#include <stdio.h>

#include "ext/base/clock.h"
#include "tests/bench/bench_sql.h"
#include "cli/base/query.h"
#include "figures.h"
#include "mapping.h"
#include "price_lists.h"

enum { ROWS = 1000000, ROUNDS = 31, QUICK_ROUNDS = 9, OUTER_ROWS = 1000 };

/* Runs a statement with one parameter; its first column, and the nanoseconds that it took. */
static int run_timed(sqlite3 *db, const char *sql, int64_t parameter, int64_t *value, double *ns,
                     Failure *failure)
{
    int64_t start = clock_ns();
    int result = query_run(db, value, failure, sql, "i", parameter);
    *ns = (double)(clock_ns() - start);
    return result;
}

/* The map has to have been evaluated for so many rows. */
static int check_rows(sqlite3 *db, int64_t expected, Failure *failure)
{
    int64_t rows = -1;
    if (query_run(db, &rows, failure, bench_sql_part_rows, ""))
        return -1;
    return rows == expected ? 0
                            : failure_set(failure, "the map was evaluated for %lld rows, not for %lld",
                                          (long long)rows, (long long)expected);
}

static int measure_row(Bench *bench, sqlite3 *db, int rounds, Failure *failure)
{
    double ratios[ROUNDS], plain, map;
    int64_t value;
    if (run_timed(db, bench_sql_part_map, 1, &value, &map, failure))
        return -1;
    for (int i = 0; i < rounds; i++) {
        if (run_timed(db, bench_sql_part_plain, 5 + i, &value, &plain, failure) ||
            run_timed(db, bench_sql_part_map, 5 + i, &value, &map, failure) || check_rows(db, 1, failure) ||
            measurement_step(bench, i + 1, rounds, failure))
            return -1;
        ratios[i] = map / plain;
    }
    return report_result(bench, "WHERE id = … of 1 000 000 rows of about 1 ms: over the plain query",
                         estimate(ratios, (size_t)rounds), UNIT_TIMES, (Bar){.kind = BAR_AT_MOST, .limit = 2},
                         NULL, failure);
}

static int measure_join(Bench *bench, sqlite3 *db, int rounds, Failure *failure)
{
    double ratios[ROUNDS], join, whole;
    int64_t value;
    for (int i = 0; i < rounds; i++) {
        if (run_timed(db, bench_sql_part_whole, 0, &value, &whole, failure) ||
            run_timed(db, bench_sql_part_join, OUTER_ROWS, &value, &join, failure) ||
            check_rows(db, OUTER_ROWS, failure) || measurement_step(bench, i + 1, rounds, failure))
            return -1;
        if (value != OUTER_ROWS)
            return failure_set(failure, "the join gave %lld rows", (long long)value);
        ratios[i] = OUTER_ROWS * whole / join;
    }
    return report_result(bench, "1000 outer rows joined to a map by its key: a map per row over it",
                         estimate(ratios, (size_t)rounds), UNIT_TIMES,
                         (Bar){.kind = BAR_AT_LEAST, .limit = 100}, NULL, failure);
}

int work_part(Bench *bench, Failure *failure)
{
    char table[TABLE_NAME_SIZE];
    const int rounds = bench->settings.quick ? QUICK_ROUNDS : ROUNDS;
    const MappingPlace place = {bench->database, bench->extension, bench->settings.workers};
    sqlite3 *db;
    int result = price_list(bench, ROWS, table, failure);
    if (result || mapping_connect(&place, &db, failure))
        return -1;
    result = measure_row(bench, db, rounds, failure);
    if (result == 0)
        result = measure_join(bench, db, rounds, failure);
    sqlite3_close(db);
    return result;
}
