#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sqlite3.h>

#include "cli/sampling/map_bench.h"
#include "cli/base/clock.h"
#include "cli/base/query.h"
#include "cli/sampling/query_job.h"
#include "sql/sql.h"

typedef struct Connection {
    const char *executor;
    /* Number of workers of the jobs; 0: the default. */
    int64_t workers;
    int64_t default_workers;
    sqlite3 *db;
} Connection;

typedef struct Entry {
    MapJob job;
    /* Number of the entry, from 0. */
    size_t number;
    /* Source and map as the extension gets them: of so many rows, with the rounds put in. NULL: a query. */
    char *source, *map;
    /* Connection of the bench; borrowed. */
    sqlite3 *db;
    sqlite3_stmt *statement;
    int64_t rows;
} Entry;

struct MapBench {
    const MapDatabase *database;
    Entry *entries;
    size_t count;
    /* Connections, with room for count + 1: the serial one for comparing may be extra. */
    Connection *connections;
    size_t connection_count;
    /* Lock of the list of connections, which map_bench_stop reads on another thread. */
    pthread_mutex_t mutex;
};

/* The pool has to outlive the samples of other benchmarks: a day is long enough. */
static int open_connection(Connection *connection, const MapDatabase *database, Failure *failure)
{
    if (map_database_open(&connection->db, database, failure) ||
        query_run(connection->db, NULL, failure, "SELECT parallel_map_config('idle_seconds', 86400)", ""))
        return -1;
    return query_run(connection->db, &connection->default_workers, failure,
                     "SELECT parallel_map_config('workers')", "");
}

/* The connection for an executor with so many workers, opened where there is none yet. */
static int find_connection(MapBench *bench, const char *executor, int64_t workers, Connection **found,
                           Failure *failure)
{
    for (size_t i = 0; i < bench->connection_count; i++) {
        *found = &bench->connections[i];
        if (strcmp((*found)->executor, executor) == 0 && (*found)->workers == workers)
            return 0;
    }
    *found = &bench->connections[bench->connection_count];
    **found = (Connection){.executor = executor, .workers = workers};
    int result = open_connection(*found, bench->database, failure);
    pthread_mutex_lock(&bench->mutex);
    bench->connection_count++;
    pthread_mutex_unlock(&bench->mutex);
    return result;
}

/* Advice of the extension in SQL, and the option for it here; "": there is none. */
static const struct {
    const char *sql, *option;
} advices[] = {
    {"parallel_map_load(path) loads an extension into them", "--load EXTENSION loads an extension into them"},
    {"workers with parallel_map_load(path)", "workers with --load EXTENSION"},
    {", or CREATE VIRTUAL TABLE temp.name USING parallel_map(…, partial = 1) and combine the parts", ""},
};

int map_bench_fail(sqlite3 *db, const MapJob *job, Failure *failure)
{
    const char *message = sqlite3_errmsg(db);
    if (job->query)
        return failure_set(failure, "cannot run the query by %s: %s", job->executor, message);
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        const char *found = strstr(message, advices[i].sql);
        if (found)
            return failure_set(failure, "cannot map %s over %s by %s: %.*s%s%s", job->map, job->source,
                               job->executor, (int)(found - message), message, advices[i].option,
                               found + strlen(advices[i].sql));
    }
    return failure_set(failure, "cannot map %s over %s by %s: %s", job->map, job->source, job->executor,
                       message);
}

static int prepare_map(sqlite3 *db, const Entry *entry, const MapJob *job, const char *sql,
                       sqlite3_stmt **statement, Failure *failure)
{
    Failure ignored;
    if (query_prepare(db, statement, &ignored, sql, "ttt", entry->source, entry->map, job->executor))
        return map_bench_fail(db, job, failure);
    if (job->workers > 0)
        sqlite3_bind_int64(*statement, 4, job->workers);
    if (job->chunk > 0)
        sqlite3_bind_int64(*statement, 5, job->chunk);
    return 0;
}

static bool begins_with_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    return sqlite3_strnicmp(text, word, (int)length) == 0 && !isalnum((unsigned char)text[length]) &&
           text[length] != '_';
}

/* The source, or its first rows: a table by its name, a SELECT in brackets, which has to end before them. To
 * be freed with sqlite3_free; NULL when out of memory. */
