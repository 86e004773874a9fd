/*
 * Maps when the system fails, through a real connection: every call of every function that the extension uses
 * fails in turn, in the host (in its worker threads too) and in worker processes, and so does every
 * allocation of SQLite's. Whatever fails: the rows are right or there is an error with a text, nothing is
 * left, and the connection's next map works.
 *
 * The extension is linked in, not loaded, so that its calls go through faults.c.
 *
 * PRICEMAP_FAULTS=all: every call of those that come in great numbers too, and more random ones.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/engine_parts.h"
#include "tests/support/faults.h"
#include "tests/support/leftovers.h"
#include "ext/base/sqlite_api.h"

enum { ROWS = 60, CALLS_MAX = 20000 };

int sqlite3_pricemap_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);

/* One map, and what it has to give for the row of the number i. */
typedef struct Scenario {
    const char *executor, *source, *map;
    bool heavy;  /* so that auto wants workers: the value is raised i, else i-i */
    bool writes; /* the rows go into a table of the host, and are kept in a file before they are mapped */
} Scenario;

#define LIGHT "a || ''-'' || a"
#define HEAVY "increase_price_crazy(a, 0, 10000)"

static const Scenario scenarios[] = {
    {"serial", "t", LIGHT, false, false},
    {"serial", "SELECT a FROM t", LIGHT, false, false},
    {"threads", "t", LIGHT, false, false},
    {"threads", "SELECT a FROM t", LIGHT, false, false},
    {"processes", "t", LIGHT, false, false},
    {"processes", "SELECT a FROM t", LIGHT, false, false},
    {"serial", "SELECT a, hex(zeroblob(20000)) AS b FROM t", LIGHT " || substr(b, 1, 0)", false, true},
    {"auto", "SELECT a FROM t", HEAVY, true, false},
};

enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

static char database[64];
static bool all_calls;

/* How one use of a connection ended. */
typedef struct Use {
    int rc; /* SQLITE_OK: with the right rows */
    char message[512];
} Use;

static Use failed_with(sqlite3 *db, int rc)
{
    Use use = {.rc = rc};
    snprintf(use.message, sizeof use.message, "%s", db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
    return use;
}

static Use execute(sqlite3 *db, const char *sql)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? (Use){.rc = SQLITE_OK} : failed_with(db, rc);
}

static bool is_right(const Scenario *scenario, sqlite3_stmt *statement, int row)
{
    char light[32];
    double heavy = row;
    /* The square roots of a number and its square, twice: less than the number itself, but for one. */
    snprintf(light, sizeof light, "%d-%d", row, row);
    if (sqlite3_column_int(statement, 0) != row)
        return false;
    return scenario->heavy ? sqlite3_column_double(statement, 1) >= heavy
                           : strcmp((const char *)sqlite3_column_text(statement, 1), light) == 0;
}

static Use map(sqlite3 *db, const Scenario *scenario)
{
    char sql[512];
    sqlite3_stmt *statement = NULL;
    int rows = 0;
    snprintf(sql, sizeof sql, "%sSELECT key, value FROM parallel_map('%s', '%s', '%s', 2, %s)%s",
             scenario->writes ? "INSERT INTO temp.kept " : "", scenario->source, scenario->map,
             scenario->executor, scenario->heavy ? "NULL" : "10",
             scenario->writes ? " RETURNING key, value" : "");
    int rc = scenario->writes
                 ? sqlite3_exec(db, "CREATE TEMP TABLE IF NOT EXISTS kept(key, value)", NULL, NULL, NULL)
                 : SQLITE_OK;
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc != SQLITE_OK)
        return failed_with(db, rc);
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        rows++;
        /* Reading a value may need memory too, and then gives none. */
        if (!sqlite3_column_text(statement, 1) && sqlite3_errcode(db) == SQLITE_NOMEM) {
            rc = SQLITE_NOMEM;
            break;
        }
        assert_true(is_right(scenario, statement, rows));
    }
    Use use = failed_with(db, rc);
    if (rc == SQLITE_DONE) {
        assert_int_equal(rows, ROWS);
        use = (Use){.rc = SQLITE_OK};
    }
    sqlite3_finalize(statement);
    return use;
}

