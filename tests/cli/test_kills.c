/* pricereport is killed at any moment: what was committed is there, and the database is sound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/command.h"
#include "tests/support/disk.h"
#include "tests/support/random.h"
#include "tests/support/recorded.h"

enum { KILLS = 24, KILLS_ALL = 100, CHANGES_MAX = 250, PAUSE_MAX_MS = 250, WATCH_PAUSE_NS = 2000000 };

/* The same kills for the same seed. */
static Random numbers;

static pid_t record(const char *file)
{
    static const char *const executors[] = {"serial", "serial", "threads", "processes"};
    return command_start("killed", "run", "--db", file, "--in", "prices.db", "--source", "prices", "--map",
                         "p", "--executor", executors[random_below(&numbers, 4)], "--workers", "2",
                         "--samples", "100000", "--max-time", "600", NULL);
}

static sqlite3_int64 count_samples(const char *file)
{
    if (access(file, F_OK) != 0 || command_integer(file, "PRAGMA user_version") == 0)
        return 0;
    return command_integer(file, "SELECT count(*) FROM sample");
}

/* Waits for the process's end, and sees which samples others see until then. */
static sqlite3_int64 watch(pid_t pid, const char *file, int *status)
{
    const struct timespec pause = {.tv_nsec = WATCH_PAUSE_NS};
    sqlite3_int64 seen = 0;
    for (;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        assert_true(ended >= 0);
        if (ended == pid)
            return seen;
        seen = count_samples(file);
        nanosleep(&pause, NULL);
    }
}

/* At a change of the files, or after a time. Every other one is watched: a reader keeps the next one from
 * having to recover the write-ahead log. Returns how many samples were seen before. */
static sqlite3_int64 kill_one(const char *file, int watched)
{
    int status;
    sqlite3_int64 seen = 0;
    if (random_below(&numbers, 4) > 0) {
        disk_plan("kill", 1 + random_below(&numbers, CHANGES_MAX));
        pid_t pid = record(file);
        disk_plan(NULL, 0);
        if (watched)
            seen = watch(pid, file, &status);
        else
            assert_int_equal(waitpid(pid, &status, 0), pid);
    } else {
        const struct timespec pause = {.tv_nsec = random_below(&numbers, PAUSE_MAX_MS) * 1000000L};
        pid_t pid = record(file);
        nanosleep(&pause, NULL);
        seen = watched ? count_samples(file) : 0;
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
    }
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return seen;
}

static sqlite3_int64 count_runs(const char *file)
{
    return command_integer(file, "PRAGMA user_version") == 0
               ? 0
               : command_integer(file, "SELECT count(*) FROM run");
}

/* All runs but the first, which was finished, are unfinished, for the user too. */
static void expect_listed(const char *file, sqlite3_int64 runs)
{
    Outcome outcome = command_run("list", "--db", file, "--csv", NULL);
    command_expect_success(&outcome);
    sqlite3_int64 listed = 0;
    for (const char *at = outcome.out; (at = strstr(at, "unfinished")); at++)
        listed++;
    assert_int_equal(listed, runs);
    command_free(&outcome);
}

static void kill_into_history(const char *file, int watched)
{
    sqlite3_int64 runs = count_runs(file), before = count_samples(file);
    char *figures = recorded_figures(file, runs);
    sqlite3_int64 seen = kill_one(file, watched);
    recorded_expect_sound(file);
    assert_true(count_samples(file) >= (seen > before ? seen : before));
    assert_true(count_runs(file) - runs <= 1);
    char *now = recorded_figures(file, runs);
    assert_string_equal(now, figures);
    sqlite3_free(figures);
    sqlite3_free(now);
    expect_listed(file, count_runs(file) - 1);
}

/* Where there is not even a file yet. */
static void kill_into_nothing(const char *file, int watched)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < 4; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s%s", file, endings[i]);
        unlink(path);
    }
    sqlite3_int64 seen = kill_one(file, watched);
    if (access(file, F_OK) != 0)
        return;
    recorded_expect_sound(file);
    assert_true(count_samples(file) >= seen);
    expect_listed(file, count_runs(file));
    /* It is a history like any other. */
    recorded_run(file);
    recorded_expect_sound(file);
}

static void killed_at_any_moment_it_loses_nothing(void **state)
{
    (void)state;
    const char *seed = getenv("PRICEMAP_TEST_SEED");
    int kills = disk_all() ? KILLS_ALL : KILLS;
    numbers.state = seed ? strtoull(seed, NULL, 10) : 20260701;
    print_message("%d kills, seed %llu (PRICEMAP_TEST_SEED)\n", kills, (unsigned long long)numbers.state);
    command_make_prices();
    recorded_run("history.db");
    for (int i = 0; i < kills; i++) {
        if (i % 4 == 3)
            kill_into_nothing("new.db", i % 8 == 3);
        else
            kill_into_history("history.db", i % 2);
    }
}

/* No sample of a short command waits for the end of a long one: each that was taken before is there. */
static void short_samples_do_not_wait_for_long_ones(void **state)
{
    (void)state;
    const struct timespec pause = {.tv_nsec = WATCH_PAUSE_NS};
    for (int seed = 1; seed <= 6; seed++) {
        char seed_text[16];
        snprintf(seed_text, sizeof seed_text, "%d", seed);
        remove("kept.db");
        command_write_file("n", "0");
        pid_t pid =
            command_start("long", "run", "--db", "kept.db", "--seed", seed_text, "-r", "3", "--command",
                          "echo x >>short", "--command",
                          "read n <n; echo $((n + 1)) >n; [ $n -lt 2 ] || { touch begun; exec sleep 1000; }; "
                          "sleep 0.3",
                          NULL);
        while (access("begun", F_OK) != 0)
            nanosleep(&pause, NULL);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(command_wait(pid), 1000 + SIGKILL);
        char *lines = command_read_file("short");
        assert_int_equal(command_integer("kept.db",
                                         "SELECT count(*) FROM sample JOIN measurement USING (measurement) "
                                         "WHERE position = 0"),
                         strlen(lines) / 2);
        free(lines);
        assert_int_equal(remove("begun") || remove("short"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(short_samples_do_not_wait_for_long_ones, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(killed_at_any_moment_it_loses_nothing, command_setup,
                                        command_teardown),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