static char *first_rows(const char *source, int64_t rows)
{
    if (rows == 0)
        return sqlite3_mprintf("%s", source);
    source += strspn(source, " \t\r\n");
    size_t length = strlen(source);
    while (length > 0 && strchr(" \t\r\n;", source[length - 1]))
        length--;
    bool select = begins_with_word(source, "SELECT") || begins_with_word(source, "WITH") ||
                  begins_with_word(source, "VALUES");
    return sqlite3_mprintf(select ? "SELECT * FROM (%.*s\n) LIMIT %lld" : "SELECT * FROM %.*s\nLIMIT %lld",
                           (int)length, source, (long long)rows);
}

/* The map with every MAP_ROUNDS replaced. To be freed with sqlite3_free; NULL when out of memory. */
static char *map_with_rounds(const char *map, int64_t rounds)
{
    sqlite3_str *text = sqlite3_str_new(NULL);
    const char *found;
    for (; rounds > 0 && (found = strstr(map, MAP_ROUNDS)); map = found + strlen(MAP_ROUNDS))
        sqlite3_str_appendf(text, "%.*s%lld", (int)(found - map), map, (long long)rounds);
    sqlite3_str_appendall(text, map);
    return sqlite3_str_finish(text);
}

/* Checks that the source has the rows of the job: a time of fewer rows would be recorded as one of so
 * many. */
static int check_rows(const Entry *entry, Failure *failure)
{
    if (entry->job.rows == 0)
        return 0;
    char *sql = sqlite3_mprintf("SELECT count(*) FROM (%s)", entry->source);
    if (!sql)
        return failure_set(failure, "out of memory");
    int64_t rows = 0;
    int result = query_run(entry->db, &rows, failure, sql, "");
    sqlite3_free(sql);
    if (result)
        return map_bench_fail(entry->db, &entry->job, failure);
    if (rows < entry->job.rows)
        return failure_set(failure,
                           "--rows %" PRId64 ": %s has only %" PRId64 " rows: give no more than these",
                           entry->job.rows, entry->job.source, rows);
    return 0;
}

static QueryJob query_job(const Entry *entry)
{
    return (QueryJob){.query = entry->job.query,
                      .executor = entry->job.executor,
                      .workers = entry->job.workers,
                      .number = entry->number};
}

static int prepare_entry(Entry *entry, Failure *failure)
{
    const QueryJob query = query_job(entry);
    if (query.query)
        return query_job_prepare(entry->db, &query, &entry->statement, failure);
    if (check_rows(entry, failure))
        return -1;
    return prepare_map(entry->db, entry, &entry->job, sql_measure_map, &entry->statement, failure);
}

static int write_texts(Entry *entry, Failure *failure)
{
    const MapJob *job = &entry->job;
    if (job->query)
        return 0;
    entry->source = first_rows(job->source, job->rows);
    entry->map = map_with_rounds(job->map, job->rounds);
    if (!entry->source || !entry->map)
        return failure_set(failure, "out of memory");
    return 0;
}

static int open_entry(MapBench *bench, const MapJob *job, Failure *failure)
{
    Entry *entry = &bench->entries[bench->count];
    *entry = (Entry){.job = *job, .number = bench->count++, .rows = -1};
    if (write_texts(entry, failure))
        return -1;
    int serial = strcmp(job->executor, "serial") == 0;
    if (serial)
        entry->job.workers = 0;
    Connection *connection;
    if (find_connection(bench, job->executor, entry->job.workers, &connection, failure))
        return -1;
    entry->db = connection->db;
    if (!serial && entry->job.workers == 0)
        entry->job.workers = connection->default_workers;
    return prepare_entry(entry, failure);
}

int map_bench_open(MapBench **bench, const MapDatabase *database, const MapJob *jobs, size_t count,
                   Failure *failure)
{
    *bench = calloc(1, sizeof **bench);
    if (!*bench)
        return failure_set(failure, "out of memory");
    (*bench)->database = database;
    pthread_mutex_init(&(*bench)->mutex, NULL);
    (*bench)->entries = calloc(count, sizeof *(*bench)->entries);
    (*bench)->connections = calloc(count + 1, sizeof *(*bench)->connections);
    int result = 0;
    if (!(*bench)->entries || !(*bench)->connections)
        result = failure_set(failure, "out of memory for %zu benchmarks", count);
    for (size_t i = 0; i < count && result == 0; i++)
        result = open_entry(*bench, &jobs[i], failure);
    if (result)
        map_bench_close(bench);
    return result;
}

