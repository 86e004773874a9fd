/* Maps in hosts of every kind: with signals ignored or blocked, without standard descriptors, without any
 * descriptor left, with an SQLite without threads, on one processor; and hosts that end in every way, at any
 * moment: nothing of ours outlives them.
 *
 * Each host is this program again, run anew: sql_test_map_host HOST EXECUTOR FOLDER [HOW]. It exits with 0,
 * or with a number and a line on stderr that says what was wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/crash_test.h"

enum { ROWS = 100, GONE_SECONDS = 10 /* what "a second later" may take on a busy machine */ };

/* ---- being a host: no cmocka from here on ---- */

typedef struct Host {
    const char *executor, *folder, *how;
    sqlite3 *db;
} Host;

__attribute__((format(printf, 3, 4), noreturn)) static void leave(int status, const Host *host,
                                                                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "host with %s %s: ", host->executor, host->how);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    _exit(status);
}

static bool is(const Host *host, const char *executor)
{
    return strcmp(host->executor, executor) == 0;
}

static void run(const Host *host, const char *sql)
{
    if (sqlite3_exec(host->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        leave(90, host, "%s: %s", sql, sqlite3_errmsg(host->db));
}

static void open_connection(Host *host)
{
    char *message = NULL, sql[512];
    if (sqlite3_open(":memory:", &host->db) != SQLITE_OK)
        leave(91, host, "no connection");
    sqlite3_db_config(host->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)NULL);
    if (sqlite3_load_extension(host->db, getenv("PRICEMAP_EXTENSION"), NULL, &message) != SQLITE_OK)
        leave(92, host, "%s", message);
    snprintf(sql, sizeof sql,
             "SELECT parallel_map_config('executor', '%s'), parallel_map_config('workers', %d),"
             " parallel_map_config('chunk', 10)",
             host->executor, MAP_TEST_WORKERS);
    run(host, sql);
    snprintf(sql, sizeof sql, "SELECT parallel_map_load('%s')", CRASH_EXTENSION);
    run(host, sql);
    snprintf(sql, sizeof sql,
             "CREATE TABLE t(a); INSERT INTO t WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM"
             " n WHERE i < %d) SELECT i FROM n",
             ROWS);
    run(host, sql);
}

/* The only value of a query; the error, if there is one, ends the host. */
static sqlite3_int64 value(const Host *host, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(host->db, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        leave(93, host, "%s: %s", sql, sqlite3_errmsg(host->db));
    sqlite3_int64 number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

#define SUM "SELECT sum(value) FROM parallel_map('t', 'a * 2')"

static void expect_right(const Host *host)
{
    if (value(host, SUM) != ROWS * (ROWS + 1))
        leave(94, host, "wrong rows");
}

static void close_connection(Host *host)
{
    if (sqlite3_close(host->db) != SQLITE_OK)
        leave(95, host, "the connection does not close");
    host->db = NULL;
}

static void ignores_children(Host *host)
{
    signal(SIGCHLD, SIG_IGN);
    open_connection(host);
    expect_right(host);
    expect_right(host);
    close_connection(host);
    if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
        leave(1, host, "there is a child");
}

static void waits_for_any_child(Host *host)
{
    open_connection(host);
    expect_right(host);
    if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
        leave(1, host, "a host that waits for its children meets ours");
    expect_right(host);
    close_connection(host);
}

static void blocks_signals(Host *host)
{
    sigset_t all, now;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int number = 1; number < 32; number++)
        if (number != SIGKILL && number != SIGSTOP && number != SIGCHLD)
            signal(number, SIG_IGN);
    open_connection(host);
    expect_right(host);
    if (is(host, "processes") &&
        value(host, "SELECT max(value) FROM parallel_map('t', 'misbehave(0, ''signals'', 0)')") != 0)
        leave(1, host, "workers have blocked or ignored signals");
    close_connection(host);
    sigprocmask(SIG_BLOCK, NULL, &now);
    for (int number = 1; number < 32; number++)
        if (number != SIGKILL && number != SIGSTOP && !sigismember(&now, number))
            leave(2, host, "signal %d is not blocked any more", number);
}

static void has_no_standard_descriptors(Host *host)
{
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    open_connection(host);
    expect_right(host);
    close_connection(host);
    /* SQLite puts /dev/null there, so that no database gets such a number. */
    for (int fd = 0; fd < 3; fd++) {
        char path[64], target[64] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (readlink(path, target, sizeof target - 1) > 0 && strcmp(target, "/dev/null") != 0)
            _exit(1 + fd);
    }
}

/* Descriptors that whatever the host starts inherits. A worker has one of its own: the shared memory. */
static void has_open_descriptors(Host *host)
{
    for (int i = 0; i < 50; i++)
        if (dup(2) < 0)
            leave(1, host, "dup");
    open_connection(host);
    if (is(host, "processes") &&
        value(host, "SELECT max(value) FROM parallel_map('t', 'misbehave(0, ''descriptors'', 0)')") != 1)
        leave(2, host, "workers have descriptors of the host's");
    expect_right(host);
    close_connection(host);
}

static void is_at_its_descriptor_limit(Host *host)
{
    int right = 0, refused = 0;
    for (rlim_t limit = 3; limit < 30; limit++) {
        struct rlimit all, few;
        getrlimit(RLIMIT_NOFILE, &all);
        few = (struct rlimit){.rlim_cur = limit, .rlim_max = all.rlim_max};
        open_connection(host);
        setrlimit(RLIMIT_NOFILE, &few);
        sqlite3_stmt *statement = NULL;
        int rc = sqlite3_prepare_v2(host->db, SUM, -1, &statement, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW && sqlite3_column_int(statement, 0) != ROWS * (ROWS + 1))
            leave(1, host, "wrong rows");
        if (rc != SQLITE_ROW && strncmp(sqlite3_errmsg(host->db), "parallel_map: ", 14) != 0)
            leave(2, host, "%s", sqlite3_errmsg(host->db));
        right += rc == SQLITE_ROW;
        refused += rc != SQLITE_ROW;
        sqlite3_finalize(statement);
        setrlimit(RLIMIT_NOFILE, &all);
        expect_right(host);
        close_connection(host);
    }
    if (!right || (!refused && is(host, "processes")))
        leave(3, host, "%d right, %d refused", right, refused);
}

/* The connection goes on in a child that the host forked: the workers are not the child's. */
static void forks(Host *host)
{
    int status = -1;
    open_connection(host);
    expect_right(host);
    pid_t child = fork();
    if (child == 0) {
        bool has_none = is(host, "threads") || is(host, "processes");
        int rc = sqlite3_exec(host->db, SUM, NULL, NULL, NULL);
        if (rc != (has_none ? SQLITE_MISUSE : SQLITE_OK))
            leave(1, host, "%d in the child: %s", rc, sqlite3_errmsg(host->db));
        if (has_none && !strstr(sqlite3_errmsg(host->db), "was opened before this process was forked"))
            leave(2, host, "%s", sqlite3_errmsg(host->db));
        close_connection(host);
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child || status)
        leave(3, host, "the child ended with 0x%x", status);
    expect_right(host);
    close_connection(host);
}

/* The same between two rows of a map: what the child does with its copy is nothing to the original's. */
static void forks_in_a_map(Host *host)
{
    sqlite3_stmt *statement = NULL;
    int status = -1;
    sqlite3_int64 sum = 0;
    open_connection(host);
    if (sqlite3_prepare_v2(host->db, "SELECT value FROM parallel_map('t', 'a * 2')", -1, &statement, NULL) !=
            SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        leave(1, host, "%s", sqlite3_errmsg(host->db));
    sum += sqlite3_column_int64(statement, 0);
    usleep(
        50000); /* then all workers sleep: what SQLite's own locks were in a forked copy is not our matter */
    pid_t child = fork();
    if (child == 0) {
        int rc;
        alarm(60);
        while (strcmp(host->how, "read") == 0 && (rc = sqlite3_step(statement)) != SQLITE_DONE) {
            if (rc == SQLITE_ROW)
                continue;
            if (rc != SQLITE_MISUSE ||
                !strstr(sqlite3_errmsg(host->db), "was forked while the map ran; only the original goes on"))
                leave(2, host, "%d in the child: %s", rc, sqlite3_errmsg(host->db));
            if (is(host, "serial"))
                leave(3, host, "serial needs nobody else");
            break;
        }
        sqlite3_finalize(statement);
        close_connection(host);
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child || status)
        leave(4, host, "the child ended with 0x%x", status);
    while (sqlite3_step(statement) == SQLITE_ROW)
        sum += sqlite3_column_int64(statement, 0);
    if (sqlite3_finalize(statement) != SQLITE_OK || sum != ROWS * (ROWS + 1))
        leave(5, host, "%lld: %s", (long long)sum, sqlite3_errmsg(host->db));
    expect_right(host);
    close_connection(host);
}

static void has_sqlite_without_threads(Host *host)
{
    if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK)
        leave(1, host, "cannot be configured");
    open_connection(host);
    int before = leftovers_status(getpid(), "Threads:");
    if (is(host, "threads")) {
        if (sqlite3_exec(host->db, SUM, NULL, NULL, NULL) != SQLITE_ERROR ||
            strcmp(sqlite3_errmsg(host->db), "parallel_map: this SQLite was built without threads: use "
                                             "executor = processes") != 0)
            leave(2, host, "%s", sqlite3_errmsg(host->db));
    } else {
        expect_right(host);
        run(host, "SELECT parallel_map_config('chunk', NULL)");
        if (value(host, "SELECT count(*) FROM parallel_map('t', 'increase_price_crazy(a)')") != ROWS ||
            value(host, "SELECT count(*) FROM parallel_map_runs WHERE executor = 'threads'") != 0)
            leave(3, host, "threads were used");
    }
    if (leftovers_status(getpid(), "Threads:") != before)
        leave(4, host, "there are threads");
    close_connection(host);
}

static void has_one_processor(Host *host)
{
    cpu_set_t all, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        leave(1, host, "no affinity");
    for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    sched_setaffinity(0, sizeof one, &one);
    open_connection(host);
    run(host, "SELECT parallel_map_config('workers', NULL)");
    expect_right(host);
    if (value(host, "SELECT workers FROM parallel_map_runs ORDER BY run DESC LIMIT 1") != 1)
        leave(2, host, "more than one worker");
    close_connection(host);
}

/* What is missing is said where processes were requested, and of no account elsewhere. */
static void has_no_worker_program(Host *host)
{
    open_connection(host);
    if (is(host, "processes")) {
        if (sqlite3_exec(host->db, SUM, NULL, NULL, NULL) != SQLITE_ERROR ||
            !strstr(sqlite3_errmsg(host->db), host->how))
            leave(1, host, "%s", sqlite3_errmsg(host->db));
        run(host, "SELECT sum(value) FROM parallel_map('t', 'a * 2', 'threads')");
    } else {
        expect_right(host);
    }
    close_connection(host);
}

/* The same without threads: auto has nothing left but to go on in place. */
static void has_neither(Host *host)
{
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    open_connection(host);
    run(host, "SELECT parallel_map_config('chunk', NULL)");
    for (int i = 0; i < 3; i++)
        if (value(host, "SELECT count(*) FROM parallel_map('t', 'increase_price_crazy(a)')") != ROWS)
            leave(1, host, "wrong rows");
    if (value(host, "SELECT count(*) FROM parallel_map_runs WHERE executor <> 'serial'") != 0)
        leave(2, host, "who did that?");
    close_connection(host);
}

/* ---- ends ---- */

/* A child that the host forked, and that lives on with all that it inherited. */
static void fork_child(const Host *host)
{
    char path[256];
    pid_t child = fork();
    if (child == 0) {
        sleep(60);
        _exit(0);
    }
    snprintf(path, sizeof path, "%s/child", host->folder);
    FILE *file = fopen(path, "we");
    if (!file || fprintf(file, "%d\n", (int)child) < 0 || fclose(file) != 0)
        leave(1, host, "cannot tell of the child");
}

static void end(const char *how)
{
    if (strncmp(how, "exit", 4) == 0)
        exit(0);
    if (strncmp(how, "_exit", 5) == 0)
        _exit(0);
    if (strncmp(how, "abort", 5) == 0)
        abort();
    raise(SIGKILL);
}

static bool has_child(const Host *host)
{
    return strstr(host->how, "child") != NULL;
}

static void ends_idle(Host *host)
{
    open_connection(host);
    expect_right(host);
    if (has_child(host))
        fork_child(host);
    end(host->how);
}

/* Ends the host once a worker has begun. */
static void *end_in_the_middle(void *arg)
{
    const Host *host = arg;
    char path[256];
    snprintf(path, sizeof path, "%s/begun", host->folder);
    while (access(path, F_OK) != 0)
        usleep(1000);
    end(host->how);
    return NULL;
}

static void ends_in_a_chunk(Host *host)
{
    pthread_t thread;
    char sql[512];
    open_connection(host);
    if (has_child(host)) {
        expect_right(host);
        fork_child(host);
    }
    if (pthread_create(&thread, NULL, end_in_the_middle, host) != 0)
        leave(1, host, "no thread");
    /* Some of the workers do not even notice that they are to stop. */
    snprintf(sql, sizeof sql,
             "SELECT sum(value) FROM parallel_map('t', 'CASE WHEN note_process(''%s/begun'') THEN"
             " misbehave(increase_price_crazy(a, 10, 1000000000), ''hang'', 30000) END')",
             host->folder);
    run(host, sql);
    leave(2, host, "the map has ended");
}

static const struct {
    const char *name;
    void (*be)(Host *host);
} hosts[] = {
    {"ignores_children", ignores_children},
    {"waits_for_any_child", waits_for_any_child},
    {"blocks_signals", blocks_signals},
    {"has_no_standard_descriptors", has_no_standard_descriptors},
    {"forks", forks},
    {"forks_in_a_map", forks_in_a_map},
    {"has_open_descriptors", has_open_descriptors},
    {"is_at_its_descriptor_limit", is_at_its_descriptor_limit},
    {"has_sqlite_without_threads", has_sqlite_without_threads},
    {"has_one_processor", has_one_processor},
    {"has_no_worker_program", has_no_worker_program},
    {"has_neither", has_neither},
    {"ends_idle", ends_idle},
    {"ends_in_a_chunk", ends_in_a_chunk},
};

static int be_host(int argc, char **argv)
{
    Host host = {.executor = argv[2], .folder = argv[3], .how = argc > 4 ? argv[4] : ""};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (strcmp(hosts[i].name, argv[1]) == 0) {
            hosts[i].be(&host);
            return 0;
        }
    return 99;
}

/* ---- the tests ---- */

/* Runs a host to its end. Its status as from waitpid. */
static int status_of_host(const MapTest *test, const char *name, const char *how)
{
    char executor[16], folder[64];
    snprintf(executor, sizeof executor, "%s", test->executor);
    snprintf(folder, sizeof folder, "%s", test->folder);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execl("/proc/self/exe", "sql_test_map_host", name, executor, folder, how, (char *)NULL);
        _exit(98);
    }
    int status;
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return status;
}

static void expect_host(const MapTest *test, const char *name, const char *how)
{
    int status = status_of_host(test, name, how);
    if (status)
        print_error("host %s ended with status 0x%x\n", name, status);
    assert_int_equal(status, 0);
}

static void signals_and_children(void **state)
{
    expect_host(*state, "ignores_children", "");
    expect_host(*state, "waits_for_any_child", "");
    expect_host(*state, "blocks_signals", "");
    expect_host(*state, "forks", "");
    expect_host(*state, "forks_in_a_map", "read");
    expect_host(*state, "forks_in_a_map", "end");
}

static void descriptors(void **state)
{
    expect_host(*state, "has_no_standard_descriptors", "");
    expect_host(*state, "has_open_descriptors", "");
    expect_host(*state, "is_at_its_descriptor_limit", "");
}

static void sqlite_without_threads(void **state)
{
    expect_host(*state, "has_sqlite_without_threads", "");
}

static void one_processor(void **state)
{
    expect_host(*state, "has_one_processor", "");
}

static void no_worker_program(void **state)
{
    static const struct {
        const char *path, *message;
    } wrong[] = {
        {"/nonexistent/worker",
         "cannot start the program of the worker processes, /nonexistent/worker: No such"},
        {"/etc/passwd", "/etc/passwd: Permission denied"},
        {"/bin/true", "/bin/true ended before it answered: is it pricemap-worker?"},
        {OTHER_WORKER, "pricemap-worker is version 9.9.9 and pricemap"},
    };
    const char *usual = getenv("PRICEMAP_WORKER");
    char *copy = usual ? strdup(usual) : NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(setenv("PRICEMAP_WORKER", wrong[i].path, 1), 0);
        expect_host(*state, "has_no_worker_program", wrong[i].message);
    }
    if (strcmp(((MapTest *)*state)->executor, "auto") == 0)
        expect_host(*state, "has_neither", "");
    if (copy)
        setenv("PRICEMAP_WORKER", copy, 1);
    free(copy);
}

