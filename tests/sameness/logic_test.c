/*
 * Scripts of sqllogictest through parallel_query: each query as SQLite itself runs it, and divided. What a
 * script expects is no matter: the oracle is the plain SELECT on the same connection. See --help.
 */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/sameness/logic_script.h"
#include "tests/support/result_lines.h"

enum { FINDINGS_SHOWN = 10, REASONS = 64, REASON_SIZE = 100, OPEN_FOLDERS = 16 };

static const char usage[] =
    "Usage: logic_test [--each N] [--most N] FILE|FOLDER...\n"
    "Runs the queries of scripts (*.test) by parallel_query, in turn by threads and by processes, and compares their\n"
    "rows with those of the plain SELECTs. --each N: at most N queries of a script; --most N: in all. What differs is\n"
    "printed. PRICEMAP_EXTENSION names another extension than that of this build.\n"
    "Exit status: 0 all the same, 1 something differed, 2 wrong usage, 3 could not do it.\n";

/* Why queries ran whole, and how often. */
typedef struct Reason {
    char text[REASON_SIZE];
    long count;
} Reason;

typedef struct Totals {
    long each, most;
    long scripts, queries, divided, whole, refused, other_order, ordered, findings;
    Reason reasons[REASONS];
    int reason_count;
} Totals;

/* nftw has no context of its own for its function. */
static Totals totals = {.each = INT32_MAX, .most = INT32_MAX};

_Noreturn static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "logic_test: %s: %s\n", what, why);
    exit(3);
}

static void count_reason(const char *text)
{
    int i = 0;
    while (i < totals.reason_count && strncmp(totals.reasons[i].text, text, REASON_SIZE - 1) != 0)
        i++;
    if (i == REASONS)
        return;
    if (i == totals.reason_count)
        snprintf(totals.reasons[totals.reason_count++].text, REASON_SIZE, "%s", text);
    totals.reasons[i].count++;
}

/* Counts whether the newest query was divided, else why not. */
static void count_way(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, "SELECT access, reason FROM parallel_map_runs ORDER BY run DESC LIMIT 1", -1,
                           &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        give_up("the log of runs", sqlite3_errmsg(db));
    bool whole = strcmp((const char *)sqlite3_column_text(statement, 0), "whole") == 0;
    totals.whole += whole;
    totals.divided += !whole;
    if (whole)
        count_reason((const char *)sqlite3_column_text(statement, 1));
    sqlite3_finalize(statement);
}

static void show(const char *path, const LogicRecord *record, const ResultLines *plain,
                 const ResultLines *query)
{
    if (totals.findings++ >= FINDINGS_SHOWN)
        return;
    printf("%s:%ld: %s", path, record->line, record->sql);
    printf("  plain: %zu rows, first %s\n  parallel_query: %zu rows, first %s\n", plain->count,
           result_lines_first(plain, "none"), query->count, result_lines_first(query, "none"));
}

/* Without an ORDER BY the order is open; which of equal rows comes first is open with one. */
static void compare(const char *path, const LogicRecord *record, ResultLines *plain, ResultLines *query)
{
    if (result_lines_same(plain, query))
        return;
    result_lines_sort(plain);
    result_lines_sort(query);
    if (!plain->failed && !query->failed && result_lines_same(plain, query))
        ++*(strstr(record->sql, "ORDER BY") ? &totals.ordered : &totals.other_order);
    else
        show(path, record, plain, query);
}

static void run_query(sqlite3 *db, const char *path, const LogicRecord *record)
{
    ResultLines plain = result_lines_read(db, record->sql), query = {0};
    if (plain.failed) {
        totals.refused++;
        result_lines_free(&plain);
        return;
    }
    char *message = NULL;
    char *create =
        sqlite3_mprintf("DROP TABLE IF EXISTS temp.logic_query; CREATE VIRTUAL TABLE temp.logic_query USING "
                        "parallel_query(query = (%s), executor = %s, workers = 2)",
                        record->sql, totals.queries % 2 ? "processes" : "threads");
    totals.queries++;
    if (sqlite3_exec(db, create, NULL, NULL, &message) == SQLITE_OK) {
        query = result_lines_read(db, "SELECT * FROM temp.logic_query");
        if (!query.failed)
            count_way(db);
    } else {
        query = result_lines_of_error(message);
    }
    sqlite3_free(message);
    compare(path, record, &plain, &query);
    result_lines_free(&plain);
    result_lines_free(&query);
    sqlite3_free(create);
}

static sqlite3 *open_database(const char *file)
{
    const char *named = getenv("PRICEMAP_EXTENSION"), *extension = named && *named ? named : BUILT_EXTENSION;
    sqlite3 *db = NULL;
    char *message = NULL;
    unlink(file);
    if (sqlite3_open(file, &db) != SQLITE_OK)
        give_up(file, sqlite3_errmsg(db));
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (sqlite3_load_extension(db, extension, NULL, &message) != SQLITE_OK)
        give_up(extension, message);
    sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    return db;
}

/* A statement that a script expects to fail is no matter. Those before a query are one transaction. */
static void run_records(sqlite3 *db, LogicScript *script, const char *path)
{
    long limit = totals.queries + totals.each;
    for (LogicRecord record; totals.queries < limit && totals.queries < totals.most &&
                             (record = logic_script_next(script)).kind != LOGIC_END;) {
        if (record.kind == LOGIC_STATEMENT) {
            if (sqlite3_get_autocommit(db))
                sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
            sqlite3_exec(db, record.sql, NULL, NULL, NULL);
            continue;
        }
        if (!sqlite3_get_autocommit(db))
            sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
        run_query(db, path, &record);
    }
}

static void run_script(const char *path)
{
    static const char file[] = "logic_test.db";
    LogicScript script;
    if (!logic_script_open(&script, path))
        give_up(path, "cannot be read");
    sqlite3 *db = open_database(file);
    run_records(db, &script, path);
    logic_script_close(&script);
    sqlite3_close(db);
    unlink(file);
    totals.scripts++;
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)place;
    const char *ending = strrchr(path, '.');
    if (type == FTW_F && ending && strcmp(ending, ".test") == 0 && totals.queries < totals.most)
        run_script(path);
    return 0;
}

static void print_totals(void)
{
    printf(
        "%ld queries of %ld scripts, %ld divided, %ld whole, %ld in another order without ORDER BY, %ld with one, %ld findings; %ld that SQLite "
        "refuses\n",
        totals.queries, totals.scripts, totals.divided, totals.whole, totals.other_order, totals.ordered,
        totals.findings, totals.refused);
    for (int i = 0; i < totals.reason_count; i++)
        printf("%8ld %s\n", totals.reasons[i].count, totals.reasons[i].text);
}

int main(int argc, char **argv)
{
    int i = 1;
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        long number = strtol(argv[i + 1], NULL, 10);
        long *option = strcmp(argv[i], "--each") == 0   ? &totals.each
                       : strcmp(argv[i], "--most") == 0 ? &totals.most
                                                        : NULL;
        if (!option || number < 1) {
            fputs(usage, stderr);
            return 2;
        }
        *option = number;
    }
    if (i == argc) {
        fputs(usage, stderr);
        return 2;
    }
    for (; i < argc; i++)
        if (nftw(argv[i], visit, OPEN_FOLDERS, FTW_PHYS))
            give_up(argv[i], "cannot be read");
    print_totals();
    return totals.findings > 0;
}
