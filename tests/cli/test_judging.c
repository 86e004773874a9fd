/* Judging recorded runs. Most histories here are written by SQL, so that what is right is known; only
 * measuring once more is done for real. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>

#include "tests/support/command.h"

static const char db[] = "pricereport.db";

enum { SAMPLES = 20, EXIT_REGRESSION = 1 };

/* An empty history, and the machines 1 and 2. */
static void make_history(void)
{
    command_write_file(db, "");
    command_succeed(command_run("list", NULL));
    for (int kernel = 1; kernel <= 2; kernel++) {
        char sql[512];
        snprintf(sql, sizeof sql,
                 "INSERT INTO machine(processor, processors, architecture, memory_gib, kernel, sqlite, "
                 "compiler, flags)"
                 " VALUES ('a processor', 2, 'x86_64', 8, 'Linux 6.%d', '3.40.1', 'gcc 12', 'release')",
                 kernel);
        command_execute(db, sql);
    }
}

/* Adds a finished run. The order of the runs is that of their numbers. */
static void add_run(int run, int machine, const char *label, const char *branch, const char *commit)
{
    char *sql = sqlite3_mprintf("INSERT INTO run(run, uuid, verb, started_at, finished_at, machine, label, "
                                "branch, commit_id, dirty, tool,"
                                " options) VALUES (%d, 'uuid %d', 'import', "
                                "strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', '2024-01-01', '+%d days'),"
                                " '2025-01-01', %d, %Q, %Q, %Q, 0, '1', '{\"arguments\":[]}')",
                                run, run, run, machine, label, branch, commit);
    command_execute(db, sql);
    sqlite3_free(sql);
}

/* Adds to a run a benchmark with samples spread evenly by 1 % around a median of so many milliseconds. */
static void add_figures(int run, const char *benchmark, const char *executor, double milliseconds)
{
    char *sql = sqlite3_mprintf(
        "INSERT INTO benchmark(name, parameters) VALUES (%Q, json_object('executor', %Q)) ON CONFLICT DO "
        "NOTHING;"
        "INSERT INTO measurement(run, benchmark, position, samples, median_seconds, stopped)"
        " SELECT %d, benchmark, (SELECT count(*) FROM measurement WHERE run = %d), %d, %f / 1e3, 'samples'"
        "   FROM benchmark WHERE name = %Q AND executor = %Q;"
        "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < %d)"
        "INSERT INTO sample(measurement, sequence, round, warmup, loops, wall_ns)"
        " SELECT max(measurement), i, i, i = 0, 2, CAST(round(iif(i = 0, 9, 1) * 2e6 * %f * (1 + (i - 10.5) "
        "/ 950))"
        " AS INTEGER) FROM measurement, c GROUP BY i",
        benchmark, executor, run, run, SAMPLES, milliseconds, benchmark, executor, SAMPLES, milliseconds);
    command_execute(db, sql);
    sqlite3_free(sql);
}

/* Runs 1 and 2: alpha serial becomes slower by 20 %, alpha threads faster by 20 %, beta stays, gamma is gone.
 */
static void make_two_runs(void)
{
    make_history();
    add_run(1, 1, "old", "main", "aaaa1111bbbb");
    add_figures(1, "alpha", "serial", 10);
    add_figures(1, "alpha", "threads", 12);
    add_figures(1, "beta", "serial", 5);
    add_figures(1, "gamma", "serial", 7);
    add_run(2, 1, "new", "topic", "aaaa2222bbbb");
    add_figures(2, "alpha", "serial", 12);
    add_figures(2, "alpha", "threads", 10);
    add_figures(2, "beta", "serial", 5.01);
    add_figures(2, "delta", "serial", 1);
}