/* Whether none of our processes is left, some time after the host's end. */
static bool all_gone(void)
{
    pid_t pids[8];
    for (sqlite3_int64 start = map_test_milliseconds();
         map_test_milliseconds() - start < GONE_SECONDS * 1000;) {
        if (!leftovers_find("pricemap-worker", pids, 8) && !leftovers_find("pricemap-zygote", pids, 8))
            return true;
        usleep(1000);
    }
    return false;
}

static void end_the_child(const MapTest *test)
{
    char *path = map_test_path(test, "child");
    FILE *file = fopen(path, "re");
    int child = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &child), 1);
    fclose(file);
    assert_true(child > 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    unlink(path);
    sqlite3_free(path);
}

static void hosts_that_end(void **state)
{
    const MapTest *test = *state;
    static const char *const ways[] = {
        "exit",           "_exit",           "abort",           "SIGKILL",
        "exit and child", "_exit and child", "abort and child", "SIGKILL and child"};
    struct rlimit none = {0, 0}, core;
    getrlimit(RLIMIT_CORE, &core);
    none.rlim_max = core.rlim_max;
    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        for (int busy = 0; busy < 2; busy++) {
            int status = status_of_host(test, busy ? "ends_in_a_chunk" : "ends_idle", ways[i]);
            if (strstr(ways[i], "exit"))
                assert_int_equal(status, 0);
            else
                assert_int_equal(WTERMSIG(status), strstr(ways[i], "abort") ? SIGABRT : SIGKILL);
            assert_true(all_gone());
            if (strstr(ways[i], "child"))
                end_the_child(test);
            crash_test_forget(test, "begun");
        }
    setrlimit(RLIMIT_CORE, &core);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST_EACH(signals_and_children),   MAP_TEST_EACH(descriptors),
        MAP_TEST_EACH(sqlite_without_threads), MAP_TEST_EACH(one_processor),
        MAP_TEST_EACH(no_worker_program),      MAP_TEST_EACH(hosts_that_end),
    };
    if (argc > 3)
        return be_host(argc, argv);
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
