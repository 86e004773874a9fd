#include "executor_list.h"
#include "snapshot.h"

#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/random.h"

/* Rows enough that workers read the table themselves. */
enum { ROWS = 12000, AMOUNT = 100, PAUSE_NS = 500000, BUSY_MS = 20000 };

typedef struct Writer {
    pthread_t thread;
    atomic_bool end;
    atomic_long commits;
    uint64_t seed;
} Writer;

/* Waits at a locked file as long as another connection keeps it: in rollback-journal mode readers and writer
   take turns. */
static void *move_amounts(void *arg)
{
    Writer *writer = arg;
    Random random = {writer->seed};
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    sqlite3 *db = NULL;
    sqlite3_open(SNAPSHOT_FILE, &db);
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    while (!atomic_load(&writer->end)) {
        int amount = 1 + random_below(&random, AMOUNT), from = 1 + random_below(&random, ROWS);
        char *sql = sqlite3_mprintf("BEGIN IMMEDIATE; UPDATE account SET amount = amount - %d WHERE id = %d; "
                                    "UPDATE account SET amount = amount + %d WHERE id = %d; COMMIT",
                                    amount, from, amount, 1 + random_below(&random, ROWS));
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
            atomic_fetch_add(&writer->commits, 1);
        else
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        sqlite3_free(sql);
        nanosleep(&pause, NULL);
    }
    sqlite3_close(db);
    return NULL;
}

static int fail(sqlite3 *db, const char *what)
{
    fprintf(stderr, "sameness: %s: %s\n", what, sqlite3_errmsg(db));
    return -1;
}

static int make_accounts(sqlite3 *db, const char *journal)
{
    char *sql = sqlite3_mprintf(
        "PRAGMA journal_mode = %s; PRAGMA synchronous = OFF; DROP TABLE IF EXISTS account;"
        "CREATE TABLE account(id INTEGER PRIMARY KEY, amount INTEGER);"
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) INSERT INTO account "
        "SELECT i, %d FROM c",
        journal, ROWS, AMOUNT);
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    return rc == SQLITE_OK ? 0 : fail(db, "the accounts could not be made");
}

/* One sum. 1 when it is wrong, -1 when it could not be taken. */
static int take_sum(sqlite3 *db, Random *random, const char *journal)
{
    static const char *const executors[] = {EXECUTOR_STRINGS, "auto"};
    const char *executor = random_pick(random, executors);
    bool partial = random_once_in(random, 2);
    sqlite3_stmt *statement = NULL;
    char *create =
        sqlite3_mprintf("DROP TABLE IF EXISTS temp.m; CREATE VIRTUAL TABLE temp.m USING parallel_map(source "
                        "= account, map = (%s AS "
                        "a), executor = %s, workers = %d, partial = %d)",
                        partial ? "sum(amount)" : "amount", executor, 1 + random_below(random, 3), partial);
    int rc = sqlite3_exec(db, create, NULL, NULL, NULL);
    sqlite3_free(create);
    if (rc != SQLITE_OK)
        return fail(db, "the map could not be made");
    int result = 0;
    rc = sqlite3_prepare_v2(db, "SELECT sum(a) FROM m", -1, &statement, NULL);
    if (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        sqlite3_int64 sum = sqlite3_column_int64(statement, 0);
        result = sum != (sqlite3_int64)ROWS * AMOUNT;
        if (result)
            printf("-- journal_mode %s, %s%s: the sum of the accounts is %lld, not %d\n", journal, executor,
                   partial ? ", partial" : "", (long long)sum, ROWS * AMOUNT);
        sqlite3_finalize(statement);
        return result;
    }
    sqlite3_finalize(statement);
    return fail(db, "the sum could not be taken");
}

static int run_journal(const char *extension, const char *journal, uint64_t seed, int count, long *sums,
                       int *findings, RunCounts *runs)
{
    Random random = {seed};
    Writer writer = {.seed = seed + 1};
    sqlite3 *db = NULL;
    unlink(SNAPSHOT_FILE);
    sqlite3_open(SNAPSHOT_FILE, &db);
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (sqlite3_load_extension(db, extension, NULL, NULL) != SQLITE_OK)
        return fail(db, "the extension could not be loaded");
    int result = make_accounts(db, journal);
    if (result == 0 && pthread_create(&writer.thread, NULL, move_amounts, &writer) != 0)
        result = fail(db, "no thread for the writer");
    if (result == 0) {
        for (int i = 0; i < count && result >= 0; i++) {
            result = take_sum(db, &random, journal);
            *findings += result > 0;
            *sums += result >= 0;
        }
        atomic_store(&writer.end, true);
        pthread_join(writer.thread, NULL);
        if (result >= 0 && count > 10 && !atomic_load(&writer.commits)) {
            printf("-- journal_mode %s: the writer never got to commit\n", journal);
            ++*findings;
        }
    }
    if (result >= 0)
        result = run_counts_add(runs, db);
    if (sqlite3_close(db) != SQLITE_OK) {
        printf("-- journal_mode %s: something was left open on the connection\n", journal);
        ++*findings;
    }
    return result < 0 ? -1 : 0;
}

int snapshot_run(const char *extension, uint64_t seed, int count, long *sums, int *findings, RunCounts *runs)
{
    int result = run_journal(extension, "wal", seed, count / 2, sums, findings, runs);
    return result ? result : run_journal(extension, "delete", seed, count - count / 2, sums, findings, runs);
}