/* All that a host does between opening a connection and its first map's end. The map's end counts. */
static Use open_and_map(const Scenario *scenario, sqlite3 **db)
{
    char *message = NULL;
    int rc = sqlite3_open(database, db);
    if (rc == SQLITE_OK)
        rc = sqlite3_pricemap_init(*db, &message, sqlite3_api);
    sqlite3_free(message);
    if (rc != SQLITE_OK) {
        Use use = failed_with(*db, rc);
        sqlite3_close(*db);
        *db = NULL;
        return use;
    }
    Use use = execute(*db, "SELECT parallel_map_config('retries', 1)");
    return use.rc == SQLITE_OK ? map(*db, scenario) : use;
}

/* Faults are on while the map is made, then off for one that has to be right, then on for the end. */
static Use use_connection(const Scenario *scenario)
{
    Leftovers before = leftovers_look();
    sqlite3_int64 memory = sqlite3_memory_used();
    sqlite3 *db = NULL;
    fault_switch(true);
    Use use = open_and_map(scenario, &db);
    fault_switch(false);
    assert_true(use.rc == SQLITE_OK || use.message[0]);
    if (db) {
        Use again = map(db, scenario);
        if (again.rc != SQLITE_OK)
            print_error("%s over %s: the next map: %s\n    the first: %s\n", scenario->executor,
                        scenario->source, again.message, use.message);
        assert_int_equal(again.rc, SQLITE_OK);
        assert_int_equal(execute(db, "SELECT * FROM parallel_map_runs").rc, SQLITE_OK);
        fault_switch(true);
        int rc = sqlite3_close(db);
        fault_switch(false);
        assert_int_equal(rc, SQLITE_OK);
    }
    leftovers_check(&before);
    assert_true(sqlite3_memory_used() == memory);
    return use;
}

/* The number after this one: calls in great numbers are alike, one in ten of them is enough. */
static int next_number(int number, int dense)
{
    return number + (number < dense || all_calls ? 1 : 1 + number / 5);
}

typedef struct Counts {
    int reached, survived;
} Counts;

/* Each call of one function in turn, until there are no more. */
static Counts fail_each(const Scenario *scenario, const char *function, bool on, int dense)
{
    Counts counts = {0, 0};
    bool more = true;
    for (int number = 1; more && number < CALLS_MAX; number = next_number(number, dense)) {
        fault_plan(function, number, on);
        Use use = use_connection(scenario);
        more = fault_was_reached();
        counts.reached += more;
        counts.survived += more && use.rc == SQLITE_OK;
        if (!more && use.rc != SQLITE_OK)
            print_error("%s without a fault: %s\n", scenario->executor, use.message);
        assert_true(more || use.rc == SQLITE_OK);
    }
    return counts;
}

static void calls_of_the_host(void **state)
{
    (void)state;
    Counts sum = {0, 0};
    for (int s = 0; s < SCENARIOS; s++)
        for (int f = 0; fault_functions[f]; f++)
            for (int on = 0; on < (all_calls || s >= SCENARIOS - 2 ? 2 : 1); on++) {
                /* A poll that always fails at once is not a system that anything could run on. */
                if (on && strcmp(fault_functions[f], "poll") == 0)
                    continue;
                Counts counts = fail_each(&scenarios[s], fault_functions[f], on, 20);
                sum.reached += counts.reached;
                sum.survived += counts.survived;
            }
    print_message("    %d calls failed, %d maps went on all the same\n", sum.reached, sum.survived);
    assert_true(sum.reached > 100);
    assert_true(sum.survived > 0);
}

static void random_calls_of_the_host(void **state)
{
    (void)state;
    for (int seed = 1; seed <= (all_calls ? 1000 : 40); seed++)
        for (int s = 0; s < SCENARIOS; s++) {
            fault_plan_random((uint64_t)seed, 3 << seed % 8);
            use_connection(&scenarios[s]);
        }
}

/* Threads are refused with the reason, whichever of them cannot be started; auto goes on without. */
static void no_threads(void **state)
{
    (void)state;
    for (int number = 1; number <= 2; number++) {
        fault_plan("pthread_create", number, true);
        Use use = use_connection(&scenarios[2]);
        assert_int_equal(use.rc, SQLITE_ERROR);
        assert_non_null(strstr(use.message, number == 1
                                                ? "worker thread 1 of 2 could not be started: Resource"
                                                : "worker thread 2 of 2 could not be started: Reso"));
        fault_plan("pthread_create", number, true);
        assert_int_equal(use_connection(&scenarios[SCENARIOS - 1]).rc, SQLITE_OK);
    }
}

