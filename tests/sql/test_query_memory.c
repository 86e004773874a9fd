/* Memory of the host and of worker processes: it has bounds, whatever the number of rows that are read,
   sorted, kept or given out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/query_test.h"

/* Rows of the smaller and the larger run. */
enum { FEW = 20000, MANY = 60000, WORKERS_MOST = 8 };

/* Growth of peaks, in kB, by rows that take 40 MB more; and where attempts end at 64 MB, of each of the
   workers, by 360 MB more. */
enum { GROWTH_KB = 24 << 10, GROWTH_OF_ATTEMPTS_KB = 128 << 10 };

static const char make_tables[] =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, day INT, p REAL, pad TEXT);"
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
    "INSERT INTO t SELECT i, i % 7, i * 7919 % 80021 / 8.0, printf('%01000d', i) FROM n;"
    "CREATE TABLE small(n INTEGER PRIMARY KEY); INSERT INTO small SELECT id FROM t WHERE id < 8;";

typedef struct Peaks {
    /* Most memory of the host and, together, of the workers since they were reset, in kB. */
    long host, workers;
} Peaks;

/* A line of /proc/PID/status in kB. */
static long read_status(int pid, const char *line_name)
{
    char path[64], line[256];
    long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *status = fopen(path, "r");
    assert_non_null(status);
    while (fgets(line, sizeof line, status))
        if (!strncmp(line, line_name, strlen(line_name)))
            kb = atol(line + strlen(line_name));
    fclose(status);
    return kb;
}

/* The kernel counts a process's peak from now on. */
static void reset_peak(int pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/clear_refs", pid);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("5", file);
    assert_int_equal(fclose(file), 0);
}

static int read_pids(sqlite3 *db, int pids[WORKERS_MOST])
{
    sqlite3_stmt *statement = NULL;
    int count = 0;
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT DISTINCT pid FROM parallel_map_tasks WHERE worker >= 0 AND run = (SELECT "
                           "max(run) FROM parallel_map_runs)",
                           -1, &statement, NULL),
        SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW && count < WORKERS_MOST)
        pids[count++] = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return count;
}

static void step_over(sqlite3 *db, int rows)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT * FROM q(?1)", -1, &statement, NULL), SQLITE_OK);
    sqlite3_bind_int(statement, 1, rows);
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        continue;
    if (rc != SQLITE_DONE)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_finalize(statement);
}

/* Whether the process is still there: one that does not end its part at once, when it is to be given up, is
   killed. */
static bool is_there(int pid)
{
    return kill(pid, 0) == 0;
}

/* Peaks of a run over so many rows, above what the processes had before it. */
static Peaks measure(sqlite3 *db, int rows)
{
    int pids[WORKERS_MOST];
    long before[WORKERS_MOST];
    Peaks peaks = {0};
    step_over(db, 3000);
    int count = read_pids(db, pids);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        before[i] = read_status(pids[i], "VmRSS:");
        reset_peak(pids[i]);
    }
    long host = read_status(getpid(), "VmRSS:");
    reset_peak(getpid());
    step_over(db, rows);
    peaks.host = read_status(getpid(), "VmHWM:") - host;
    for (int i = 0; i < count; i++)
        if (is_there(pids[i]))
            peaks.workers += read_status(pids[i], "VmHWM:") - before[i];
    return peaks;
}

typedef struct MemoryCase {
    /* SELECT over the rows whose id is :most at the most. */
    const char *select;
    /* How the larger run was done, and a text of its reason. */
    const char *access, *reason;
} MemoryCase;

static void expect_bound(sqlite3 *db, const MemoryCase *of, long growth)
{
    map_test_run(
        db,
        "CREATE VIRTUAL TABLE temp.q USING parallel_query(query = (%s), executor = processes, workers = 2)",
        of->select);
    Peaks few = measure(db, FEW), many = measure(db, MANY);
    char *run = sql_test_rows(db, "SELECT access, reason FROM parallel_map_runs ORDER BY run DESC LIMIT 1");
    if (!strstr(run, of->access) || !strstr(run, of->reason))
        fail_msg("%s\n  is run as %s", of->select, run);
    sqlite3_free(run);
    /* Sanitizers keep what was freed. */
    if (!MAP_TEST_SANITIZED && (many.host > few.host + growth || many.workers > few.workers + growth))
        fail_msg(
            "%s\n  has a peak of %ld kB, and of %ld kB in workers; with three times the rows %ld and %ld",
            of->select, few.host, few.workers, many.host, many.workers);
    sql_test_run(db, "DROP TABLE q");
}

/* Rows that are given out as they come, groups, sorts within workers, stages: what is kept has no more for
   more rows. */
static void divided(void **state)
{
    static const MemoryCase cases[] = {
        {"SELECT id, pad FROM t WHERE id <= :most", "partition", ""},
        {"SELECT day, count(*), sum(p), max(pad) FROM t WHERE id <= :most GROUP BY day", "partition", ""},
        {"SELECT id, pad FROM t WHERE id <= :most ORDER BY p LIMIT 10", "partition", ""},
        {"SELECT pad > '' AS k, max(pad) FROM t WHERE id <= :most GROUP BY k, day", "partition", ""},
        /* A sort in workers that have the table of a stage. */
        {"SELECT t.day, x.m, max(t.pad || x.m) FROM t CROSS JOIN (SELECT day, max(p) AS m FROM t WHERE id <= :most "
         "GROUP BY day) AS x USING (day) WHERE t.id <= :most GROUP BY x.m, t.day",
         "partition", ""},
        /* A SELECT that one worker computes over a stage. */
        {"SELECT n, (SELECT length(group_concat(pad)) FROM (SELECT pad FROM t WHERE id <= :most ORDER BY pad DESC "
         "LIMIT 9)) FROM small WHERE n IN (SELECT max(day) FROM t WHERE id <= :most GROUP BY p > 3)",
         "partition", ""},
    };
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_bound(db, &cases[i], GROWTH_KB);
}

/* More than 64 MB of parts, of a stage's rows, of all stages' together or of the combined rows end the
   attempt: the SELECT runs whole. The smaller run ends so as well. */
static void too_much_for_parts(void **state)
{
    static const MemoryCase cases[] = {
        {"SELECT id, zeroblob(9000) AS z FROM t WHERE id <= :most ORDER BY p", "whole", "64 MB"},
        {"SELECT id, count(*), zeroblob(9000 + day) AS z FROM t WHERE id <= :most GROUP BY p, id", "whole",
         "64 MB"},
        {"SELECT p, sum(day), zeroblob(9000) AS z FROM t WHERE id <= :most GROUP BY p", "whole", "64 MB"},
        {"SELECT id, zeroblob(9000) FROM t WHERE id <= :most AND day < 2 UNION ALL SELECT id, zeroblob(9000) FROM t "
         "WHERE id <= :most AND day BETWEEN 2 AND 3 UNION ALL SELECT id, zeroblob(9000) FROM t WHERE id <= :most AND "
         "day > 3",
         "whole", "64 MB"},
        {"SELECT count(*), max(length(z)) FROM small CROSS JOIN (SELECT DISTINCT p, zeroblob(9000) AS z FROM t WHERE id "
         "<= :most) AS x ON x.p > n",
         "whole", "64 MB"},
    };
    MapTest *test = *state;
    sqlite3 *db = query_test_open(test, make_tables);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_bound(db, &cases[i], GROWTH_OF_ATTEMPTS_KB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_WITH(divided, "processes"),
        MAP_TEST_WITH(too_much_for_parts, "processes"),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
