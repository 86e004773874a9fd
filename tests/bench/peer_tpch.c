/* The queries of TPC-H in other databases, on the same data: what dividing a query gains there. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/bench/bench_sql.h"
#include "cli/base/query.h"
#include "figures.h"
#include "peers.h"
#include "postgres_server.h"
#include "query_data.h"
#include "query_folder.h"

enum { OUTPUT_SIZE = 1 << 20, SAMPLES_MAX = 32, NOT_INSTALLED = 77, QUICK_ROUNDS = 5, ROUNDS = 11 };

/* Queries that take at least so long in one thread or process count in the median gain. */
static const double notable_milliseconds = 10;

/* The ways in which a peer executes a query. */
enum { ONE, ALL, WAYS };

/* What a peer printed of one query; times in milliseconds. */
typedef struct PeerQuery {
    double times[WAYS][SAMPLES_MAX];
    size_t counts[WAYS];
    int64_t rows;
    bool parallel;
} PeerQuery;

typedef struct TpchPeers {
    Bench *bench;
    QueryFolder folder;
    int64_t rows[QUERIES_MAX]; /* of SQLite's answers */
    char data[PATH_SIZE], queries[PATH_SIZE], schema[PATH_SIZE];
    PeerQuery found[QUERIES_MAX];
    char output[OUTPUT_SIZE];
} TpchPeers;

/* ---- the data ---- */

/* Writes a value; texts are quoted, as one may have a comma in it. */
static void write_value(FILE *file, sqlite3_stmt *row, int column)
{
    if (sqlite3_column_type(row, column) != SQLITE_TEXT) {
        fputs((const char *)sqlite3_column_text(row, column), file);
        return;
    }
    putc('"', file);
    for (const char *c = (const char *)sqlite3_column_text(row, column); *c; c++) {
        if (*c == '"')
            putc('"', file);
        putc(*c, file);
    }
    putc('"', file);
}

static int write_table(const TpchPeers *peers, sqlite3 *db, const char *table, Failure *failure)
{
    char path[PATH_SIZE + 64], *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", table);
    sqlite3_stmt *row = NULL;
    snprintf(path, sizeof path, "%s/%s.csv", peers->data, table);
    FILE *file = fopen(path, "we");
    int result =
        file ? query_prepare(db, &row, failure, sql, "") : failure_set(failure, "cannot write %s", path);
    while (result == 0 && (result = query_next(row, failure)) == 1) {
        for (int i = 0; i < sqlite3_column_count(row); i++) {
            if (i)
                putc(',', file);
            write_value(file, row, i);
        }
        result = putc('\n', file) == EOF ? failure_set(failure, "cannot write %s", path) : 0;
    }
    sqlite3_finalize(row);
    sqlite3_free(sql);
    if (file && fclose(file) && result == 0)
        result = failure_set(failure, "cannot write %s", path);
    return result;
}

static int write_tables(TpchPeers *peers, sqlite3 *db, Failure *failure)
{
    sqlite3_stmt *table;
    int result = query_prepare(db, &table, failure, bench_sql_tables, "");
    while (result == 0 && (result = query_next(table, failure)) == 1)
        result = write_table(peers, db, (const char *)sqlite3_column_text(table, 0), failure);
    sqlite3_finalize(table);
    return result;
}

/* Counts the rows of SQLite's own answers. */
static int count_rows(TpchPeers *peers, sqlite3 *db, Failure *failure)
{
    int result = 0;
    for (size_t i = 0; i < peers->folder.count && result == 0; i++) {
        sqlite3_stmt *statement;
        size_t rows = 0;
        result = query_prepare(db, &statement, failure, peers->folder.queries[i].text, "");
        if (result == 0)
            result = query_count(statement, &rows, failure);
        peers->rows[i] = (int64_t)rows;
        sqlite3_finalize(statement);
    }
    return result;
}

/* Makes the database in memory and a file of each table. */
static int make_data(TpchPeers *peers, Failure *failure)
{
    const Settings *settings = &peers->bench->settings;
    const double scale = settings->scale > 0 ? settings->scale : settings->quick ? 0.02 : 0.2;
    sqlite3 *db = NULL;
    snprintf(peers->data, sizeof peers->data, "%s/tpch-data", peers->bench->folder);
    snprintf(peers->queries, sizeof peers->queries, "%s/tests/bench/sql/tpch", BENCH_SOURCES);
    snprintf(peers->schema, sizeof peers->schema, "%s/tests/bench/sql/tpch_schema.sql", BENCH_SOURCES);
    int result = mkdir(peers->data, 0755) ? failure_set(failure, "cannot make the folder %s", peers->data)
                                          : query_folder_read(&peers->folder, peers->queries, failure);
    if (result == 0 && sqlite3_open(":memory:", &db) != SQLITE_OK)
        result = failure_set(failure, "cannot make a database in memory");
    if (result == 0)
        result = tpch_make(db, scale, failure);
    if (result == 0)
        result = write_tables(peers, db, failure);
    if (result == 0)
        result = count_rows(peers, db, failure);
    sqlite3_close(db);
    return result;
}