/* Has maps use the worker program at `path`. What use_usual_worker wants back. */
static char *use_worker(const char *path)
{
    const char *worker = getenv("PRICEMAP_WORKER");
    char *usual = worker ? strdup(worker) : NULL;
    assert_int_equal(setenv("PRICEMAP_WORKER", path, 1), 0);
    return usual;
}

static void use_usual_worker(char *usual)
{
    if (usual)
        setenv("PRICEMAP_WORKER", usual, 1);
    free(usual);
}

/* Uses a connection whose worker program has this fault. */
static Use use_with_fault(const Scenario *scenario, const char *fault)
{
    Leftovers before = leftovers_look();
    sqlite3 *db = NULL;
    assert_int_equal(setenv("PRICEMAP_FAULT", fault, 1), 0);
    Use use = open_and_map(scenario, &db);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    unsetenv("PRICEMAP_FAULT");
    leftovers_check(&before);
    return use;
}

/* In the worker program itself, evaluator included. */
static void calls_of_worker_processes(void **state)
{
    (void)state;
    static const char *const functions[] = {"fork",    "mmap",    "mremap", "fallocate",  "calloc", "malloc",
                                            "realloc", "sendmsg", "read",   "pidfd_open", "write",  "open"};
    char *usual = use_worker(FAULTY_WORKER);
    int survived = 0, failed = 0;
    fault_plan("", 0, false);
    for (int s = 4; s < 6; s++)
        for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
            for (int number = 1; number <= (all_calls ? 40 : 8); number++) {
                char fault[64];
                snprintf(fault, sizeof fault, "%s %d", functions[f], number);
                Use use = use_with_fault(&scenarios[s], fault);
                assert_true(use.rc == SQLITE_OK || use.message[0]);
                survived += use.rc == SQLITE_OK;
                failed += use.rc != SQLITE_OK;
            }
    assert_int_equal(use_connection(&scenarios[4]).rc, SQLITE_OK);
    use_usual_worker(usual);
    print_message("    %d maps failed, %d did not\n", failed, survived);
    assert_true(survived > 0);
    assert_true(failed > 0);
}

/* What keeps worker processes from starting is said, and tried only so often; auto goes on without them, be
 * it in place when there are no threads either. */
static void no_processes(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *message;
    } cases[] = {
        {"fork 1 on",
         "could not start: fork: Resource temporarily unavailable; ask for fewer workers, or raise "
         "the limit on processes and threads"},
        {"fork 2 on", "cannot start a worker process: fork: Resource temporarily unavailable; ask for fewer "
                      "workers, or raise the limit on processes and threads"},
        {"signalfd 1 on", "could not start: signalfd: Too many open files"},
        {"mmap 2 on", "worker processes end as soon as they start: "},
    };
    char *usual = use_worker(FAULTY_WORKER);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Use use = use_with_fault(&scenarios[5], cases[i].fault);
        if (!strstr(use.message, cases[i].message))
            print_error("%s: %d %s\n", cases[i].fault, use.rc, use.message);
        assert_int_equal(use.rc, SQLITE_ERROR);
        assert_non_null(strstr(use.message, cases[i].message));
        fault_plan("pthread_create", 1, true);
        fault_switch(true);
        use = use_with_fault(&scenarios[SCENARIOS - 1], cases[i].fault);
        fault_switch(false);
        if (use.rc != SQLITE_OK)
            print_error("auto with %s: %s\n", cases[i].fault, use.message);
        assert_int_equal(use.rc, SQLITE_OK);
    }
    use_usual_worker(usual);
}

/* The limit on processes, met when the program is started: the advice is about the limit, not the file. */
static void no_process_for_the_program(void **state)
{
    (void)state;
    fault_plan("posix_spawn", 1, true);
    Use use = use_connection(&scenarios[5]);
    assert_int_equal(use.rc, SQLITE_ERROR);
    assert_non_null(strstr(use.message,
                           ": Resource temporarily unavailable; ask for fewer workers, or raise the "
                           "limit on processes and threads"));
    assert_null(strstr(use.message, "install it"));
}

