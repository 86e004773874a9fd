#include "mapping.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/bench/bench_sql.h"
#include "cli/base/query.h"
#include "sql_template.h"

int mapping_connect(const MappingPlace *place, sqlite3 **db, Failure *failure)
{
    char *message = NULL;
    *db = NULL;
    if (sqlite3_open_v2(place->database, db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        failure_set(failure, "cannot open %s: %s", place->database,
                    *db ? sqlite3_errmsg(*db) : "out of memory");
    } else {
        sqlite3_db_config(*db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
        if (sqlite3_load_extension(*db, place->extension, NULL, &message) == SQLITE_OK)
            return 0;
        failure_set(failure, "cannot load %s: %s", place->extension, message ? message : "out of memory");
        sqlite3_free(message);
    }
    sqlite3_close(*db);
    *db = NULL;
    return -1;
}

int mapping_load(sqlite3 *db, const char *functions, Failure *failure)
{
    char *message = NULL;
    if (sqlite3_load_extension(db, functions, NULL, &message) != SQLITE_OK) {
        failure_set(failure, "cannot load %s: %s", functions, message ? message : "out of memory");
        sqlite3_free(message);
        return -1;
    }
    return query_run(db, NULL, failure, bench_sql_load_functions, "t", functions);
}

static void set_label(Mapping *mapping)
{
    const MappingWay *way = &mapping->way;
    char chunk[24] = "";
    if (way->chunk)
        snprintf(chunk, sizeof chunk, ", chunk %" PRId64, way->chunk);
    snprintf(mapping->label, sizeof mapping->label, "%s%s%s%s",
             way->executor ? way->executor : "plain SELECT", way->partial ? ", partial" : "",
             way->fed ? ", fed" : "", chunk);
}

/* Fills a template with what this mapping is. To be freed with sqlite3_free; NULL when out of memory. */
static char *fill(const Mapping *mapping, int workers, const char *text)
{
    char count[16], chunk[48] = "";
    snprintf(count, sizeof count, "%d", workers);
    if (mapping->way.chunk)
        snprintf(chunk, sizeof chunk, ",\n  chunk = %" PRId64, mapping->way.chunk);
    char *source = sqlite3_mprintf(mapping->way.fed ? "(SELECT * FROM %s)" : "%s", mapping->task.source);
    if (!source)
        return NULL;
    const Slot slots[] = {{"source", source},
                          {"map", mapping->task.map},
                          {"total", mapping->task.text ? "sum(length(v))" : "sum(v)"},
                          {"executor", mapping->way.executor ? mapping->way.executor : ""},
                          {"workers", count},
                          {"chunk", chunk}};
    char *filled = template_fill(text, slots, sizeof slots / sizeof *slots);
    sqlite3_free(source);
    return filled;
}

static int run_filled(const Mapping *mapping, int workers, const char *text, Failure *failure)
{
    char *sql = fill(mapping, workers, text);
    int result = sql ? query_script(mapping->db, sql, failure) : failure_set(failure, "out of memory");
    sqlite3_free(sql);
    return result;
}

static int prepare_filled(const Mapping *mapping, const char *text, sqlite3_stmt **statement,
                          Failure *failure)
{
    char *sql = fill(mapping, 0, text);
    int result =
        sql ? query_prepare(mapping->db, statement, failure, sql, "") : failure_set(failure, "out of memory");
    sqlite3_free(sql);
    return result;
}

int mapping_open(Mapping *mapping, const MappingPlace *place, const MappingTask *task, const MappingWay *way,
                 Failure *failure)
{
    *mapping = (Mapping){.task = *task, .way = *way};
    set_label(mapping);
    const char *query = !way->executor ? bench_sql_plain : way->partial ? bench_sql_partial : bench_sql_map;
    const int workers = task->workers ? task->workers : place->workers;
    int result = mapping_connect(place, &mapping->db, failure);
    if (result == 0 && task->functions)
        result = mapping_load(mapping->db, task->functions, failure);
    if (result == 0 && way->executor) {
        result = query_run(mapping->db, NULL, failure, bench_sql_keep_pool, "");
        if (result == 0)
            result = run_filled(mapping, workers,
                                way->partial ? bench_sql_partial_table : bench_sql_map_table, failure);
    }
    if (result == 0)
        result = prepare_filled(mapping, query, &mapping->statement, failure);
    if (result)
        mapping_close(mapping);
    return result;
}

void mapping_close(Mapping *mapping)
{
    sqlite3_finalize(mapping->statement);
    sqlite3_close(mapping->db);
    mapping->statement = NULL;
    mapping->db = NULL;
}

/* Adds to the failure which mapping it was. */
static int fail(const Mapping *mapping, Failure *failure)
{
    return failure_set(failure, "%s over %s by %s: %s", mapping->task.map, mapping->task.source,
                       mapping->label, sqlite3_errmsg(mapping->db));
}

int mapping_answer(Mapping *mapping, MappingAnswer *answer, Failure *failure)
{
    if (sqlite3_step(mapping->statement) == SQLITE_ROW) {
        answer->rows = sqlite3_column_int64(mapping->statement, 0);
        answer->sum = sqlite3_column_double(mapping->statement, 1);
    }
    if (sqlite3_reset(mapping->statement) != SQLITE_OK)
        return fail(mapping, failure);
    return 0;
}

int mapping_check(Mapping *mapping, const MappingAnswer *answer, Failure *failure)
{
    const MappingAnswer *expected = &mapping->expected;
    if (answer->rows == expected->rows && memcmp(&answer->sum, &expected->sum, sizeof answer->sum) == 0)
        return 0;
    mapping->wrong = true;
    return failure_set(failure,
                       "%s over %s by %s: %" PRId64 " rows with sum %.17g; the plain SELECT gives %" PRId64
                       " rows with sum %.17g",
                       mapping->task.map, mapping->task.source, mapping->label, answer->rows, answer->sum,
                       expected->rows, expected->sum);
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int take(Mapping *mapping, int64_t loops, clockid_t clock, Sample *sample, Failure *failure)
{
    MappingAnswer answer = {-1, 0};
    int64_t start = clock_ns(clock);
    for (int64_t i = 0; i < loops; i++)
        if (mapping_answer(mapping, &answer, failure) || mapping_check(mapping, &answer, failure))
            return -1;
    sample->wall_ns = clock_ns(clock) - start;
    return 0;
}

int mapping_take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    return take(context, loops, CLOCK_MONOTONIC, sample, failure);
}

int mapping_take_host(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    return take(context, loops, CLOCK_THREAD_CPUTIME_ID, sample, failure);
}

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
static uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ byte[i]) * UINT64_C(0x100000001b3);
    return digest;
}

