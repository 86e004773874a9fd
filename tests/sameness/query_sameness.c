/*
 * Is what parallel_query gives what SQLite itself gives? Random databases and SELECTs, each run by every
 * executor and in both journal modes; the oracle is the plain SELECT on the same connection. See --help.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/sameness/select_text.h"
#include "tests/support/result_lines.h"

/* SELECTs over one database, and differences that are printed. */
enum { SELECTS_PER_WORLD = 20, FINDINGS_SHOWN = 5 };

static const char usage[] =
    "Usage: query_sameness [--selects N] [--seed S]\n"
    "Compares N random SELECTs (1000), run by parallel_query, with the plain ones. What differs is printed as a\n"
    "script for the sqlite3 shell. PRICEMAP_EXTENSION names another extension than that of this build.\n"
    "Exit status: 0 all the same, 1 something differed, 2 wrong usage, 3 could not do it.\n";

typedef struct Totals {
    long selects, divided, by_key, findings;
} Totals;

_Noreturn static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "query_sameness: %s: %s\n", what, why);
    exit(3);
}

/* Which of the texts that a collation takes for equal is shown is open, so that all are folded. */
static ResultLines read_rows(sqlite3 *db, const char *sql, bool ordered)
{
    ResultLines rows = result_lines_read(db, sql);
    result_lines_fold(&rows);
    if (!ordered)
        result_lines_sort(&rows);
    return rows;
}

static void run(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        give_up(sql, message);
}

/* Whether the last query was divided, and whether by morsels of a key. */
static bool was_divided(sqlite3 *db, bool *by_key)
{
    ResultLines rows =
        result_lines_read(db, "SELECT access, map FROM parallel_map_runs ORDER BY run DESC LIMIT 1");
    bool divided = rows.count == 1 && strstr(rows.lines[0], "partition");
    *by_key = divided && strstr(rows.lines[0], "first_key");
    result_lines_free(&rows);
    return divided;
}

static void compare(sqlite3 *db, const SelectText *select, const char *world, const char *settings,
                    Totals *totals)
{
    char *create = sqlite3_mprintf("DROP TABLE IF EXISTS temp.q; CREATE VIRTUAL TABLE temp.q USING "
                                   "parallel_query(query = (%s)%s)",
                                   select->sql, settings);
    char *message = NULL;
    ResultLines plain = read_rows(db, select->sql, select->ordered), query = {0};
    if (sqlite3_exec(db, create, NULL, NULL, &message) == SQLITE_OK)
        query = read_rows(db, "SELECT * FROM q", select->ordered);
    else
        query = result_lines_of_error(message);
    result_lines_fold(&query);
    sqlite3_free(message);
    totals->selects++;
    bool by_key;
    totals->divided += was_divided(db, &by_key);
    totals->by_key += by_key;
    if (!result_lines_same(&plain, &query) && totals->findings++ < FINDINGS_SHOWN)
        printf(
            "-- plain: %zu rows, first %s; parallel_query: %zu rows, first %s\n.load pricemap\n%s\n%s;\n%s;\nSELECT * FROM q;\n",
            plain.count, result_lines_first(&plain, ""), query.count, result_lines_first(&query, ""), world,
            select->sql, create);
    result_lines_free(&plain);
    result_lines_free(&query);
    sqlite3_free(create);
}

/* A database in a file, with the SELECTs over it. */
static void try_world(const char *extension, const char *path, Random *random, long selects, Totals *totals)
{
    static const char *const settings[] = {", executor = serial", ", executor = threads, workers = 2",
                                           ", executor = threads, workers = 3",
                                           ", executor = processes, workers = 2"};
    sqlite3 *db;
    char *message = NULL, *world = select_text_world(random);
    unlink(path);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        give_up(path, sqlite3_errmsg(db));
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (sqlite3_load_extension(db, extension, NULL, &message) != SQLITE_OK)
        give_up(extension, message);
    run(db, random_once_in(random, 2) ? "PRAGMA journal_mode = wal" : "PRAGMA journal_mode = delete");
    run(db, world);
    for (long i = 0; i < selects; i++) {
        SelectText select = select_text_make(random);
        compare(db, &select, world, random_pick(random, settings), totals);
        sqlite3_free(select.sql);
    }
    sqlite3_free(world);
    sqlite3_close(db);
    unlink(path);
}

static bool read_settings(int argc, char **argv, long *selects, uint64_t *seed)
{
    for (int i = 1; i < argc; i += 2) {
        char *end = NULL;
        unsigned long long number = i + 1 < argc ? strtoull(argv[i + 1], &end, 10) : 0;
        if (!end || !*argv[i + 1] || *end)
            return false;
        if (!strcmp(argv[i], "--selects"))
            *selects = (long)number;
        else if (!strcmp(argv[i], "--seed"))
            *seed = number;
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *named = getenv("PRICEMAP_EXTENSION");
    char folder[] = "/tmp/pricemap-queries-XXXXXX", path[64];
    long selects = 1000;
    Random random = {1};
    Totals totals = {0};
    if (!read_settings(argc, argv, &selects, &random.state)) {
        fputs(usage, argc == 2 && !strcmp(argv[1], "--help") ? stdout : stderr);
        return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 2;
    }
    if (!mkdtemp(folder))
        give_up(folder, "cannot be made");
    snprintf(path, sizeof path, "%s/q.db", folder);
    while (totals.selects < selects)
        try_world(named ? named : BUILT_EXTENSION, path, &random,
                  selects - totals.selects < SELECTS_PER_WORLD ? selects - totals.selects : SELECTS_PER_WORLD,
                  &totals);
    rmdir(folder);
    printf("%ld SELECTs, %ld of them divided among workers, %ld by morsels of a key, %ld different\n",
           totals.selects, totals.divided, totals.by_key, totals.findings);
    return totals.findings ? 1 : totals.divided * 10 < totals.selects * 4 && selects >= 500 ? 1 : 0;
}
