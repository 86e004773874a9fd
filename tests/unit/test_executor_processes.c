/*
 * The process executor with real processes whose chunk runner misbehaves on demand (fake_runner.c). Every
 * test ends with the same closing checks. Times are upper bounds against hanging, never measurements.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "executor.h"
#include "leftovers.h"
#include "rowset.h"
#include "worker_program.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static const int64_t hang_ns = 60 * INT64_C(1000000000);

typedef struct Fixture {
    Leftovers before;
    Executor *executor;
    char folder[64]; /* a fresh one, for what the runners leave behind */
    char log[96];
} Fixture;

typedef struct Outcome {
    int rc;
    char message[TASK_MESSAGE_SIZE];
    int64_t rows; /* that came */
    int64_t last_value;
    int64_t bytes;  /* of their texts */
    bool as_serial; /* each in its order and with its value, as far as it is the row's own */
    uint32_t retries;
} Outcome;

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static Executor *create(const char *path)
{
    char *library = spawn_sqlite_path();
    assert_non_null(library);
    Executor *executor = executor_processes_create(path, library);
    free(library);
    assert_non_null(executor);
    executor->limits.retries = 2;
    return executor;
}

static int setup(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    strcpy(fixture->folder, "/tmp/pricemap-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->log, sizeof fixture->log, "%s/log", fixture->folder);
    fixture->before = leftovers_look();
    fixture->executor = create(FAKE_WORKER);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    Fixture *fixture = *state;
    char path[128];
    executor_close(fixture->executor);
    leftovers_check(&fixture->before);
    unlink(fixture->log);
    snprintf(path, sizeof path, "%s.once", fixture->log);
    unlink(path);
    assert_int_equal(rmdir(fixture->folder), 0);
    free(fixture);
    return 0;
}

static void ensure(Executor *executor, int workers)
{
    char *message = NULL;
    int rc = executor_ensure_workers(executor, workers, &message);
    if (message)
        print_error("%s\n", message);
    assert_int_equal(rc, SQLITE_OK);
    assert_null(message);
    assert_true(executor->workers >= workers);
}

static Recipe *make_recipe(const char *select, const char *file, bool partial)
{
    int limits[RECIPE_LIMITS] = {0};
    RecipeParts parts = {.encoding = SQLITE_UTF8,
                         .flags = partial ? RECIPE_PARTIAL : 0,
                         .limits = limits,
                         .declaration = file,
                         .select = select};
    Recipe *recipe = recipe_build(&parts);
    assert_non_null(recipe);
    return recipe;
}

/* A task of `rows` rows whose values are their positions. */
static Task *make_task(const Recipe *recipe, uint64_t position, uint32_t rows)
{
    Task *task = task_create(recipe);
    RowsetWriter writer;
    assert_non_null(task);
    assert_int_equal(rowset_begin(&writer, &task->input, 1, rows), SQLITE_OK);
    for (uint32_t i = 0; i < rows; i++) {
        rowset_set_integer(&writer, 0, (int64_t)(position + i));
        rowset_end_row(&writer);
    }
    rowset_finish(&writer);
    task->order = (TaskOrder){.position = position, .end_row = rows};
    return task;
}

static void wait_done(Executor *executor, Task *task)
{
    int64_t end = clock_ns() + hang_ns;
    while (!task->done) {
        executor_wait(executor, task, 50);
        assert_true(clock_ns() < end);
    }
}

static void count_rows(const Task *task, Outcome *outcome)
{
    RowsetView rows;
    RowsetValue value = {.type = SQLITE_NULL};
    if (!task->report.rows_out)
        return;
    if (!rowset_open(&rows, task->output, task->output_size) || rows.rows != task->report.rows_out) {
        outcome->rc = SQLITE_CORRUPT;
        return;
    }
    for (uint32_t i = 0; i < rows.rows; i++) {
        if (!rowset_get(&rows, i, 0, &value)) {
            outcome->rc = SQLITE_CORRUPT;
            return;
        }
        outcome->rows++;
        if (value.type == SQLITE_INTEGER) {
            outcome->last_value = value.integer;
            outcome->as_serial = outcome->as_serial && value.integer == outcome->rows;
        } else if (value.type == SQLITE_TEXT) {
            outcome->bytes += value.size;
            const char *text = value.bytes;
            char wanted = (char)('a' + outcome->rows % 26);
            outcome->as_serial =
                outcome->as_serial && (!value.size || (text[0] == wanted && text[value.size - 1] == wanted));
        }
    }
}

/* What a map's run does: keeps `depth` tasks in flight, reads them in order, comes back for the rest of each.
 */
static Outcome drive(Executor *executor, const Recipe *recipe, int chunks, uint32_t rows, int depth,
                     double timeout)
{
    Outcome outcome = {.as_serial = true};
    Task **tasks = calloc((size_t)chunks, sizeof *tasks);
    int submitted = 0, read = 0;
    assert_non_null(tasks);
    while (read < chunks && outcome.rc == SQLITE_OK) {
        while (submitted < chunks && submitted < read + depth) {
            Task *task = make_task(recipe, (uint64_t)submitted * rows + 1, rows);
            task->timeout = timeout;
            tasks[submitted] = task;
            if (executor_submit(executor, task) == SQLITE_BUSY) {
                task_free(task);
                break;
            }
            submitted++;
        }
        assert_true(submitted > read);
        Task *task = tasks[read];
        wait_done(executor, task);
        outcome.retries += task->retries;
        task->retries = 0;
        count_rows(task, &outcome);
        uint32_t next = task->report.next_row;
        if (outcome.rc == SQLITE_OK && task->report.rc != SQLITE_OK) {
            outcome.rc = task->report.rc;
            snprintf(outcome.message, sizeof outcome.message, "%s", task->report.message);
        }
        executor_release(executor, task);
        if (outcome.rc == SQLITE_OK && next < task->order.end_row) {
            task->order.first_row = next;
            assert_int_equal(executor_submit(executor, task), SQLITE_OK);
            continue;
        }
        task_free(task);
        read++;
    }
    for (; read < submitted; read++)
        executor_abandon(executor, tasks[read]);
    free(tasks);
    return outcome;
}

static Outcome drive_select(Fixture *fixture, const char *select, int chunks, uint32_t rows, double timeout)
{
    Recipe *recipe = make_recipe(select, fixture->log, false);
    Outcome outcome = drive(fixture->executor, recipe, chunks, rows, 2 * fixture->executor->workers, timeout);
    recipe_unref(recipe);
    return outcome;
}

static void assert_as_serial(const Outcome *outcome, int64_t rows)
{
    if (outcome->rc != SQLITE_OK)
        print_error("%s\n", outcome->message);
    assert_int_equal(outcome->rc, SQLITE_OK);
    assert_int_equal(outcome->rows, rows);
    assert_true(outcome->as_serial);
}

/* After whatever happened: the executor still works, and all its workers. */
static void assert_works(Fixture *fixture, int workers)
{
    ensure(fixture->executor, workers);
    Outcome outcome = drive_select(fixture, "echo 0 0", 20, 7, 0);
    assert_as_serial(&outcome, 140);
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_error("\"%s\" is not in \"%s\"\n", part, text);
    assert_non_null(strstr(text, part));
}

/* Different processes that evaluated something, as the runners logged them. */
static int logged_processes(const Fixture *fixture)
{
    FILE *log = fopen(fixture->log, "re");
    int pids[1024], count = 0, pid;
    assert_non_null(log);
    while (fscanf(log, "%d", &pid) == 1) {
        int i = 0;
        while (i < count && pids[i] != pid)
            i++;
        if (i == count && count < 1024)
            pids[count++] = pid;
    }
    fclose(log);
    return count;
}

/* A process gets its name a moment after it was forked: waits until there are `least` of this name. Their
 * number. */
static int find_all(const char *name, int least, pid_t *pids, int room)
{
    int count = 0;
    for (int64_t end = clock_ns() + hang_ns; count < least && clock_ns() < end;)
        count = leftovers_find(name, pids, room);
    assert_true(count >= least);
    return count;
}

static void kill_all(const char *name, int number)
{
    pid_t pids[64];
    int count = find_all(name, 1, pids, 64);
    for (int i = 0; i < count; i++)
        kill(pids[i], number);
}

/* ---- results ---- */

static void test_results(void **state)
{
    Fixture *fixture = *state;
    static const int workers[] = {1, 2, 5};
    static const uint32_t rows[] = {1, 7, 1000};
    for (size_t w = 0; w < 3; w++)
        for (size_t r = 0; r < 3; r++) {
            ensure(fixture->executor, workers[w]);
            Outcome outcome = drive_select(fixture, "echo 0 0", 50, rows[r], 0);
            assert_as_serial(&outcome, 50 * (int64_t)rows[r]);
            assert_int_equal(outcome.retries, 0);
        }
    assert_int_equal(fixture->executor->workers, 5);
    assert_int_equal(fixture->executor->startup_ns, 0);
}

static void test_no_rows_and_reports(void **state)
{
    Fixture *fixture = *state;
    pid_t pids[8];
    ensure(fixture->executor, 2);
    assert_true(fixture->executor->startup_ns > 0);
    Recipe *recipe = make_recipe("echo 0 0", "", false);
    Task *task = make_task(recipe, 1, 0);
    assert_int_equal(executor_submit(fixture->executor, task), SQLITE_OK);
    wait_done(fixture->executor, task);
    assert_int_equal(task->report.rc, SQLITE_OK);
    assert_int_equal(task->report.rows_out, 0);
    assert_in_range(task->report.worker, 0, 1);
    assert_true(task->report.start_ns > 0 && task->report.end_ns >= task->report.start_ns);
    int count = find_all("pricemap-worker", 2, pids, 8);
    bool found = false;
    for (int i = 0; i < count; i++)
        found = found || pids[i] == task->report.pid;
    assert_true(found);
    executor_release(fixture->executor, task);
    assert_null(task->output);
    task_free(task);
    recipe_unref(recipe);
}

static void test_partial_results_and_errors(void **state)
{
    Fixture *fixture = *state;
    ensure(fixture->executor, 2);
    Outcome outcome = drive_select(fixture, "few 0 3", 10, 10, 0);
    assert_as_serial(&outcome, 100);
    outcome = drive_select(fixture, "fail 57 0", 10, 10, 0);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    assert_string_equal(outcome.message, "fake: failed at row 57");
    assert_int_equal(outcome.rows, 56);
    assert_true(outcome.as_serial);
    assert_works(fixture, 2);
}

static void test_any_order(void **state)
{
    Fixture *fixture = *state;
    ensure(fixture->executor, 2);
    Recipe *slow = make_recipe("sleep 1 300", "", false), *fast = make_recipe("echo 0 0", "", false);
    Task *first = make_task(slow, 1, 1), *second = make_task(fast, 1, 1);
    assert_int_equal(executor_submit(fixture->executor, first), SQLITE_OK);
    assert_int_equal(executor_submit(fixture->executor, second), SQLITE_OK);
    int64_t end = clock_ns() + hang_ns;
    while (!first->done && !second->done && clock_ns() < end)
        executor_wait(fixture->executor, NULL, 1000);
    assert_true(first->done || second->done);
    wait_done(fixture->executor, first);
    wait_done(fixture->executor, second);
    executor_release(fixture->executor, second);
    executor_release(fixture->executor, first);
    task_free(first);
    task_free(second);
    recipe_unref(slow);
    recipe_unref(fast);
}

static void test_full_is_busy(void **state)
{
    Fixture *fixture = *state;
    Task *tasks[64];
    int count = 0, rc = SQLITE_OK;
    ensure(fixture->executor, 2);
    Recipe *recipe = make_recipe("echo 0 0", "", false);
    while (count < 64) {
        tasks[count] = make_task(recipe, 1, 1);
        rc = executor_submit(fixture->executor, tasks[count]);
        if (rc != SQLITE_OK)
            break;
        count++;
    }
    assert_int_equal(rc, SQLITE_BUSY);
    assert_int_equal(count, 16);
    task_free(tasks[count]);
    for (int i = 0; i < count; i++) {
        wait_done(fixture->executor, tasks[i]);
        executor_release(fixture->executor, tasks[i]);
        task_free(tasks[i]);
    }
    recipe_unref(recipe);
    assert_works(fixture, 2);
}

static void test_large_output(void **state)
{
    Fixture *fixture = *state;
    ensure(fixture->executor, 2);
    Outcome outcome = drive_select(fixture, "big 0 100000000", 3, 1, 0);
    assert_as_serial(&outcome, 3);
    assert_int_equal(outcome.bytes, INT64_C(300000000));
    /* A slot that held it and was trimmed, in a worker that had it mapped. */
    for (int i = 0; i < 20; i++) {
        char select[64];
        snprintf(select, sizeof select, "big 0 %d", i % 2 ? 20000000 : 5);
        outcome = drive_select(fixture, select, 8, 1, 0);
        assert_as_serial(&outcome, 8);
    }
    assert_works(fixture, 2);
}

static int64_t shared_memory_in_use(void)
{
    for (int fd = 3; fd < 1024; fd++) {
        char path[64], target[256];
        struct stat status;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        target[length > 0 ? length : 0] = 0;
        if (strstr(target, "memfd:pricemap") && fstat(fd, &status) == 0)
            return (int64_t)status.st_blocks * 512;
    }
    return -1;
}

static void test_memory_is_given_back(void **state)
{
    Fixture *fixture = *state;
    ensure(fixture->executor, 2);
    Outcome outcome = drive_select(fixture, "big 0 50000000", 6, 1, 0);
    assert_as_serial(&outcome, 6);
    int64_t used = shared_memory_in_use();
    assert_true(used > 0);
    assert_true(used < 16 * 2 * INT64_C(4200000));
    /* And so is that of workers that died. */
    for (int i = 0; i < 5; i++) {
        ensure(fixture->executor, 2);
        outcome = drive_select(fixture, "signal 30 9", 10, 10, 0);
        assert_int_equal(outcome.rc, SQLITE_ERROR);
    }
    assert_works(fixture, 2);
    assert_true(shared_memory_in_use() < 16 * 2 * INT64_C(4200000));
}

/* ---- death ---- */

static void test_every_kind_of_death_once(void **state)
{
    Fixture *fixture = *state;
    static const char *const ways[] = {
        "once-signal 35 9", "once-signal 35 11", "once-signal 35 6", "once-signal 35 8",  "once-exit 35 0",
        "once-exit 35 42",  "once-stack 35 0",   "once-signal 1 9",  "once-signal 100 9", "once-signal 91 9"};
    char mark[128];
    snprintf(mark, sizeof mark, "%s.once", fixture->log);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        for (int workers = 1; workers <= 3; workers++) {
            unlink(mark);
            ensure(fixture->executor, workers);
            Outcome outcome = drive_select(fixture, ways[i], 10, 10, 0);
            assert_as_serial(&outcome, 100);
            assert_int_equal(outcome.retries, 1);
        }
    assert_works(fixture, 3);
}

static void check_deadly(Fixture *fixture, const char *select, const char *text)
{
    unlink(fixture->log);
    ensure(fixture->executor, 2);
    Outcome outcome = drive_select(fixture, select, 10, 10, 0);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    assert_contains(outcome.message, "parallel_map: a worker process ");
    if (!sanitized)
        assert_contains(outcome.message, text);
    assert_contains(outcome.message, "3 times at row 35");
    assert_int_equal(outcome.rows, 34);
    assert_true(outcome.as_serial);
    assert_int_equal(outcome.retries, 3);
    assert_true(logged_processes(fixture) <= 2 + 2 + 2);
}

static void test_deadly_row(void **state)
{
    Fixture *fixture = *state;
    check_deadly(fixture, "signal 35 9", "was killed by signal 9 (Killed) 3 times at row 35");
    check_deadly(fixture, "signal 35 11", "was killed by signal 11 (Segmentation fault) 3 times at row 35");
    check_deadly(fixture, "signal 35 6", "was killed by signal 6 (Aborted) 3 times at row 35");
    check_deadly(fixture, "exit 35 0", "exited with status 0, 3 times at row 35");
    check_deadly(fixture, "exit 35 42", "exited with status 42, 3 times at row 35");
    check_deadly(fixture, "stack 35 0", "was killed by signal 11");
    assert_works(fixture, 2);
}

static void test_no_retries(void **state)
{
    Fixture *fixture = *state;
    fixture->executor->limits.retries = 0;
    ensure(fixture->executor, 2);
    Outcome outcome = drive_select(fixture, "signal 35 9", 10, 10, 0);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    assert_string_equal(outcome.message,
                        "parallel_map: a worker process was killed by signal 9 (Killed) at row 35");
    assert_int_equal(outcome.rows, 34);
    assert_true(logged_processes(fixture) <= 2 + 0 + 2);
    /* The task that was reported is forgotten: the same rows get their chance again. */
    outcome = drive_select(fixture, "signal 31 9", 10, 10, 0);
    assert_string_equal(outcome.message,
                        "parallel_map: a worker process was killed by signal 9 (Killed) at row 31");
    assert_int_equal(outcome.rows, 30);
    assert_works(fixture, 2);
}

static void test_partial_aggregates_are_not_split(void **state)
{
    Fixture *fixture = *state;
    ensure(fixture->executor, 2);
    Recipe *recipe = make_recipe("signal 35 9", fixture->log, true);
    Outcome outcome = drive(fixture->executor, recipe, 10, 10, 4, 0);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    assert_contains(outcome.message, "3 times at row 35");
    assert_int_equal(outcome.rows, 30);
    recipe_unref(recipe);
    recipe = make_recipe("once-signal 35 9", fixture->log, true);
    outcome = drive(fixture->executor, recipe, 10, 10, 4, 0);
    assert_as_serial(&outcome, 100);
    recipe_unref(recipe);
}

static void test_all_workers_die_all_the_time(void **state)
{
    Fixture *fixture = *state;
    pid_t pids[16];
    uint64_t random = 1;
    int kills = 0;
    ensure(fixture->executor, 3);
    fixture->executor->limits.retries = 1000;
    for (int round = 0; round < 20; round++) {
        Recipe *recipe = make_recipe("echo 0 0", "", false);
        Task *tasks[6];
        ensure(fixture->executor, 3);
        for (int i = 0; i < 6; i++) {
            tasks[i] = make_task(recipe, 1 + 20000 * (uint64_t)i, 20000);
            assert_int_equal(executor_submit(fixture->executor, tasks[i]), SQLITE_OK);
        }
        int count = leftovers_find("pricemap-worker", pids, 16);
        for (int i = 0; i < count; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            if (random >> 63 && kill(pids[i], SIGKILL) == 0)
                kills++;
        }
        Outcome outcome = {.as_serial = true};
        for (int i = 0; i < 6; i++) {
            do {
                wait_done(fixture->executor, tasks[i]);
                count_rows(tasks[i], &outcome);
                assert_int_equal(tasks[i]->report.rc, SQLITE_OK);
                tasks[i]->order.first_row = tasks[i]->report.next_row;
                executor_release(fixture->executor, tasks[i]);
            } while (tasks[i]->order.first_row < 20000 &&
                     executor_submit(fixture->executor, tasks[i]) == SQLITE_OK);
            task_free(tasks[i]);
        }
        assert_as_serial(&outcome, 120000);
        recipe_unref(recipe);
    }
    assert_true(kills > 0);
    assert_works(fixture, 3);
}

static void test_idle_workers_and_zygote_killed(void **state)
{
    Fixture *fixture = *state;
    ensure(fixture->executor, 2);
    /* With and without the host having had time to notice. */
    for (int round = 0; round < 12; round++) {
        const char *name = round % 2 ? "pricemap-worker" : "pricemap-zygote";
        pid_t pids[8];
        /* The last round may have been over before its victims were. */
        int count;
        while (!(count = leftovers_find(name, pids, 8)))
            ensure(fixture->executor, 2);
        for (int i = 0; i < count; i++)
            kill(pids[i], SIGKILL);
        if (round % 4 < 2)
            usleep(50000);
        if (round % 3)
            ensure(fixture->executor, 2);
        Outcome outcome = drive_select(fixture, "echo 0 0", 10, 10, 0);
        assert_as_serial(&outcome, 100);
    }
    assert_works(fixture, 2);
}

static void test_zygote_killed_by_the_map(void **state)
{
    Fixture *fixture = *state;
    ensure(fixture->executor, 2);
    Outcome outcome = drive_select(fixture, "once-zygote 35 0", 10, 10, 0);
    assert_as_serial(&outcome, 100);
    ensure(fixture->executor, 2);
    outcome = drive_select(fixture, "zygote 35 0", 10, 10, 0);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    assert_contains(outcome.message, "the process that starts the worker processes was killed");
    assert_works(fixture, 2);
}

/* ---- time ---- */

static void test_timeout(void **state)
{
    Fixture *fixture = *state;
    ensure(fixture->executor, 2);
    Outcome outcome = drive_select(fixture, "sleep 35 100000", 10, 10, 0.2);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    assert_string_equal(outcome.message,
                        "parallel_map: a worker process timed out after 0.2 s, 3 times at row 35");
    assert_int_equal(outcome.rows, 34);
    ensure(fixture->executor, 2);
    outcome = drive_select(fixture, "once-sleep 35 100000", 10, 10, 0.5);
    assert_as_serial(&outcome, 100);
    assert_int_equal(outcome.retries, 1);
    assert_works(fixture, 2);
}

static void test_stopped_worker(void **state)
{
    Fixture *fixture = *state;
    ensure(fixture->executor, 2);
    Outcome outcome = drive_select(fixture, "once-signal 35 19", 10, 10, 0.5);
    assert_as_serial(&outcome, 100);
    assert_int_equal(outcome.retries, 1);
    /* Stopped before it could begin: that is nobody's fault. */
    ensure(fixture->executor, 2);
    kill_all("pricemap-worker", SIGSTOP);
    outcome = drive_select(fixture, "echo 0 0", 10, 10, 0.5);
    assert_as_serial(&outcome, 100);
    assert_int_equal(outcome.retries, 0);
    /* Without a limit the wait ends when it should, and the task can be given up. */
    Recipe *recipe = make_recipe("signal 1 19", "", false);
    Task *task = make_task(recipe, 1, 1);
    assert_int_equal(executor_submit(fixture->executor, task), SQLITE_OK);
    for (int i = 0; i < 5; i++)
        executor_wait(fixture->executor, task, 20);
    assert_false(task->done);
    executor_abandon(fixture->executor, task);
    recipe_unref(recipe);
    assert_works(fixture, 2);
}

static void test_stopped_zygote(void **state)
{
    Fixture *fixture = *state;
    ensure(fixture->executor, 2);
    kill_all("pricemap-zygote", SIGSTOP);
    Outcome outcome = drive_select(fixture, "once-sleep 35 100000", 10, 10, 0.2);
    assert_as_serial(&outcome, 100);
    kill_all("pricemap-zygote", SIGSTOP);
    /* Closing with it stopped is the teardown. */
}

/* ---- giving up ---- */

static void test_abandon(void **state)
{
    Fixture *fixture = *state;
    Recipe *echo = make_recipe("echo 0 0", "", false), *nap = make_recipe("nap 1 100000", "", false);
    Recipe *stuck = make_recipe("sleep 1 100000", "", false);
    const Recipe *kinds[] = {echo, nap, stuck};
    for (int round = 0; round < 30; round++) {
        Task *tasks[6];
        ensure(fixture->executor, 2);
        for (int i = 0; i < 6; i++) {
            tasks[i] = make_task(kinds[(i + round) % 3], 1, 5);
            if (executor_submit(fixture->executor, tasks[i]) != SQLITE_OK) {
                task_free(tasks[i]);
                tasks[i] = NULL;
            }
        }
        for (int i = 0; i < 6; i++)
            if (tasks[i] && round % 3 == 1)
                executor_wait(fixture->executor, tasks[i], 2);
        if (tasks[0] && tasks[0]->done && round % 2)
            executor_release(fixture->executor, tasks[0]);
        for (int i = 0; i < 6; i++)
            if (tasks[i])
                executor_abandon(fixture->executor, tasks[i]);
        if (round % 5 == 0)
            usleep(40000);
    }
    /* Never submitted. */
    executor_abandon(fixture->executor, make_task(echo, 1, 1));
    recipe_unref(echo);
    recipe_unref(nap);
    recipe_unref(stuck);
    assert_works(fixture, 2);
}

static bool gone_or_zombie(pid_t pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return true;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = 0;
    const char *end = strrchr(text, ')');
    return !end || end[2] == 'Z';
}

/* The host need not come back for a stuck worker to end: nothing computes for nobody. */
static void test_abandoned_work_stops(void **state)
{
    Fixture *fixture = *state;
    pid_t worker;
    ensure(fixture->executor, 1);
    find_all("pricemap-worker", 1, &worker, 1);
    Recipe *recipe = make_recipe("sleep 1 100000", fixture->log, false);
    Task *task = make_task(recipe, 1, 1);
    assert_int_equal(executor_submit(fixture->executor, task), SQLITE_OK);
    for (int64_t end = clock_ns() + hang_ns; access(fixture->log, F_OK) != 0 && clock_ns() < end;)
        executor_wait(fixture->executor, task, 1);
    executor_abandon(fixture->executor, task);
    for (int64_t end = clock_ns() + hang_ns; !gone_or_zombie(worker) && clock_ns() < end;)
        usleep(1000);
    assert_true(gone_or_zombie(worker));
    recipe_unref(recipe);
    assert_works(fixture, 1);
}

static void test_close_in_the_middle(void **state)
{
    Fixture *fixture = *state;
    static const char *const selects[] = {"echo 0 0", "sleep 1 100000", "signal 1 19", "signal 1 9"};
    for (size_t i = 0; i < sizeof selects / sizeof *selects; i++) {
        Recipe *recipe = make_recipe(selects[i], "", false);
        Task *tasks[4];
        ensure(fixture->executor, 2);
        for (int j = 0; j < 4; j++) {
            tasks[j] = make_task(recipe, 1, 10);
            assert_int_equal(executor_submit(fixture->executor, tasks[j]), SQLITE_OK);
        }
        executor_wait(fixture->executor, tasks[0], 10);
        for (int j = 0; j < 4; j++)
            executor_abandon(fixture->executor, tasks[j]);
        executor_close(fixture->executor);
        leftovers_check(&fixture->before);
        fixture->executor = create(FAKE_WORKER);
        recipe_unref(recipe);
    }
}

static void test_open_use_close(void **state)
{
    Fixture *fixture = *state;
    for (int i = 0; i < 200; i++) {
        Executor *executor = create(FAKE_WORKER);
        Recipe *recipe = make_recipe("echo 0 0", "", false);
        if (i % 4)
            ensure(executor, 1 + i % 3);
        if (i % 4 > 1) {
            Outcome outcome = drive(executor, recipe, 4, 3, 2, 0);
            assert_as_serial(&outcome, 12);
        }
        recipe_unref(recipe);
        executor_close(executor);
        if (i % 50 == 49)
            leftovers_check(&fixture->before);
    }
}

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
    Executor *executor = executor_processes_create(FAKE_WORKER, "");
    if (!executor)
        return 1;
    executor->limits.retries = 2;
    if (executor_ensure_workers(executor, 2, &message) != SQLITE_OK)
        return 2;
    Recipe *recipe = make_recipe(select, "", false);
    Outcome outcome = drive(executor, recipe, 10, 10, 4, 0);
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
    Executor *executor = executor_processes_create(FAKE_WORKER, "");
    for (int i = 0; i < 3; i++) {
        char *message = NULL;
        if (executor_ensure_workers(executor, 3, &message) != SQLITE_OK)
            _exit(40);
        find_all("pricemap-worker", 3, pids, 16);
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
    Executor *executor = executor_processes_create(FAKE_WORKER, "");
    if (executor_ensure_workers(executor, 2, &message) != SQLITE_OK)
        _exit(50);
    Recipe *recipe = make_recipe("sleep 1 300", "", false);
    Task *task = make_task(recipe, 1, 10);
    if (executor_submit(executor, task) != SQLITE_OK)
        _exit(51);
    pid_t child = fork();
    if (child == 0) {
        executor_wait(executor, task, 10);
        if (!task->done || task->report.rc != SQLITE_MISUSE)
            _exit(1);
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
    wait_done(executor, task);
    if (task->report.rc != SQLITE_OK || task->report.rows_out != 10 || task->retries)
        _exit(53);
    executor_release(executor, task);
    task_free(task);
    recipe_unref(recipe);
    executor_close(executor);
    _exit(0);
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
}

/* A host that is killed while its workers sleep, compute, or are stopped; another has a forked child that
 * lives on. */
static const char *killed_host_select;
static bool killed_host_forks;

static void host_to_be_killed(void)
{
    char *message = NULL;
    Executor *executor = executor_processes_create(FAKE_WORKER, "");
    if (executor_ensure_workers(executor, 2, &message) != SQLITE_OK)
        _exit(60);
    if (killed_host_forks && fork() == 0) {
        prctl(PR_SET_PDEATHSIG, 0);
        unsetenv("PRICEMAP_TEST_MARK");
        sleep(2);
        _exit(0);
    }
    Recipe *recipe = make_recipe(killed_host_select, "", false);
    for (;;)
        drive(executor, recipe, 10, 10, 4, 0);
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
    Executor *executor = executor_processes_create(path, "");
    assert_non_null(executor);
    assert_int_equal(executor_ensure_workers(executor, 2, &message), SQLITE_ERROR);
    assert_non_null(message);
    assert_contains(message, "parallel_map: ");
    assert_contains(message, text);
    assert_int_equal(executor->workers, 0);
    sqlite3_free(message);
    executor_close(executor);
}

static void test_no_worker_program(void **state)
{
    Fixture *fixture = *state;
    check_no_start("/nonexistent/pricemap-worker",
                   "/nonexistent/pricemap-worker: No such file or directory: install it");
    check_no_start(fixture->folder, "Permission denied");
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
        Executor *executor = executor_processes_create(FAKE_WORKER, "");
        int rc = executor_ensure_workers(executor, 3, &message);
        if (rc == SQLITE_OK) {
            Recipe *recipe = make_recipe("echo 0 0", "", false);
            Outcome outcome = drive(executor, recipe, 10, 10, 4, 0);
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
    Executor *executor = executor_processes_create(FAKE_WORKER, "");
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
        _exit(0); /* only root can become somebody with so few processes */
    Executor *executor = executor_processes_create(FAKE_WORKER, "");
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

/* ---- hostile workers ---- */

static void test_scribbling_workers(void **state)
{
    Fixture *fixture = *state;
    int failures = 0;
    for (int seed = 0; seed < 60; seed++) {
        char select[64];
        snprintf(select, sizeof select, "scribble 35 %d", seed);
        ensure(fixture->executor, 2);
        Outcome outcome = drive_select(fixture, select, 10, 10, 0.3);
        failures += outcome.rc != SQLITE_OK;
        /* Whatever it was: an error, or rows; never more than there are. */
        assert_true(outcome.rows <= 100);
    }
    assert_true(failures > 0);
    assert_works(fixture, 2);
}

/* Here the library's own functions are meant, not the routines that are reached through them. */
#undef sqlite3_auto_extension
#undef sqlite3_cancel_auto_extension
#undef sqlite3_open
#undef sqlite3_close

/* With an argument: only the tests whose names match it. */
int main(int argc, char **argv)
{
    static const SqliteEntryPoints library = {.auto_extension = sqlite3_auto_extension,
                                              .cancel_auto_extension = sqlite3_cancel_auto_extension,
                                              .open = sqlite3_open,
                                              .close = sqlite3_close};
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_results),
        CASE(test_no_rows_and_reports),
        CASE(test_partial_results_and_errors),
        CASE(test_any_order),
        CASE(test_full_is_busy),
        CASE(test_large_output),
        CASE(test_memory_is_given_back),
        CASE(test_every_kind_of_death_once),
        CASE(test_deadly_row),
        CASE(test_no_retries),
        CASE(test_partial_aggregates_are_not_split),
        CASE(test_all_workers_die_all_the_time),
        CASE(test_idle_workers_and_zygote_killed),
        CASE(test_zygote_killed_by_the_map),
        CASE(test_timeout),
        CASE(test_stopped_worker),
        CASE(test_stopped_zygote),
        CASE(test_abandon),
        CASE(test_abandoned_work_stops),
        CASE(test_close_in_the_middle),
        CASE(test_open_use_close),
        CASE(test_odd_hosts),
        CASE(test_host_killed),
        CASE(test_no_worker_program),
        CASE(test_limits),
        CASE(test_scribbling_workers),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    leftovers_mark();
    if (sqlite_api_attach(&library) != SQLITE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