static void two_runs_are_compared(void **state)
{
    (void)state;
    make_two_runs();
    command_expect_output(
        command_run("compare", "1", "2", NULL), 0, "alpha", "1.200 ×", "0.833 ×", "1.002 ×", "regression",
        "improved", "same", "nothing to compare it with", "measured before only",
        "3 compared, 1 regression, 1 improved, 1 same, 1 new, 1 missing; geometric mean of the ratios 1.001.",
        NULL);
    command_expect_output(command_run("compare", "2", "1", NULL), 0, "0.833 ×", "1.200 ×", NULL);
    command_expect_output(command_run("compare", "--markdown", NULL), 0, "| benchmark | executor | base |",
                          "| regression |", NULL);
    command_expect_output(command_run("compare", "1", "2", "--fail", NULL), EXIT_REGRESSION, "regression",
                          NULL);
    command_expect_output(command_run("compare", "1", "2", "--fail", "--threshold", "30", NULL), 0,
                          "3 compared", NULL);
}

static void figures_of_a_comparison_are_exact(void **state)
{
    (void)state;
    make_two_runs();
    Outcome outcome = command_run("compare", "1", "2", "--json", NULL);
    command_expect_success(&outcome);
    command_execute("json.db", "CREATE TABLE found(text)");
    char *sql = sqlite3_mprintf("INSERT INTO found VALUES (%Q)", outcome.out);
    command_execute("json.db", sql);
    sqlite3_free(sql);
    command_free(&outcome);
    static const char *const truths[] = {
        "SELECT count(*) = 5 FROM found, json_each(text)",
        "SELECT abs((value ->> 'ratio') - 1.2) < 1e-9 AND abs((value ->> 'median_seconds') - 0.012) < 1e-9"
        " AND abs((value ->> 'base_median_seconds') - 0.010) < 1e-9 AND (value ->> 'ratio_low') BETWEEN 1.15 "
        "AND 1.2"
        " AND (value ->> 'ratio_high') BETWEEN 1.2 AND 1.25 AND (value ->> 'base_run') = 1 AND (value ->> "
        "'run') = 2"
        " AND (value ->> 'samples') = 20 AND (value ->> 'threshold_percent') = 5"
        " AND (value ->> 'verdict') = 'regression' FROM found, json_each(text) WHERE (value ->> 'benchmark') "
        "= 'alpha'"
        " AND (value ->> 'executor') = 'serial'",
        /* All of one side below all of the other: 2 / C(40, 20), the least of three by Holm. */
        "SELECT abs((value ->> 'p') / (2 / 137846528820.0) - 1) < 1e-9"
        " AND abs((value ->> 'adjusted_p') / (6 / 137846528820.0) - 1) < 1e-9 FROM found, json_each(text)"
        " WHERE (value ->> 'verdict') = 'regression'",
        "SELECT (value ->> 'ratio') IS NULL AND (value ->> 'base_run') IS NULL FROM found, json_each(text)"
        " WHERE (value ->> 'verdict') = 'new'",
        "SELECT (value ->> 'ratio') IS NULL AND (value ->> 'run') IS NULL FROM found, json_each(text)"
        " WHERE (value ->> 'verdict') = 'missing'",
    };
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
        assert_int_equal(command_integer("json.db", truths[i]), 1);
    Outcome again = command_run("compare", "1", "2", "--csv", NULL),
            csv = command_run("compare", "1", "2", "--csv", NULL);
    assert_string_equal(again.out, csv.out);
    assert_ptr_equal(strstr(csv.out, "benchmark,variant,executor,workers,chunk,base_run,run,"), csv.out);
    command_free(&again);
    command_free(&csv);
}