static uint64_t digest_value(uint64_t digest, sqlite3_stmt *statement)
{
    int type = sqlite3_column_type(statement, 0);
    digest = digest_bytes(digest, &type, sizeof type);
    if (type == SQLITE_INTEGER) {
        int64_t number = sqlite3_column_int64(statement, 0);
        return digest_bytes(digest, &number, sizeof number);
    }
    if (type == SQLITE_FLOAT) {
        double number = sqlite3_column_double(statement, 0);
        return digest_bytes(digest, &number, sizeof number);
    }
    const void *bytes = sqlite3_column_blob(statement, 0);
    int size = sqlite3_column_bytes(statement, 0);
    digest = digest_bytes(digest, &size, sizeof size);
    return digest_bytes(digest, bytes, (size_t)size);
}

int mapping_digest(Mapping *mapping, uint64_t *digest, int64_t *rows, Failure *failure)
{
    sqlite3_stmt *statement;
    const char *query = mapping->way.executor ? bench_sql_map_rows : bench_sql_plain_rows;
    if (prepare_filled(mapping, query, &statement, failure))
        return -1;
    *digest = UINT64_C(0xcbf29ce484222325);
    *rows = 0;
    for (; sqlite3_step(statement) == SQLITE_ROW; ++*rows)
        *digest = digest_value(*digest, statement);
    return sqlite3_finalize(statement) == SQLITE_OK ? 0 : fail(mapping, failure);
}

int mapping_ran(Mapping *mapping, int column, char *text, size_t size, Failure *failure)
{
    sqlite3_stmt *statement;
    text[0] = '\0';
    if (!mapping->way.executor)
        return 0;
    if (query_prepare(mapping->db, &statement, failure, bench_sql_ran, ""))
        return -1;
    if (sqlite3_step(statement) == SQLITE_ROW)
        snprintf(text, size, "%s", (const char *)sqlite3_column_text(statement, column));
    return sqlite3_finalize(statement) == SQLITE_OK ? 0 : query_fail(mapping->db, failure);
}
