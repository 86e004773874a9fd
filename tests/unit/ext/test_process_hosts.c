/*
 * The process executor in hosts of every kind: with odd signals and descriptors, at their limits, forked,
 * killed; and without the program that it needs. Times are upper bounds against hanging, never measurements.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/process_test.h"
#include "tests/support/worker_of.h"

/* ---- hosts ---- */

/* Runs `body` in a process of its own, as a host. Its exit status, or minus the signal that ended it. */
static int in_host(void (*body)(void), pid_t *pid)
{
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        setenv("CMOCKA_TEST_ABORT", "1", 1); /* a failed check must not go on with the other tests in here */
        body();
        _exit(0);
    }
    if (pid) {
        *pid = host;
        return 0;
    }
    int status;
    while (waitpid(host, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* 0 when an executor made and used here does what it should; otherwise a number that says what did not. */
static int use_executor_once(const char *select, int64_t last_value)
{
    char *message = NULL;
    Executor *executor = worker_of(FAKE_WORKER, "");
    if (!executor)
        return 1;
    executor->limits.retries = 2;
    if (executor_ensure_workers(executor, 2, &message) != SQLITE_OK)
        return 2;
    Recipe *recipe = process_test_recipe(select, "", false);
    ProcessOutcome outcome = process_test_drive(executor, recipe, 10, 10, 4, 0);
    recipe_unref(recipe);
    executor_close(executor);
    if (outcome.rc != SQLITE_OK || outcome.rows != 100)
        return 3;
    return last_value >= 0 && outcome.last_value != last_value ? 4 : 0;
}

static void host_ignores_children(void)
{
    signal(SIGCHLD, SIG_IGN);
    int failure = use_executor_once("echo 0 0", 100);
    _exit(failure ? failure : waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? 0 : 10);
}

static void host_blocks_signals(void)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int number = 1; number < 32; number++)
        if (number != SIGKILL && number != SIGSTOP && number != SIGCHLD)
            signal(number, SIG_IGN);
    _exit(use_executor_once("signals 100 0", 0));
}

static void host_has_closed_standard_descriptors(void)
{
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    int failure = use_executor_once("echo 0 0", 100);
    for (int fd = 0; fd < 3 && !failure; fd++)
        failure = fcntl(fd, F_GETFD) >= 0 ? 20 + fd : 0;
    _exit(failure);
}

/* Descriptors that are inherited by whatever the host starts. A worker has one: the shared memory. */
static void host_has_open_descriptors(void)
{
    for (int i = 0; i < 50; i++)
        if (dup(0) < 0)
            _exit(30);
    _exit(use_executor_once("descriptors 100 0", 1));
}

static void do_nothing(int number)
{
    (void)number;
}

static void host_has_an_alarm(void)
{
    struct itimerval often = {.it_interval.tv_usec = 500, .it_value.tv_usec = 500};
    struct sigaction action = {.sa_handler = do_nothing};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    int failure = use_executor_once("echo 0 0", 100);
    if (!failure)
        failure = use_executor_once("big 0 3000000", -1);
    if (!failure)
        failure = use_executor_once("descriptors 100 0", 1);
    _exit(failure);
}

static void host_inherits_orphans(void)
{
    pid_t pids[16];
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int failure = use_executor_once("echo 0 0", 100);
    if (failure)
        _exit(failure);
    Executor *executor = worker_of(FAKE_WORKER, "");
    for (int i = 0; i < 3; i++) {
        char *message = NULL;
        if (executor_ensure_workers(executor, 3, &message) != SQLITE_OK)
            _exit(40);
        process_test_find("pricemap-worker", 3, pids, 16);
        int count = leftovers_find("pricemap-zygote", pids, 16);
        for (int j = 0; j < count; j++)
            kill(pids[j], SIGKILL);
    }
    executor_close(executor);
    _exit(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? 0 : 41);
}