void map_bench_close(MapBench **bench)
{
    if (!*bench)
        return;
    for (size_t i = 0; (*bench)->entries && i < (*bench)->count; i++) {
        sqlite3_finalize((*bench)->entries[i].statement);
        sqlite3_free((*bench)->entries[i].source);
        sqlite3_free((*bench)->entries[i].map);
    }
    for (size_t i = 0; (*bench)->connections && i < (*bench)->connection_count; i++)
        sqlite3_close((*bench)->connections[i].db);
    free((*bench)->entries);
    free((*bench)->connections);
    pthread_mutex_destroy(&(*bench)->mutex);
    free(*bench);
    *bench = NULL;
}

const MapJob *map_bench_job(const MapBench *bench, size_t index)
{
    return &bench->entries[index].job;
}

int64_t map_bench_rows(const MapBench *bench, size_t index)
{
    return bench->entries[index].rows;
}

sqlite3 *map_bench_db(const MapBench *bench, size_t index)
{
    return bench->entries[index].db;
}

static uint64_t bits_of(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* Sums of reals depend on their order in SQLite before 3.43. */
static bool nearly_same(double left, double right)
{
    return bits_of(left) == bits_of(right) || fabs(left - right) <= 1e-9 * fmax(fabs(left), fabs(right));
}

static int same_value(sqlite3_stmt *left, sqlite3_stmt *right, int column, bool near)
{
    int type = sqlite3_column_type(left, column);
    if (type != sqlite3_column_type(right, column))
        return 0;
    switch (type) {
    case SQLITE_NULL:
        return 1;
    case SQLITE_INTEGER:
        return sqlite3_column_int64(left, column) == sqlite3_column_int64(right, column);
    case SQLITE_FLOAT:
        if (near)
            return nearly_same(sqlite3_column_double(left, column), sqlite3_column_double(right, column));
        return bits_of(sqlite3_column_double(left, column)) == bits_of(sqlite3_column_double(right, column));
    default: {
        const void *x = sqlite3_column_blob(left, column), *y = sqlite3_column_blob(right, column);
        int size = sqlite3_column_bytes(left, column);
        return size == sqlite3_column_bytes(right, column) && (size == 0 || memcmp(x, y, (size_t)size) == 0);
    }
    }
}

static int fail_difference(const MapJob *job, int64_t row, sqlite3_stmt *serial, sqlite3_stmt *other,
                           int column, Failure *failure)
{
    const char *expected = (const char *)sqlite3_column_text(serial, column);
    const char *found = (const char *)sqlite3_column_text(other, column);
    if (job->query)
        return failure_set(failure,
                           "%.200s: column %d of row %" PRId64
                           ", in the order of all columns, is %.200s by %s, and %.200s as SQLite itself runs "
                           "it: their times mean nothing",
                           job->query, column + 1, row, found ? found : "NULL", job->executor,
                           expected ? expected : "NULL");
    return failure_set(failure,
                       "%s over %s: row %" PRId64 " by %s is %.200s (key %" PRId64
                       "), by serial %.200s (key %" PRId64
                       "): the executors disagree, so their times mean nothing",
                       job->map, job->source, row, job->executor, found ? found : "NULL",
                       (int64_t)sqlite3_column_int64(other, 0), expected ? expected : "NULL",
                       (int64_t)sqlite3_column_int64(serial, 0));
}

static int compare_rows(sqlite3 *serial_db, sqlite3_stmt *serial, const Entry *entry, sqlite3_stmt *other,
                        Failure *failure)
{
    MapJob serial_job = entry->job;
    serial_job.executor = "serial";
    for (int64_t row = 1;; row++) {
        int expected = sqlite3_step(serial);
        if (expected != SQLITE_ROW && expected != SQLITE_DONE)
            return map_bench_fail(serial_db, &serial_job, failure);
        int found = sqlite3_step(other);
        if (found != SQLITE_ROW && found != SQLITE_DONE)
            return map_bench_fail(entry->db, &entry->job, failure);
        if (expected != found)
            return failure_set(failure, "%s%s%s: %s gives %s rows than serial, which gives %s%" PRId64,
                               entry->job.query ? entry->job.query : entry->job.map,
                               entry->job.query ? "" : " over ", entry->job.query ? "" : entry->job.source,
                               entry->job.executor, found == SQLITE_ROW ? "more" : "fewer",
                               found == SQLITE_ROW ? "" : "at least ", found == SQLITE_ROW ? row - 1 : row);
        if (expected == SQLITE_DONE)
            return 0;
        for (int i = 0; i < sqlite3_column_count(serial); i++)
            if (!same_value(serial, other, i, entry->job.query != NULL))
                return fail_difference(&entry->job, row, serial, other, entry->job.query ? i : 1, failure);
    }
}

/* Prepares the rows that are compared. */
static int prepare_rows(sqlite3 *db, const Entry *entry, const MapJob *job, sqlite3_stmt **statement,
                        Failure *failure)
{
    QueryJob query = query_job(entry);
    query.executor = job->executor;
    return query.query ? query_job_prepare_sorted(db, &query, statement, failure)
                       : prepare_map(db, entry, job, sql_measure_map_values, statement, failure);
}

static int verify_entry(MapBench *bench, const Entry *entry, Failure *failure)
{
    Connection *connection;
    if (find_connection(bench, "serial", 0, &connection, failure))
        return -1;
    MapJob serial_job = entry->job;
    serial_job.executor = "serial";
    serial_job.workers = 0;
    sqlite3_stmt *serial = NULL, *other = NULL;
    int result = prepare_rows(connection->db, entry, &serial_job, &serial, failure);
    if (result == 0)
        result = prepare_rows(entry->db, entry, &entry->job, &other, failure);
    if (result == 0)
        result = compare_rows(connection->db, serial, entry, other, failure);
    sqlite3_finalize(serial);
    sqlite3_finalize(other);
    return result;
}

int map_bench_verify(MapBench *bench, Failure *failure)
{
    for (size_t i = 0; i < bench->count; i++)
        if (strcmp(bench->entries[i].job.executor, "serial") != 0 &&
            verify_entry(bench, &bench->entries[i], failure))
            return -1;
    return 0;
}

/* Returns the number of rows, or -1 after an error. The statement is reset. */
static int64_t execute_map(sqlite3_stmt *statement)
{
    int64_t rows = -1;
    if (sqlite3_step(statement) == SQLITE_ROW)
        rows = sqlite3_column_int64(statement, 0);
    return sqlite3_reset(statement) == SQLITE_OK ? rows : -1;
}

static int take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    Entry *entry = context;
    struct rusage before, after;
    int64_t rows = -1;
    getrusage(RUSAGE_SELF, &before);
    int64_t start = clock_ns();
    for (int64_t i = 0; i < loops; i++) {
        rows = entry->job.query ? query_job_execute(entry->statement) : execute_map(entry->statement);
        if (rows < 0)
            return map_bench_fail(entry->db, &entry->job, failure);
    }
    sample->wall_ns = clock_ns() - start;
    getrusage(RUSAGE_SELF, &after);
    sample->user_ns = timeval_ns(&after.ru_utime) - timeval_ns(&before.ru_utime);
    sample->system_ns = timeval_ns(&after.ru_stime) - timeval_ns(&before.ru_stime);
    entry->rows = rows;
    return 0;
}

int map_bench_whole(const MapBench *bench, size_t index, char *reason, size_t size, Failure *failure)
{
    const Entry *entry = &bench->entries[index];
    *reason = '\0';
    return entry->job.query && strcmp(entry->job.executor, "serial") != 0
               ? query_job_whole(entry->db, reason, size, failure)
               : 0;
}

SamplingSubject map_bench_subject(MapBench *bench, size_t index)
{
    return (SamplingSubject){.take = take, .context = &bench->entries[index]};
}

void map_bench_stop(void *bench)
{
    MapBench *maps = bench;
    pthread_mutex_lock(&maps->mutex);
    for (size_t i = 0; i < maps->connection_count; i++)
        if (maps->connections[i].db)
            sqlite3_interrupt(maps->connections[i].db);
    pthread_mutex_unlock(&maps->mutex);
}
