/* Builds of SQLite that leave parts of it out: pricemap maps in each, by every executor, and an interrupt
 * stops a map; or it refuses to be loaded, and says what is lacking.
 *
 * Each build is tried in a process of its own, as an extension learns its SQLite once. reduced_sqlite.c gives
 * what a build gives. */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "executor_list.h"
#include "tests/support/leftovers.h"
#include "reduced_sqlite.h"

/* The host of these tests calls the real SQLite. */
#undef sqlite3_close
#undef sqlite3_column_text
#undef sqlite3_errmsg
#undef sqlite3_exec
#undef sqlite3_finalize
#undef sqlite3_free
#undef sqlite3_interrupt
#undef sqlite3_libversion_number
#undef sqlite3_mprintf
#undef sqlite3_open
#undef sqlite3_prepare_v2
#undef sqlite3_step

enum {
    HANG_SECONDS = 100,         /* after which only a hang has not ended */
    INTERRUPT_EVERY_US = 20000, /* a statement that has not begun yet does not notice one */
};

static const char *const executors[] = {EXECUTOR_STRINGS, "auto"};

enum { EXECUTORS = sizeof executors / sizeof *executors };

/* In a child there is no test to fail: it says what is wrong, and ends. */
__attribute__((format(printf, 1, 2), noreturn)) static void give_up(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    _exit(1);
}

typedef int (*EntryPoint)(sqlite3 *, char **, const sqlite3_api_routines *);

static void find(void *library, const char *name, void *function, size_t size)
{
    void *symbol = library ? dlsym(library, name) : NULL;
    if (!symbol)
        give_up("%s: %s", name, dlerror());
    memcpy(function, &symbol, size);
}

/* Loads pricemap into the connection of a host with the build. SQLITE_OK, or the error with its message. */
static int load(sqlite3 *db, char **message)
{
    const sqlite3_api_routines *(*table)(void);
    EntryPoint entry;
    find(dlopen(REDUCED_SQLITE, RTLD_NOW | RTLD_LOCAL), "reduced_table", &table, sizeof table);
    find(dlopen(getenv("PRICEMAP_EXTENSION"), RTLD_NOW | RTLD_LOCAL), "sqlite3_pricemap_init", &entry,
         sizeof entry);
    return entry(db, message, table());
}

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        give_up("%s\n    %s", sql, sqlite3_errmsg(db));
}

/* The only value of a statement, which is freed here; NULL and the message are printed on an error. */
static void expect(sqlite3 *db, char *sql, const char *expected)
{
    sqlite3_stmt *statement = NULL;
    const char *got = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        got = (const char *)sqlite3_column_text(statement, 0);
    if (!got || strcmp(got, expected) != 0)
        give_up("%s\n    gives %s, expected %s: %s", sql, got ? got : "nothing", expected,
                sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    sqlite3_free(sql);
}

/* ---- interrupts ---- */

typedef struct Interrupting {
    sqlite3 *db;
    atomic_bool over;
} Interrupting;

static void *interrupt(void *arg)
{
    Interrupting *interrupting = arg;
    while (!atomic_load(&interrupting->over)) {
        usleep(INTERRUPT_EVERY_US);
        sqlite3_interrupt(interrupting->db);
    }
    return NULL;
}

/* The map runs for hours unless it is interrupted. */
static void expect_interrupt(sqlite3 *db, const char *executor, const char *map)
{
    Interrupting interrupting = {.db = db};
    pthread_t thread;
    char *sql =
        sqlite3_mprintf("SELECT sum(value) FROM parallel_map('SELECT a.id FROM t a, t b', %Q, %Q, 2, %d)",
                        map, executor, 100000);
    if (pthread_create(&thread, NULL, interrupt, &interrupting) != 0)
        give_up("no thread");
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    atomic_store(&interrupting.over, true);
    pthread_join(thread, NULL);
    if (rc != SQLITE_INTERRUPT)
        give_up("%s\n    ended with %d and not by the interrupt: %s", sql, rc, sqlite3_errmsg(db));
    sqlite3_free(sql);
}

/* ---- maps ---- */

static void make_table(sqlite3 *db)
{
    run(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, s TEXT);"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
            "  INSERT INTO t SELECT i, 'row ' || i FROM n");
}

static void expect_rows(sqlite3 *db, const char *executor)
{
    expect(
        db,
        sqlite3_mprintf("SELECT sum(value) FROM parallel_map('SELECT id FROM t', 'id * 2', %Q, 2)", executor),
        "9003000");
    expect(db,
           sqlite3_mprintf(
               "SELECT group_concat(value) FROM parallel_map('SELECT s FROM t LIMIT 3', 's || ''!''', %Q, 2)",
               executor),
           "row 1!,row 2!,row 3!");
    /* The workers read the file. */
    run(db, "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (id, increase_price(id) AS p), "
            "where = (id > 1000))");
    expect(db, sqlite3_mprintf("SELECT count(*) || ' ' || sum(p > id) FROM m"), "2000 2000");
    run(db, "DROP TABLE m; CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, partial = 1,"
            "  map = (sum(id) AS s, count(*) AS n))");
    expect(db, sqlite3_mprintf("SELECT sum(s) || ' ' || sum(n) FROM m"), "4501500 3000");
    run(db, "DROP TABLE m");
}