/* The connection goes on in a child that the host forked: the child gets errors, the host its results. */
static void host_forks(void)
{
    char *message = NULL;
    Executor *executor = worker_of(FAKE_WORKER, "");
    executor_hold(executor);
    if (executor_ensure_workers(executor, 2, &message) != SQLITE_OK)
        _exit(50);
    Recipe *recipe = process_test_recipe("sleep 1 300", "", false);
    Task *task = process_test_task(recipe, 1, 10);
    if (executor_submit(executor, task) != SQLITE_OK)
        _exit(51);
    pid_t child = fork();
    if (child == 0) {
        executor_wait(executor, task, 10);
        if (task->done || executor_is_ours(executor) || executor_submit(executor, task) != SQLITE_BUSY)
            _exit(1);
        executor_end_scan(executor, 1);
        executor_let_go(executor);
        executor_abandon(executor, task);
        if (executor_ensure_workers(executor, 2, &message) != SQLITE_MISUSE || !message)
            _exit(2);
        sqlite3_free(message);
        executor_close(executor);
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    if (status)
        _exit(52);
    process_test_wait(executor, task);
    if (task->report.rc != SQLITE_OK || task->report.rows_out != 10 || task->retries)
        _exit(53);
    executor_release(executor, task);
    task_free(task);
    recipe_unref(recipe);
    executor_close(executor);
    _exit(0);
}

/* The zygote is no child of the host, in a session of its own, and has one thread; the workers are its
 * children. */
static void test_kinship(void **state)
{
    ProcessTest *test = *state;
    pid_t zygote, workers[3];
    process_test_ensure(test->executor, 3);
    assert_int_equal(process_test_find("pricemap-worker", 3, workers, 3), 3);
    assert_int_equal(process_test_find("pricemap-zygote", 1, &zygote, 1), 1);
    int parent = leftovers_status(zygote, "PPid:");
    assert_true(parent >= 0 && parent != getpid());
    assert_int_equal(getsid(zygote), zygote);
    assert_int_not_equal(getsid(0), zygote);
    if (!process_test_sanitized)
        assert_int_equal(leftovers_status(zygote, "Threads:"), 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(leftovers_status(workers[i], "PPid:"), zygote);
    process_test_works(test, 3);
}

/* The nice value of a process's session, as the kernel shares processors out by them; -100: it does not. */
static int session_nice(pid_t pid)
{
    char path[40];
    int nice = -100;
    snprintf(path, sizeof path, "/proc/%d/autogroup", (int)pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%*s nice %d", &nice) != 1)
        nice = -100;
    if (file)
        fclose(file);
    return nice;
}

/* Begins a session of this nice value. False where the kernel does not share processors out by session. */
static bool begin_session(const char *nice)
{
    int length = (int)strlen(nice);
    setsid();
    int file = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    /* A process without the right to more reports once in 100 ms. */
    int tries = 0;
    while (write(file, nice, (size_t)length) != length && errno == EAGAIN && tries++ < 1000)
        usleep(1000);
    close(file);
    return session_nice(getpid()) == atoi(nice);
}

/* Workers are in a session of their own, whose nice value is that of the host's session, and are as nice as
   their host. They are started right after the kernel was given a value, by a process without the right to
   give it another one at once. */
static void host_is_nice(void)
{
    char *message = NULL;
    pid_t zygote = 0;
    prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN);
    bool by_session = begin_session("5");
    if (setpriority(PRIO_PROCESS, 0, 7) != 0)
        _exit(80);
    Executor *executor = worker_of(FAKE_WORKER, "");
    if (!executor || executor_ensure_workers(executor, 1, &message) != SQLITE_OK)
        _exit(81);
    if (process_test_find("pricemap-zygote", 1, &zygote, 1) != 1)
        _exit(82);
    if (by_session && session_nice(zygote) != 5)
        _exit(83);
    if (getpriority(PRIO_PROCESS, (id_t)zygote) != 7)
        _exit(84);
    executor_close(executor);
}

/* A host alone in its session may be as nice as can be: its share of the machine is a whole session's, and so
   is that of its workers. */
static void host_is_nice_alone(void)
{
    char *message = NULL;
    pid_t zygote = 0;
    setsid();
    int usual = session_nice(getpid());
    if (setpriority(PRIO_PROCESS, 0, 19) != 0)
        _exit(85);
    Executor *executor = worker_of(FAKE_WORKER, "");
    if (!executor || executor_ensure_workers(executor, 1, &message) != SQLITE_OK)
        _exit(86);
    if (process_test_find("pricemap-zygote", 1, &zygote, 1) != 1 || session_nice(zygote) != usual)
        _exit(87);
    executor_close(executor);
}

static void test_odd_hosts(void **state)
{
    (void)state;
    assert_int_equal(in_host(host_ignores_children, NULL), 0);
    assert_int_equal(in_host(host_blocks_signals, NULL), 0);
    assert_int_equal(in_host(host_has_closed_standard_descriptors, NULL), 0);
    assert_int_equal(in_host(host_has_open_descriptors, NULL), 0);
    assert_int_equal(in_host(host_has_an_alarm, NULL), 0);
    assert_int_equal(in_host(host_inherits_orphans, NULL), 0);
    assert_int_equal(in_host(host_forks, NULL), 0);
    assert_int_equal(in_host(host_is_nice, NULL), 0);
    assert_int_equal(in_host(host_is_nice_alone, NULL), 0);
}

/* A host that is killed while its workers sleep, compute, or are stopped; another has a forked child that
 * lives on. */
static const char *killed_host_select;
static bool killed_host_forks;

static void host_to_be_killed(void)
{
    char *message = NULL;
    Executor *executor = worker_of(FAKE_WORKER, "");
    if (executor_ensure_workers(executor, 2, &message) != SQLITE_OK)
        _exit(60);
    if (killed_host_forks && fork() == 0) {
        prctl(PR_SET_PDEATHSIG, 0);
        unsetenv("PRICEMAP_TEST_MARK");
        sleep(2);
        _exit(0);
    }
    Recipe *recipe = process_test_recipe(killed_host_select, "", false);
    for (;;)
        process_test_drive(executor, recipe, 10, 10, 4, 0);
}

static void test_host_killed(void **state)
{
    (void)state;
    static const char *const selects[] = {"echo 0 0", "sleep 3 30000", "signal 5 19"};
    for (int i = 0; i < 12; i++) {
        pid_t host, pids[8];
        killed_host_select = selects[i % 3];
        killed_host_forks = i % 2;
        in_host(host_to_be_killed, &host);
        for (int tries = 0; leftovers_find("pricemap-worker", pids, 8) < 2 && tries < 3000; tries++)
            usleep(1000);
        assert_int_equal(leftovers_find("pricemap-worker", pids, 8), 2);
        usleep((unsigned)i * 3000);
        kill(host, i < 9 ? SIGKILL : SIGTERM);
        int status;
        assert_int_equal(waitpid(host, &status, 0), host);
        assert_true(WIFSIGNALED(status));
        int left = 1;
        for (int tries = 0; left && tries < 1000; tries++) {
            left = leftovers_find("pricemap-worker", pids, 8) + leftovers_find("pricemap-zygote", pids, 8);
            usleep(1000);
        }
        assert_int_equal(left, 0);
    }
}

/* ---- beginnings that fail ---- */

static void check_no_start(const char *path, const char *text)
{
    char *message = NULL;
    Executor *executor = worker_of(path, "");
    assert_non_null(executor);
    assert_int_equal(executor_ensure_workers(executor, 2, &message), SQLITE_ERROR);
    assert_non_null(message);
    process_test_contains(message, "parallel_map: ");
    process_test_contains(message, text);
    assert_int_equal(executor->workers, 0);
    sqlite3_free(message);
    executor_close(executor);
}

static void test_no_worker_program(void **state)
{
    ProcessTest *test = *state;
    check_no_start("/nonexistent/pricemap-worker",
                   "/nonexistent/pricemap-worker: No such file or directory: install it");
    check_no_start(test->folder, "Permission denied");
    check_no_start("/etc/passwd", "/etc/passwd: Permission denied");
    check_no_start("/bin/true", "/bin/true ended before it answered: is it pricemap-worker?");
    check_no_start(OTHER_WORKER, "pricemap-worker is version 9.9.9 and pricemap " PRICEMAP_VERSION
                                 ": install both from one build, or set PRICEMAP_WORKER");
}

static void host_at_its_descriptor_limit(void)
{
    int failures = 0, successes = 0;
    for (rlim_t limit = 3; limit < 24; limit++) {
        char *message = NULL;
        struct rlimit few = {.rlim_cur = limit, .rlim_max = 1024};
        setrlimit(RLIMIT_NOFILE, &few);
        Executor *executor = worker_of(FAKE_WORKER, "");
        int rc = executor_ensure_workers(executor, 3, &message);
        if (rc == SQLITE_OK) {
            Recipe *recipe = process_test_recipe("echo 0 0", "", false);
            ProcessOutcome outcome = process_test_drive(executor, recipe, 10, 10, 4, 0);
            recipe_unref(recipe);
            if (outcome.rc != SQLITE_OK || outcome.rows != 100)
                _exit(70);
            successes++;
        } else {
            if (!message || strncmp(message, "parallel_map: ", 14) != 0)
                _exit(71);
            failures++;
        }
        sqlite3_free(message);
        executor_close(executor);
    }
    _exit(failures && successes ? 0 : 72);
}

static void host_with_small_files(void)
{
    char *message = NULL;
    struct rlimit small = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    setrlimit(RLIMIT_FSIZE, &small);
    Executor *executor = worker_of(FAKE_WORKER, "");
    int rc = executor_ensure_workers(executor, 3, &message);
    bool said = message && strstr(message, "ulimit -f");
    sqlite3_free(message);
    executor_close(executor);
    _exit(rc == SQLITE_ERROR && said ? 0 : 73);
}

static void host_without_processes(void)
{
    char *message = NULL;
    struct rlimit none = {.rlim_cur = 1, .rlim_max = 1};
    if (setresuid(65534, 65534, 65534) != 0 || setrlimit(RLIMIT_NPROC, &none) != 0)
        _exit(0); /* only root can become a user with so few processes */
    Executor *executor = worker_of(FAKE_WORKER, "");
    int rc = executor_ensure_workers(executor, 3, &message);
    bool said =
        message && (strstr(message, "Resource temporarily unavailable") || strstr(message, "Permission"));
    sqlite3_free(message);
    executor_close(executor);
    _exit(rc == SQLITE_ERROR && said ? 0 : 74);
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(in_host(host_at_its_descriptor_limit, NULL), 0);
    assert_int_equal(in_host(host_with_small_files, NULL), 0);
    assert_int_equal(in_host(host_without_processes, NULL), 0);
}

/* With an argument: only the tests whose names match it. */
int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, process_test_setup, process_test_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_kinship),           CASE(test_odd_hosts), CASE(test_host_killed),
        CASE(test_no_worker_program), CASE(test_limits),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, process_test_attach, NULL);
}