static void runs_are_named_in_many_ways(void **state)
{
    (void)state;
    make_two_runs();
    add_run(3, 1, "2", "main", "cccc3333dddd");
    add_figures(3, "alpha", "serial", 8);
    add_run(4, 1, "new", "main", "cccc4444dddd");
    add_figures(4, "alpha", "serial", 9);
    static const struct {
        const char *base, *now, *ratio;
    } known[] = {
        {"1", "2", "1.200 ×"},
        {"old", "new", "0.900 ×"},
        {"aaaa1111", "CCCC3", "0.800 ×"},
        {"previous", "latest", "1.125 ×"},
        {"best", "latest", "1.125 ×"},
        {"best", "3", "0.889 ×"},
        {"topic", "main", "0.750 ×"},
        {"1", "best", "0.800 ×"},
        {"previous", "2", "1.200 ×"},
        {"2", "previous", "0.833 ×"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        command_expect_output(command_run("compare", known[i].base, known[i].now, NULL), 0, known[i].ratio,
                              NULL);
    command_expect_output(command_run("compare", NULL), 0, "1.125 ×", NULL);
    command_expect_output(command_run("compare", "1", NULL), 0, "0.900 ×", NULL);
    command_expect_error(command_run("compare", "cccc", "1", NULL), 3, "cccc: 2 commits begin so: give more");
    command_expect_error(command_run("compare", "aaa", "1", NULL), 3,
                         "aaa: pricereport.db has no run with this number");
    command_expect_error(command_run("compare", "best", "previous", NULL), 3, "name one on the other side");
    command_expect_error(command_run("compare", "1", "1", NULL), 3, "this is run 1 on both sides");
    command_expect_error(command_run("compare", "previous", "1", NULL), 3,
                         "nothing else to compare run 1 with");
    add_run(5, 1, NULL, NULL, NULL);
    add_figures(5, "omega", "serial", 1);
    command_expect_error(command_run("compare", "1", "5", NULL), 3,
                         "runs 1 and 5 have no benchmark in common");
}

static void machines_are_kept_apart(void **state)
{
    (void)state;
    make_two_runs();
    add_run(3, 2, "new", NULL, NULL);
    add_figures(3, "alpha", "serial", 12);
    command_expect_error(command_run("compare", "1", "3", NULL), 3,
                         "runs 1 and 3 are of different machines (kernel Linux 6.1 and Linux 6.2)");
    command_expect_output(command_run("compare", "1", "3", "--any-machine", NULL), 0, "1.200 ×", NULL);
    command_expect_error(command_run("check", "--once", NULL), 3,
                         "the benchmarks of run 3 were measured on other machines only (run 2)");
    command_expect_error(command_run("check", "--against", "1", NULL), 3, "of different machines");
    command_expect_output(command_run("check", "--any-machine", NULL), 0, "1.000 ×", NULL);
    command_expect_output(command_run("check", "--against", "old", "--any-machine", "--once", NULL),
                          EXIT_REGRESSION, "1.200 ×", NULL);
    /* Of two runs of one label, the one of the same machine is the baseline. */
    add_run(4, 1, NULL, NULL, NULL);
    add_figures(4, "alpha", "serial", 12);
    command_expect_output(command_run("check", "--against", "new", NULL), 0, "1.000 ×", NULL);
}

static void check_fails_on_a_regression_alone(void **state)
{
    (void)state;
    make_two_runs();
    command_expect_output(command_run("check", "--once", NULL), EXIT_REGRESSION, "1 regression", NULL);
    command_expect_output(command_run("check", "--once", "--csv", NULL), EXIT_REGRESSION,
                          "alpha,serial,serial,", NULL);
    command_expect_output(command_run("check", "--once", "--threshold", "30", NULL), 0, "3 compared", NULL);
    command_expect_output(command_run("check", "--against", "1", "1", NULL), 3, "", NULL);
    Outcome outcome = command_run("check", "1", NULL);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.err, "nothing of run 1 was checked: there is no baseline for it"));
    command_free(&outcome);
    /* The baseline is of each benchmark by itself: run 3 did not measure all. */
    add_run(3, 1, NULL, NULL, NULL);
    add_figures(3, "beta", "serial", 5);
    add_run(4, 1, NULL, NULL, NULL);
    add_figures(4, "alpha", "serial", 12);
    add_figures(4, "beta", "serial", 6);
    command_expect_output(command_run("check", "--once", NULL), EXIT_REGRESSION, "1.000 ×", "1.200 ×",
                          "2 compared, 1 regression, 1 same", NULL);
}

