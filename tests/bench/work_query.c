/* Whole SELECTs: as SQLite runs them, divided among workers, and under `auto`. */
#include <stdio.h>

#include "tests/bench/bench_sql.h"
#include "cli/base/query.h"
#include "query_data.h"
#include "query_set.h"
#include "sql_template.h"

/* Runs a script with {rows} in it. */
static int run_script(sqlite3 *db, const char *script, double rows, Failure *failure)
{
    char count[32];
    snprintf(count, sizeof count, "%.0f", rows);
    const Slot slot = {"rows", count};
    char *sql = template_fill(script, &slot, 1);
    int result = sql ? query_script(db, sql, failure) : failure_set(failure, "out of memory");
    sqlite3_free(sql);
    return result;
}

static int make_functions(sqlite3 *db, double scale, Failure *failure)
{
    return run_script(db, bench_sql_function_tables, 50000 * scale, failure);
}

static int make_single(sqlite3 *db, double scale, Failure *failure)
{
    return run_script(db, bench_sql_single_table, 10000000 * scale, failure);
}

int work_query_functions(Bench *bench, Failure *failure)
{
    static const QuerySet set = {
        .name = "functions", .make = make_functions, .least_divided = 4, .least_ratio = 1.9};
    return query_set_measure(bench, &set, failure);
}

int work_query_single(Bench *bench, Failure *failure)
{
    static const QuerySet set = {.name = "single", .make = make_single, .notable_seconds = 0.05};
    return query_set_measure(bench, &set, failure);
}

int work_query_tpch(Bench *bench, Failure *failure)
{
    static const QuerySet set = {
        .name = "tpch", .make = tpch_make, .least_divided = 20, .least_ratio = 1.8, .notable_seconds = 0.05};
    return query_set_measure(bench, &set, failure);
}

int work_query_tpch_analyzed(Bench *bench, Failure *failure)
{
    static const QuerySet set = {.name = "tpch",
                                 .make = tpch_make,
                                 .analyzed = true,
                                 .least_divided = 20,
                                 .least_ratio = 1.8,
                                 .notable_seconds = 0.05};
    return query_set_measure(bench, &set, failure);
}

int work_query_ssb(Bench *bench, Failure *failure)
{
    static const QuerySet set = {.name = "ssb", .make = ssb_make, .notable_seconds = 0.05};
    return query_set_measure(bench, &set, failure);
}

int work_query_clickbench(Bench *bench, Failure *failure)
{
    static const QuerySet set = {.name = "clickbench", .make = hits_make, .notable_seconds = 0.05};
    return query_set_measure(bench, &set, failure);
}
