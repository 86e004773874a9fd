/* DuckDB with the same formula in its SQL, through node. */
#include <stdio.h>

#include "tests/bench/bench_sql.h"
#include "peers.h"
#include "price_lists.h"
#include "cli/system/process.h"
#include "cli/base/query.h"
#include "figures.h"

enum { PRICES = 50, ROUNDS = 200000, NOT_INSTALLED = 77 };

typedef struct DuckDb {
    Bench *bench;
    int threads;
    const MappingAnswer *expected;
} DuckDb;

/* Returns what process_run does. */
static int run(int threads, int prices, int rounds, char *output, size_t size)
{
    char program[] = "node", script[] = BENCH_PEERS "/duckdb.js", numbers[3][16];
    snprintf(numbers[0], sizeof numbers[0], "%d", threads);
    snprintf(numbers[1], sizeof numbers[1], "%d", prices);
    snprintf(numbers[2], sizeof numbers[2], "%d", rounds);
    char *const argv[] = {program, script, numbers[0], numbers[1], numbers[2], NULL};
    return process_run(argv, NULL, 1, output, size);
}

/* The time is that of the query alone. */
static int take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    const DuckDb *duckdb = context;
    char output[1024];
    sample->wall_ns = 0;
    for (int64_t i = 0; i < loops; i++) {
        sqlite3_stmt *statement;
        double sum = 0;
        int status = run(duckdb->threads, PRICES, ROUNDS, output, sizeof output);
        if (status)
            return failure_set(failure, "duckdb.js ended with status %d; run it with node to see why",
                               status);
        if (query_prepare(duckdb->bench->report, &statement, failure, bench_sql_duckdb_result, "t", output))
            return -1;
        if (sqlite3_step(statement) == SQLITE_ROW) {
            sample->wall_ns += (int64_t)(sqlite3_column_double(statement, 0) * 1e9);
            sum = sqlite3_column_double(statement, 1);
        }
        if (sqlite3_finalize(statement) != SQLITE_OK)
            return failure_set(failure, "duckdb.js printed '%.200s'", output);
        if (peer_check(duckdb->bench, "DuckDB", sum, duckdb->expected->sum, failure))
            return -1;
    }
    return 0;
}

int work_duckdb(Bench *bench, Failure *failure)
{
    static const Effort effort = {.rounds = 7, .quick_rounds = 3, .warm = true};
    static const char what[] = "DuckDB, the formula in SQL";
    char output[256], table[TABLE_NAME_SIZE], label[LABEL_SIZE];
    if (!peer_installed("node"))
        return report_skip(bench, what, "node is not installed (Debian package nodejs)", failure);
    int status = run(1, 1, 1, output, sizeof output);
    if (status == NOT_INSTALLED)
        return report_skip(
            bench, what,
            "@duckdb/node-api is not installed: npm install --prefix DIR @duckdb/node-api, then set "
            "NODE_PATH=DIR/node_modules",
            failure);
    MappingAnswer expected = {0, 0};
    DuckDb one = {bench, 1, &expected}, all = {bench, bench->settings.workers, &expected};
    snprintf(label, sizeof label, "DuckDB, formula in SQL, %d threads", all.threads);
    const PeerSubject peers[] = {
        {.label = "DuckDB, formula in SQL, 1 thread", .sampled = {take, &one}, .ours = 0},
        {.label = label, .sampled = {take, &all}, .ours = 1}};
    if (price_list(bench, PRICES, table, failure))
        return -1;
    return peers_measure(bench, table, peers, sizeof peers / sizeof *peers, &effort, &expected, failure);
}