static void a_run_that_failed_or_measured_nothing_is_never_latest_nor_a_baseline(void **state)
{
    (void)state;
    make_two_runs();
    add_run(3, 1, "typo", "main", "aaaa3333bbbb");
    command_execute(db, "UPDATE run SET error = 'no such table' WHERE run = 3");
    add_run(4, 1, "empty", "main", "aaaa4444bbbb");
    command_expect_output(command_run("compare", NULL), 0, "1.200 ×", NULL);
    Outcome outcome = command_run("show", NULL);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.out, "topic"));
    command_free(&outcome);
    /* By its number, a run is found all the same, and by its branch the newest that counts. */
    outcome = command_run("show", "3", NULL);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.out, "typo"));
    command_free(&outcome);
    outcome = command_run("show", "main", NULL);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.out, "old"));
    command_free(&outcome);
    /* A run that failed half-way has figures, which are no baseline. */
    command_execute(db, "UPDATE run SET error = 'disk full' WHERE run = 2");
    add_run(5, 1, "newest", "main", "aaaa5555bbbb");
    add_figures(5, "alpha", "serial", 10.05);
    command_expect_output(command_run("compare", NULL), 0, "1.005 ×", NULL);
}

static void only_a_whole_run_can_pass(void **state)
{
    (void)state;
    make_two_runs();
    command_execute(db, "UPDATE run SET finished_at = NULL WHERE run = 2");
    command_expect_error(command_run("check", NULL), 3,
                         "run 2 is unfinished, and a part cannot pass for the whole");
    command_execute(db, "UPDATE run SET finished_at = '2025-01-01', error = 'broken' WHERE run = 2");
    command_expect_error(command_run("check", "2", NULL), 3, "run 2 is failed");
    command_expect_error(command_run("check", "best", NULL), 3, "best is no run to check");
    command_execute(db, "DELETE FROM run");
    command_expect_error(command_run("check", NULL), 3, "pricereport.db has no run yet");
    command_expect_error(command_run("check", "--db", "none.db", NULL), 3, "there is no history at none.db");
}

static void few_samples_are_said(void **state)
{
    (void)state;
    make_two_runs();
    command_execute(db, "DELETE FROM sample WHERE sequence > 4");
    command_expect_output(command_run("compare", "1", "2", "--fail", NULL), 0, "inconclusive",
                          "needs 6 samples on both sides", NULL);
    command_execute(db, "DELETE FROM sample");
    command_expect_output(command_run("compare", "1", "2", NULL), 0, "inconclusive",
                          "needs 6 samples on both sides", NULL);
}

static Outcome measure_twice(const char *change_of_first, const char *change_of_second)
{
    char sql[256];
    command_make_prices();
    for (int i = 0; i < 2; i++)
        command_succeed(command_run("run", "--in", "prices.db", "--source", "prices", "--map",
                                    "increase_price_crazy(p, 10, 2000)", "--name", "crazy", "--executor",
                                    "serial", "--samples", "10", NULL));
    snprintf(sql, sizeof sql, "UPDATE sample SET wall_ns = wall_ns %s WHERE measurement = 1;",
             change_of_first);
    command_execute(db, sql);
    snprintf(sql, sizeof sql, "UPDATE sample SET wall_ns = wall_ns %s WHERE measurement = 2;",
             change_of_second);
    command_execute(db, sql);
    return command_run("check", NULL);
}

/* The baseline pretends to be 20 times as fast as what the machine can do: measuring once more shows it, too.
 */