/* Whether a map that is evaluated on the host's own thread can be stopped within a row. */
static bool stops_within_rows(const char *option, const char *executor)
{
    return strcmp(option, "OMIT_PROGRESS_CALLBACK") != 0 || sqlite3_libversion_number() >= 3041000 ||
           !strcmp(executor, "processes") || !strcmp(executor, "threads");
}

static void expect_executor(sqlite3 *db, const char *option, const char *executor)
{
    char *config = sqlite3_mprintf(
        "SELECT parallel_map_config('executor', %Q), parallel_map_config('workers', 2)", executor);
    run(db, config);
    sqlite3_free(config);
    expect_rows(db, executor);
    /* A million rows, in chunks of many; one row that never ends; a function of pricemap's. */
    expect_interrupt(db, executor, "length(replace(hex(zeroblob(id + 40000)), '0', '12'))");
    expect_interrupt(db, executor, "increase_price_crazy(id, 10, 1000000000)");
    if (stops_within_rows(option, executor))
        expect_interrupt(db, executor,
                         "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) "
                         "FROM n WHERE i < id)");
    expect_rows(db, executor);
}

/* What a host with the build sees; in a process of its own. */
static void use_build(const char *option, const char *refusal, const char *path)
{
    sqlite3 *db;
    char *message = NULL;
    setenv("PRICEMAP_TEST_BUILD", option, 1);
    alarm(HANG_SECONDS);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        give_up("%s: %s", path, sqlite3_errmsg(db));
    make_table(db);
    int rc = load(db, &message);
    if (refusal ? rc != SQLITE_ERROR || !message || strcmp(message, refusal) != 0 : rc != SQLITE_OK)
        give_up("the load gives %d: %s", rc, message ? message : "no message");
    for (int i = 0; !refusal && i < EXECUTORS; i++) {
        if (!strcmp(option, "THREADSAFE=0") && !strcmp(executors[i], "threads"))
            continue;
        expect_executor(db, option, executors[i]);
    }
    sqlite3_free(message);
    if (sqlite3_close(db) != SQLITE_OK)
        give_up("the connection does not close");
}

static void expect_build(const char *option, const char *refusal)
{
    Leftovers before = leftovers_look();
    char folder[] = "/tmp/pricemap-builds-XXXXXX", path[64];
    int status = -1;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/t.db", folder);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        use_build(option, refusal, path);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    unlink(path);
    rmdir(folder);
    if (WIFSIGNALED(status))
        fail_msg("SQLITE_%s: the host was ended by signal %d", option, WTERMSIG(status));
    if (status)
        fail_msg("SQLITE_%s: see above", option);
    leftovers_check(&before);
}

static void builds_that_map(void **state)
{
    expect_build(*state, NULL);
}

static void builds_that_lack_too_much(void **state)
{
    (void)state;
    expect_build("OMIT_VIRTUALTABLE",
                 "pricemap: this SQLite was built with SQLITE_OMIT_VIRTUALTABLE: it lacks virtual "
                 "tables, of which parallel_map is one");
    expect_build("OMIT_AUTHORIZATION", "pricemap: this SQLite was built with SQLITE_OMIT_AUTHORIZATION: it "
                                       "lacks the authorizer, which keeps "
                                       "a map from reading and writing anything but its source");
    expect_build("OMIT_EXPLAIN",
                 "pricemap: this SQLite was built with SQLITE_OMIT_EXPLAIN: it lacks EXPLAIN, which "
                 "shows what a map would do");
    expect_build("OMIT_INTROSPECTION_PRAGMAS",
                 "pricemap: this SQLite was built with SQLITE_OMIT_INTROSPECTION_PRAGMAS: it lacks PRAGMA "
                 "function_list, which marks the functions that are SQLite's own");
}

/* SQLITE_OMIT_LOAD_EXTENSION gives an extension that is linked in no table at all. */
static void a_build_without_a_table(void **state)
{
    (void)state;
    EntryPoint entry;
    sqlite3 *db;
    char *message = NULL;
    void *library = dlopen(getenv("PRICEMAP_EXTENSION"), RTLD_NOW | RTLD_LOCAL);
    find(library, "sqlite3_pricemap_init", &entry, sizeof entry);
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(entry(db, &message, NULL), SQLITE_ERROR);
    assert_null(message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    dlclose(library);
}

#define BUILD(option)                                                                                        \
    {                                                                                                        \
        option, builds_that_map, NULL, NULL, (void *)(uintptr_t)option                                       \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUILD(""),
        BUILD("OMIT_PROGRESS_CALLBACK"),
        BUILD("OMIT_AUTOINIT"),
        BUILD("OMIT_UTF16"),
        BUILD("OMIT_COMPILEOPTION_DIAGS"),
        BUILD("THREADSAFE=0"),
        BUILD("DEBUG"),
        BUILD("OMIT_TRACE"),
        BUILD("OMIT_DECLTYPE"),
        BUILD("OMIT_INCRBLOB"),
        BUILD("OMIT_DEPRECATED"),
        BUILD("OMIT_SHARED_CACHE"),
        BUILD("OMIT_GET_TABLE"),
        BUILD("OMIT_COMPLETE"),
        cmocka_unit_test(builds_that_lack_too_much),
        cmocka_unit_test(a_build_without_a_table),
    };
    leftovers_mark();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