/* ---- what a peer printed ---- */

static PeerQuery *find(TpchPeers *peers, const char *name)
{
    for (size_t i = 0; i < peers->folder.count; i++)
        if (strcmp(peers->folder.queries[i].name, name) == 0)
            return &peers->found[i];
    return NULL;
}

/* A line is one of "01 rows 4", "01 parallel 1", "01 one Time: 12.5 ms" and "01 all Time: 7.1 ms". */
static int read_output(TpchPeers *peers, Failure *failure)
{
    char *rest = peers->output, *line, name[QUERY_NAME_SIZE], kind[16];
    memset(peers->found, 0, sizeof peers->found);
    while ((line = strsep(&rest, "\n"))) {
        double number;
        PeerQuery *query = NULL;
        if (sscanf(line, "%31s %15s Time: %lf", name, kind, &number) == 3 ||
            sscanf(line, "%31s %15s %lf", name, kind, &number) == 3)
            query = find(peers, name);
        if (!query) {
            if (*line)
                return failure_set(failure, "the peer printed '%.200s'", line);
            continue;
        }
        int way = strcmp(kind, "one") == 0 ? ONE : ALL;
        if (strcmp(kind, "rows") == 0)
            query->rows = (int64_t)number;
        else if (strcmp(kind, "parallel") == 0)
            query->parallel = number > 0;
        else if (query->counts[way] < SAMPLES_MAX)
            query->times[way][query->counts[way]++] = number;
    }
    return 0;
}

/* The time in one thread or process by that in all, by rounds. */
static Estimate gain(const PeerQuery *query)
{
    double ratios[SAMPLES_MAX];
    size_t count = query->counts[ONE] < query->counts[ALL] ? query->counts[ONE] : query->counts[ALL];
    for (size_t i = 0; i < count; i++)
        ratios[i] = query->times[ONE][i] / query->times[ALL][i];
    return estimate(ratios, count);
}

static int report_peer(TpchPeers *peers, const char *peer, bool tells_parallel, Failure *failure)
{
    double gains[QUERIES_MAX];
    size_t notable = 0;
    int64_t parallel = 0, different = 0;
    const Bar none = {.kind = BAR_NONE};
    char what[2 * LABEL_SIZE], remark[LABEL_SIZE];
    for (size_t i = 0; i < peers->folder.count; i++) {
        PeerQuery *query = &peers->found[i];
        if (!query->counts[ONE] || !query->counts[ALL])
            return failure_set(failure, "%s printed no time of query %s", peer,
                               peers->folder.queries[i].name);
        Estimate ratio = gain(query);
        double one = estimate(query->times[ONE], query->counts[ONE]).median;
        snprintf(what, sizeof what, "%s, query %s", peer, peers->folder.queries[i].name);
        snprintf(remark, sizeof remark, "one %.3g ms%s", one, query->parallel ? ", a parallel plan" : "");
        if (report_result(peers->bench, what, ratio, UNIT_TIMES, none, remark, failure))
            return -1;
        if (one >= notable_milliseconds)
            gains[notable++] = ratio.median;
        parallel += query->parallel;
        different += query->rows != peers->rows[i];
    }
    snprintf(what, sizeof what, "%s, median gain above %g ms", peer, notable_milliseconds);
    snprintf(remark, sizeof remark, "of %zu queries", notable);
    if (notable &&
        report_result(peers->bench, what, estimate(gains, notable), UNIT_TIMES, none, remark, failure))
        return -1;
    snprintf(what, sizeof what, "%s, queries with a parallel plan", peer);
    const Estimate count = {.median = (double)parallel, .low = -INFINITY, .high = INFINITY, .count = 1};
    if (tells_parallel && report_result(peers->bench, what, count, UNIT_COUNT, none, NULL, failure))
        return -1;
    snprintf(what, sizeof what, "%s, queries with another number of rows", peer);
    return report_count(peers->bench, what, different, 0, NULL, failure);
}

static int64_t rounds_of(const Bench *bench)
{
    int64_t rounds = bench->settings.rounds  ? bench->settings.rounds
                     : bench->settings.quick ? QUICK_ROUNDS
                                             : ROUNDS;
    return rounds < SAMPLES_MAX ? rounds : SAMPLES_MAX;
}

/* ---- DuckDB ---- */