static void a_regression_is_measured_once_more(void **state)
{
    (void)state;
    command_expect_output(measure_twice("/ 20", "* 1"), EXIT_REGRESSION, "confirmed by run 3", "1 regression",
                          NULL);
    command_expect_integer(
        db, "SELECT count(*) FROM run WHERE run = 3 AND repeats = 2 AND status = 'finished'", 1);
    command_expect_integer(
        db, "SELECT count(*) FROM history WHERE run = 3 AND benchmark = 'crazy' AND samples = 10", 1);
    /* A second time gives the same answer, and measures no more; the repetition is no latest run and no
     * baseline. */
    command_expect_output(command_run("check", NULL), EXIT_REGRESSION, "confirmed by run 3", NULL);
    command_expect_integer(db, "SELECT count(*) FROM run", 3);
}

/* The second run was 400 times slower than the machine is: measuring once more takes the suspicion away. */
static void a_suspicion_may_prove_wrong(void **state)
{
    (void)state;
    command_expect_output(measure_twice("* 20", "* 400"), 0, "not confirmed by run 3", "1 inconclusive",
                          NULL);
    command_expect_output(command_run("check", "--once", NULL), EXIT_REGRESSION, "1 regression", NULL);
}

static void what_cannot_be_measured_again_stays_suspected(void **state)
{
    (void)state;
    make_two_runs();
    Outcome outcome = command_run("check", NULL);
    assert_int_equal(outcome.status, EXIT_REGRESSION);
    assert_non_null(
        strstr(outcome.err, "run 2 could not be measured once more: it was not measured by pricereport"));
    command_free(&outcome);
    command_execute(db, "UPDATE run SET verb = 'run'");
    outcome = command_run("check", NULL);
    assert_int_equal(outcome.status, EXIT_REGRESSION);
    assert_non_null(strstr(outcome.err, "it was measured on another machine"));
    command_free(&outcome);
    unlink(db);
    unlink("prices.db");
    outcome = measure_twice("/ 20", "* 1");
    command_free(&outcome);
    command_execute(db, "DELETE FROM run WHERE run = 3");
    unlink("prices.db");
    outcome = command_run("check", NULL);
    assert_int_equal(outcome.status, EXIT_REGRESSION);
    assert_non_null(strstr(outcome.err,
                           "measuring ended with status 3: pricereport: cannot read the database prices.db"));
    command_free(&outcome);
    command_execute(db, "UPDATE run SET commit_id = '0123456789abcdef'");
    outcome = command_run("check", NULL);
    assert_non_null(strstr(outcome.err, "it was of commit 012345678, and here is none"));
    command_free(&outcome);
}