/* Shared memory that the kernel refuses is reported with the kernel's reason, by the host and by workers. */
static void refused_memory(void **state)
{
    (void)state;
    int failed = 0;
    bool more = true;
    fault_errno(EPERM);
    for (int number = 1; more; number++) {
        fault_plan("fallocate", number, true);
        Use use = use_connection(&scenarios[5]);
        more = fault_was_reached();
        failed += use.rc != SQLITE_OK;
        assert_true(use.rc == SQLITE_OK ||
                    (use.rc == SQLITE_ERROR && strstr(use.message, "Operation not permitted")));
    }
    fault_errno(0);
    assert_true(failed >= 3); /* the pool's own memory, a worker's, a task's input */
    char *usual = use_worker(FAULTY_WORKER);
    Use use = use_with_fault(&scenarios[5], "fallocate 1 on");
    use_usual_worker(usual);
    assert_int_equal(use.rc, SQLITE_ERROR);
    assert_non_null(
        strstr(use.message, "no shared memory for the rows of a map: No space left on device (row "));
}

/* ---- SQLite's own memory ---- */

static sqlite3_mem_methods plain_memory;

static void *allocate(int size)
{
    return fault_is_due("sqlite", 0) ? NULL : plain_memory.xMalloc(size);
}

static void *reallocate(void *memory, int size)
{
    return fault_is_due("sqlite", 0) ? NULL : plain_memory.xRealloc(memory, size);
}

static void memory_of_sqlite(void **state)
{
    (void)state;
    int failed = 0, survived = 0;
    for (int s = 0; s < SCENARIOS; s++)
        for (int on = 0; on < 2; on++) {
            bool more = true;
            /* In place is quick: there it is each of them, once. */
            int dense = s == 0 && !on ? CALLS_MAX : 60;
            for (int number = 1; more && number < CALLS_MAX; number = next_number(number, dense)) {
                fault_plan("sqlite", number, on);
                Use use = use_connection(&scenarios[s]);
                more = fault_was_reached();
                failed += use.rc != SQLITE_OK;
                survived += more && use.rc == SQLITE_OK;
                /* Memory of the map's own is an error of the map; the host's is the host's. */
                bool told = (use.rc & 0xff) == SQLITE_NOMEM ||
                            (use.rc == SQLITE_ERROR && strstr(use.message, "out of memory"));
                if (use.rc != SQLITE_OK && !told)
                    print_error("%s over %s, allocation %d: %d: %s\n", scenarios[s].executor,
                                scenarios[s].source, number, use.rc, use.message);
                assert_true(use.rc == SQLITE_OK || told);
            }
        }
    print_message("    %d maps without memory, %d went on all the same\n", failed, survived);
    assert_true(failed > 100);
}

static int make_database(void **state)
{
    char sql[256];
    sqlite3 *db = NULL;
    if (engine_attach(state) != 0)
        return 1;
    snprintf(database, sizeof database, "/tmp/pricemap-map-faults-%d", (int)getpid());
    snprintf(
        sql, sizeof sql,
        "CREATE TABLE t(a); INSERT INTO t WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
        " WHERE i < %d) SELECT i FROM n",
        ROWS);
    int rc = sqlite3_open(database, &db);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_close(db);
    return rc != SQLITE_OK;
}

static int remove_database(void **state)
{
    (void)state;
    return unlink(database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_of_the_host),
        cmocka_unit_test(random_calls_of_the_host),
        cmocka_unit_test(no_threads),
        cmocka_unit_test(calls_of_worker_processes),
        cmocka_unit_test(no_processes),
        cmocka_unit_test(memory_of_sqlite),
        cmocka_unit_test(no_process_for_the_program),
        cmocka_unit_test(refused_memory),
    };
    const char *wanted = getenv("PRICEMAP_FAULTS");
    all_calls = wanted && strcmp(wanted, "all") == 0;
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain_memory);
    sqlite3_mem_methods faulty_memory = plain_memory;
    faulty_memory.xMalloc = allocate;
    faulty_memory.xRealloc = reallocate;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &faulty_memory) != SQLITE_OK)
        return 1;
    leftovers_mark();
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, make_database, remove_database);
}