static int measure_duckdb(TpchPeers *peers, Failure *failure)
{
    char program[] = "node", script[] = BENCH_PEERS "/tpch_duckdb.js", threads[16], rounds[32];
    char check[] = "-e", require[] = "require('@duckdb/node-api')", label[LABEL_SIZE];
    char *const checking[] = {program, check, require, NULL};
    char *const argv[] = {program, script, peers->data, peers->schema, peers->queries, threads, rounds, NULL};
    Failure none;
    if (peer_run(checking, NULL, peers->output, sizeof peers->output, &none))
        return report_skip(
            peers->bench, "DuckDB",
            "node or @duckdb/node-api is not installed: npm install --prefix DIR @duckdb/node-api, "
            "then set NODE_PATH=DIR/node_modules",
            failure);
    snprintf(threads, sizeof threads, "%d", peers->bench->settings.workers);
    snprintf(rounds, sizeof rounds, "%lld", (long long)rounds_of(peers->bench));
    snprintf(label, sizeof label, "DuckDB, %s threads over 1", threads);
    return peer_run(argv, NULL, peers->output, sizeof peers->output, failure) ||
                   read_output(peers, failure) || report_peer(peers, label, false, failure)
               ? -1
               : 0;
}

/* ---- PostgreSQL ---- */

/* The text of a query without its ending, which is a semicolon and space. */
static int query_length(const char *text)
{
    size_t length = strlen(text);
    while (length && strchr("; \n", text[length - 1]))
        length--;
    return (int)length;
}

static void write_query(const TpchPeers *peers, FILE *file, const FolderQuery *query)
{
    static const char *const ways[] = {"one", "all"};
    const int helpers[] = {0, peers->bench->settings.workers - 1};
    fprintf(file, "SELECT '%s rows ' || count(*) FROM (%.*s) AS answer;\n", query->name,
            query_length(query->text), query->text);
    fprintf(
        file,
        "SET max_parallel_workers_per_gather = %d;\nSELECT '%s parallel ' || is_parallel($query$%.*s$query$);\n",
        helpers[ALL], query->name, query_length(query->text), query->text);
    for (int64_t i = 0; i < WAYS * rounds_of(peers->bench); i++) {
        int way = (int)((i + i / WAYS) % WAYS);
        fprintf(
            file,
            "SET max_parallel_workers_per_gather = %d;\n\\o /dev/null\n\\echo -n '%s %s '\n\\timing on\n%s\n"
            "\\timing off\n\\o\n",
            helpers[way], query->name, ways[way], query->text);
    }
}

/* Writes what psql is to do: tables, data, indexes, statistics, then the samples of each query. */
static int write_script(const TpchPeers *peers, const char *path, Failure *failure)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return failure_set(failure, "cannot write %s", path);
    fprintf(file, "\\i " BENCH_PEERS "/tpch_functions.sql\n\\i %s\n", peers->schema);
    fprintf(file, "\\cd %s\n%s\n%s\nVACUUM ANALYZE;\n", peers->data, bench_sql_tpch_copy,
            bench_sql_tpch_indexes);
    for (size_t i = 0; i < peers->folder.count; i++)
        write_query(peers, file, &peers->folder.queries[i]);
    int failed = ferror(file);
    failed |= fclose(file) != 0;
    return failed ? failure_set(failure, "cannot write %s", path) : 0;
}

static int measure_postgres(TpchPeers *peers, Failure *failure)
{
    const char *const variables[] = {NULL};
    char script[PATH_SIZE + 16], label[LABEL_SIZE];
    PostgresServer server = {.bench = peers->bench};
    if (!postgres_installed())
        return report_skip(peers->bench, "PostgreSQL", "no server (Debian package postgresql)", failure);
    snprintf(script, sizeof script, "%s/tpch.sql", peers->bench->folder);
    snprintf(label, sizeof label, "PostgreSQL, %d processes over 1", peers->bench->settings.workers);
    int result = write_script(peers, script, failure);
    if (result == 0)
        result = postgres_start(&server, failure);
    if (result == 0)
        result = postgres_run_file(&server, script, variables, peers->output, sizeof peers->output, failure);
    if (result == 0)
        result = read_output(peers, failure);
    postgres_stop(&server);
    return result ? -1 : report_peer(peers, label, true, failure);
}

int work_query_peers(Bench *bench, Failure *failure)
{
    TpchPeers *peers = calloc(1, sizeof *peers);
    if (!peers)
        return failure_set(failure, "out of memory");
    peers->bench = bench;
    int result = make_data(peers, failure);
    if (result == 0)
        result = measure_duckdb(peers, failure);
    if (result == 0)
        result = measure_postgres(peers, failure);
    query_folder_free(&peers->folder);
    free(peers);
    return result;
}