static void a_change_is_acknowledged(void **state)
{
    (void)state;
    make_two_runs();
    command_expect_output(command_run("ack", "2", "alpha", "--reason", "rounds to cents", NULL), 0,
                          "Acknowledged: run 2, alpha", NULL);
    command_expect_output(command_run("check", NULL), 0, "acknowledged: rounds to cents", "1 acknowledged",
                          NULL);
    command_expect_output(command_run("compare", "1", "2", "--fail", NULL), 0, "1 acknowledged", NULL);
    command_expect_output(command_run("ack", NULL), 0, "rounds to cents", "alpha", NULL);
    command_expect_output(command_run("ack", "--json", NULL), 0, "\"reason\":\"rounds to cents\"", NULL);
    /* It holds for later runs against an older baseline, unless the benchmark is slower still. */
    add_run(3, 1, NULL, NULL, NULL);
    add_figures(3, "alpha", "serial", 12.3);
    command_expect_output(command_run("check", "--against", "1", NULL), 0, "1 acknowledged", NULL);
    add_run(4, 1, NULL, NULL, NULL);
    add_figures(4, "alpha", "serial", 14);
    command_expect_output(command_run("check", "--against", "1", "--once", NULL), EXIT_REGRESSION,
                          "1 regression", NULL);
    command_expect_output(command_run("ack", "latest", "--reason", "all of it", NULL), 0,
                          "Acknowledged: run 4", NULL);
    command_expect_output(command_run("check", "--against", "1", NULL), 0, "acknowledged: all of it", NULL);
    /* Said anew, the reason changes; taken back, it is gone. */
    command_expect_output(command_run("ack", "4", "--reason", "another reason", NULL), 0, "run 4", NULL);
    command_expect_integer(db, "SELECT count(*) FROM remark WHERE run = 4 AND reason = 'another reason'", 1);
    command_expect_integer(db, "SELECT count(*) FROM remark WHERE run = 4", 1);
    command_expect_output(command_run("ack", "4", "--undo", NULL), 0, "No longer acknowledged: run 4", NULL);
    command_expect_output(command_run("check", "--against", "1", "--once", NULL), EXIT_REGRESSION,
                          "1 regression", NULL);
    command_expect_error(command_run("ack", "4", "--undo", NULL), 3,
                         "nothing of run 4 that you name has a remark");
    command_expect_error(command_run("ack", "4", "nothing", "--reason", "r", NULL), 3,
                         "nothing: there is no such benchmark in pricereport.db");
    command_expect_error(command_run("ack", "4", "gamma", "--reason", "r", NULL), 3,
                         "run 4 did not measure what you name");
    command_expect_error(command_run("ack", "best", "--reason", "r", NULL), 3, "best is no single run");
    command_expect_error(command_run("ack", "99", "--reason", "r", NULL), 3, "99: pricereport.db has no run");
    command_expect_integer(db, "SELECT count(*) FROM remark", 2);
}

static void wrong_figures_are_excluded(void **state)
{
    (void)state;
    make_two_runs();
    add_run(3, 1, NULL, NULL, NULL);
    add_figures(3, "alpha", "serial", 10);
    add_figures(3, "beta", "serial", 5);
    command_expect_output(command_run("check", NULL), 0, "0.833 ×", NULL);
    command_expect_output(command_run("exclude", "2", "alpha serial", "--reason", "a backup ran", NULL), 0,
                          "Excluded: run 2, alpha serial", NULL);
    command_expect_output(command_run("check", NULL), 0, "1.000 ×", "0.998 ×", NULL);
    command_expect_output(command_run("compare", "1", "2", "--fail", NULL), 0, "excluded: a backup ran",
                          "2 compared", "1 excluded", NULL);
    command_expect_output(command_run("exclude", "--markdown", NULL), 0, "| a backup ran |", NULL);
    command_expect_output(command_run("history", "alpha serial", NULL), 0, "excluded: a backup ran", NULL);
    /* As a whole it is no latest run any more, and has no label. */
    command_expect_output(command_run("exclude", "3", "--reason", "on battery", NULL), 0, "Excluded: run 3",
                          NULL);
    command_expect_output(command_run("compare", "1", "latest", NULL), 0, "1.002 ×", NULL);
    Outcome outcome = command_run("check", "3", NULL);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(
        outcome.err, "nothing of run 3 was checked: its figures or those of its baseline are excluded"));
    command_free(&outcome);
    command_expect_output(command_run("exclude", "2", "--reason", "all of it", NULL), 0, "Excluded: run 2",
                          NULL);
    command_expect_error(command_run("compare", "1", "new", NULL), 3, "new: pricereport.db has no run");
    /* What was said of one benchmark is not lost by what is said of all. */
    command_expect_integer(db, "SELECT count(*) FROM remarked WHERE run = 2 AND reason = 'a backup ran'", 1);
    command_expect_output(command_run("exclude", "2", "--undo", NULL), 0, "No longer excluded: run 2", NULL);
    command_expect_output(command_run("exclude", "3", "--undo", NULL), 0, "No longer excluded: run 3", NULL);
    command_expect_output(command_run("check", NULL), 0, "0.833 ×", NULL);
}

static void benchmarks_have_thresholds_of_their_own(void **state)
{
    (void)state;
    make_two_runs();
    command_expect_output(command_run("threshold", "alpha serial", "25", NULL), 0,
                          "Thresholds set to 25 %: 1", NULL);
    command_expect_output(command_run("check", NULL), 0, "1 improved, 2 same", NULL);
    command_expect_output(command_run("threshold", NULL), 0, "alpha", "25 %", NULL);
    command_expect_output(command_run("threshold", "--csv", NULL), 0,
                          "benchmark,variant,percent\r\nalpha,serial,25.0", NULL);
    command_expect_output(command_run("threshold", "al*", "10", NULL), 0, "Thresholds set to 10 %: 2", NULL);
    command_expect_output(command_run("check", "--once", "--threshold", "50", NULL), EXIT_REGRESSION,
                          "1 regression", NULL);
    command_expect_output(command_run("threshold", "alpha", "--undo", NULL), 0, "Thresholds removed: 2",
                          NULL);
    command_expect_error(command_run("threshold", "alpha", "--undo", NULL), 3,
                         "alpha has no threshold of its own");
    command_expect_error(command_run("threshold", "alp", "10", NULL), 3, "alp: there is no such benchmark");
}

/* Twenty runs: alpha is 10 ms, from run 8 on 12 ms, in the newest 20 ms; beta never changes. */
static void make_many_runs(void)
{
    make_history();
    for (int run = 1; run <= 20; run++) {
        add_run(run, 1, NULL, "main", NULL);
        add_figures(run, "alpha", "serial", (run < 8 ? 10 : run < 20 ? 12 : 20) * (1 + run % 3 * 0.001));
        add_figures(run, "beta", "serial", 5 * (1 + run % 3 * 0.001));
    }
    add_run(21, 2, NULL, NULL, NULL);
    add_figures(21, "gamma", "serial", 1);
    command_execute(db, "UPDATE run SET started_at = '2023-01-01T00:00:00.000Z' WHERE run = 21");
}

static void changes_are_found_in_the_history(void **state)
{
    (void)state;
    make_many_runs();
    Outcome outcome = command_run("history", "alpha", "--changes", "--csv", NULL);
    command_expect_success(&outcome);
    size_t lines = 0;
    for (const char *c = outcome.out; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 3);
    const char *second = strchr(outcome.out, '\n') + 1;
    assert_int_equal(strncmp(second, "8,", 2), 0);
    assert_non_null(strstr(second, ",regression,"));
    assert_int_equal(strncmp(strchr(second, '\n') + 1, "20,", 3), 0);
    assert_non_null(strstr(second, ",unconfirmed,"));
    command_free(&outcome);
    command_expect_output(command_run("history", "alpha", NULL), 0, "regression +20.0 %", "unconfirmed +66",
                          "10.0 ms", NULL);
    command_expect_output(command_run("history", "beta", "--changes", "--json", NULL), 0, "[]", NULL);
    command_expect_output(command_run("history", NULL), 0, "unconfirmed +66", "beta", NULL);
    command_expect_output(command_run("history", "--any-machine", NULL), 0, "gamma", NULL);
    outcome = command_run("history", NULL);
    assert_null(strstr(outcome.out, "gamma"));
    command_free(&outcome);
    command_expect_output(command_run("history", "*", "--markdown", NULL), 0, "| alpha | serial | 1 |",
                          "| beta | serial | 20 |", NULL);
    /* Excluding the bad one and raising the threshold leave nothing. */
    command_succeed(command_run("exclude", "20", "--reason", "a backup ran", NULL));
    command_expect_output(command_run("history", "--changes", NULL), 0, "regression +20.0 %", NULL);
    command_succeed(command_run("ack", "8", "--reason", "more digits", NULL));
    command_expect_output(command_run("history", "--changes", NULL), 0, "acknowledged: more digits", NULL);
    command_succeed(command_run("threshold", "alpha", "25", NULL));
    command_expect_output(command_run("history", "--changes", "--json", NULL), 0, "[]", NULL);
    command_expect_error(command_run("history", "omega", NULL), 3, "omega: there is no such benchmark");
}

static void names_of_benchmarks(void **state)
{
    (void)state;
    make_history();
    add_run(1, 1, NULL, NULL, NULL);
    add_figures(1, "p * 2", "serial", 1);
    add_figures(1, "p * 2 + 2", "serial", 1);
    command_execute(
        db,
        "INSERT INTO benchmark(name, parameters) VALUES ('scan', '{\"executor\":\"threads\",\"workers\":2}');"
        "INSERT INTO measurement(run, benchmark, position, samples, median_seconds)"
        " VALUES (1, last_insert_rowid(), 9, 1, 1)");
    /* A name is itself before it is a pattern. */
    command_expect_output(command_run("threshold", "p * 2", "10", NULL), 0, ": 1", NULL);
    command_expect_output(command_run("threshold", "p * 2*", "10", NULL), 0, ": 2", NULL);
    command_expect_output(command_run("threshold", "scan threads x 2", "10", NULL), 0, ": 1", NULL);
    command_expect_output(command_run("threshold", "scan threads × 2", "10", NULL), 0, ": 1", NULL);
    command_expect_output(command_run("threshold", "*threads*", "10", NULL), 0, ": 1", NULL);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[8];
        const char *part;
    } wrong[] = {
        {{"compare", "1", "2", "3"}, "3: compare takes two runs"},
        {{"compare", "--threshold", "0"}, "--threshold 0: give a percentage above 0"},
        {{"compare", "--threshold", "5%"}, "--threshold 5%: give"},
        {{"compare", "--threshold", "nan"}, "--threshold nan: give"},
        {{"check", "1", "2"}, "2: check takes one run; what it is compared with is --against"},
        {{"check", "--fail"}, "--fail"},
        {{"ack", "1"}, "the reason is missing"},
        {{"ack", "1", "--reason", ""}, "--reason is empty: give a text"},
        {{"ack", "--reason", "r"}, "the run is missing"},
        {{"exclude", "--undo"}, "the run is missing"},
        {{"exclude", "1", "--undo", "--reason", "r"}, "--undo takes no --reason"},
        {{"threshold", "alpha"}, "the percentage is missing, as in: pricereport threshold alpha 10"},
        {{"threshold", "alpha", "0"}, "the threshold 0: give a percentage above 0"},
        {{"threshold", "alpha", "x"}, "the threshold x: give a percentage"},
        {{"threshold", "alpha", "5", "6"}, "6: threshold takes one benchmark and one percentage"},
        {{"threshold", "--undo"}, "--undo takes a benchmark"},
        {{"threshold", "alpha", "5", "--undo"}, "--undo takes a benchmark, and no percentage"},
        {{"history", "--samples"}, "--samples"},
        {{"--judged-run", "x"}, "--judged-run x: give a whole number"},
        /* What is no option is none in secret, either. */
        {{"--repeat", "2"}, "unrecognized option '--repeat'"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        command_expect_error(command_run_list(wrong[i].arguments), 2, wrong[i].part);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_runs_are_compared),
        TEST(figures_of_a_comparison_are_exact),
        TEST(runs_are_named_in_many_ways),
        TEST(machines_are_kept_apart),
        TEST(check_fails_on_a_regression_alone),
        TEST(a_run_that_failed_or_measured_nothing_is_never_latest_nor_a_baseline),
        TEST(only_a_whole_run_can_pass),
        TEST(few_samples_are_said),
        TEST(a_regression_is_measured_once_more),
        TEST(a_suspicion_may_prove_wrong),
        TEST(what_cannot_be_measured_again_stays_suspected),
        TEST(a_change_is_acknowledged),
        TEST(wrong_figures_are_excluded),
        TEST(benchmarks_have_thresholds_of_their_own),
        TEST(changes_are_found_in_the_history),
        TEST(names_of_benchmarks),
        TEST(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
