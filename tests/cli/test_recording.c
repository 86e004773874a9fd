/* What is in the history after runs: whole, killed, at the same time, and failed ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/command.h"

static const char db[] = "pricereport.db";

static void the_experiment_is_recorded(void **state)
{
    (void)state;
    command_succeed(command_run("--samples", "7", "--label", "a label", "--seed", "5", NULL));
    command_expect_integer(db, "PRAGMA application_id", 1886546275);
    command_expect_integer(db, "PRAGMA user_version", 4);
    command_expect_text(db, "PRAGMA journal_mode", "wal");
    command_expect_text(db, "PRAGMA integrity_check", "ok");
    command_expect_text(db, "SELECT verb || status || label FROM run", "experimentfinisheda label");
    command_expect_text(
        db, "SELECT group_concat(benchmark || ' ' || variant) FROM history",
        "increase_price serial,increase_price threads × 2,increase_price processes × 2,"
        "increase_price_crazy serial,increase_price_crazy threads × 2,increase_price_crazy processes × 2");
    command_expect_integer(
        db, "SELECT count(*) FROM history WHERE samples = 7 AND stopped = 'samples' AND rows = 20", 6);
    command_expect_integer(db, "SELECT count(*) FROM sample WHERE warmup = 0", 6 * 7);
    command_expect_integer(db,
                           "SELECT count(*) FROM history WHERE low_seconds <= median_seconds"
                           " AND median_seconds <= high_seconds AND minimum_seconds <= low_seconds"
                           " AND high_seconds <= maximum_seconds",
                           6);
    command_expect_integer(db, "SELECT count(*) FROM history WHERE executor = 'serial' AND speed_up = 1", 2);
    command_expect_integer(db, "SELECT count(speed_up) FROM history", 6);
    command_expect_integer(
        db,
        "SELECT count(*) FROM run JOIN machine USING (machine) WHERE processor <> '' AND processors > 0"
        " AND sqlite = sqlite_version() AND compiler <> '' AND finished_at >= started_at"
        " AND peak_memory_kib > 0 AND length(uuid) = 32",
        1);
    command_expect_text(db, "SELECT options ->> 'seed' || (options -> 'arguments') FROM run",
                        "5[\"--samples\",\"7\",\"--label\",\"a label\",\"--seed\",\"5\"]");
}

static void every_sample_is_there_in_its_order(void **state)
{
    (void)state;
    command_succeed(command_run("--samples", "6", NULL));
    command_expect_integer(
        db,
        "SELECT count(*) = max(sequence) + 1 AND min(sequence) = 0 AND count(DISTINCT sequence) = count(*)"
        " FROM sample",
        1);
    command_expect_integer(
        db,
        "SELECT count(*) FROM sample WHERE typeof(wall_ns) || typeof(user_ns) || typeof(system_ns)"
        " <> 'integerintegerinteger' OR wall_ns <= 0 OR user_ns < 0 OR system_ns < 0 OR loops < 1",
        0);
    /* Warming up comes first, and is flagged; then every round has each benchmark once. */
    command_expect_integer(db, "SELECT count(*) FROM sample WHERE warmup <> (round = 0)", 0);
    command_expect_integer(db,
                           "SELECT (SELECT max(sequence) FROM sample WHERE round = 0) < "
                           "(SELECT min(sequence) FROM sample WHERE round > 0)",
                           1);
    command_expect_integer(db,
                           "SELECT count(*) FROM (SELECT round FROM sample WHERE round > 0 GROUP BY round"
                           " HAVING count(DISTINCT measurement) = 6 AND count(*) = 6"
                           " AND max(sequence) - min(sequence) = 5)",
                           6);
    /* Inner loops double, and every counted sample of a benchmark has as many. */
    command_expect_integer(db, "SELECT count(*) FROM sample WHERE loops & (loops - 1)", 0);
    command_expect_integer(db,
                           "SELECT count(*) FROM (SELECT 1 FROM sample WHERE round > 0 GROUP BY measurement"
                           " HAVING count(DISTINCT loops) > 1)",
                           0);
    command_expect_integer(db,
                           "SELECT min(wall_ns) >= 10000000 FROM (SELECT max(wall_ns) AS wall_ns FROM sample"
                           " WHERE round = 0 GROUP BY measurement)",
                           1);
}

static void the_seed_repeats_the_order(void **state)
{
    (void)state;
    static const char order[] = "SELECT group_concat(position, '') FROM (SELECT m.position FROM sample AS s"
                                " JOIN measurement AS m USING (measurement) WHERE m.run = %d AND s.round > 0"
                                " ORDER BY s.sequence)";
    char *orders[3];
    const char *const seeds[] = {"1", "1", "2"};
    for (int i = 0; i < 3; i++) {
        char sql[256];
        command_succeed(command_run("--samples", "3", "--seed", seeds[i], NULL));
        snprintf(sql, sizeof sql, order, i + 1);
        orders[i] = command_text(db, sql);
        assert_int_equal(strlen(orders[i]), 18);
        assert_string_not_equal(orders[i], "012345012345012345");
    }
    assert_string_equal(orders[0], orders[1]);
    assert_string_not_equal(orders[0], orders[2]);
    for (int i = 0; i < 3; i++)
        sqlite3_free(orders[i]);
}

static void a_map_over_a_file_is_recorded(void **state)
{
    (void)state;
    command_make_prices();
    chmod("prices.db", 0444);
    command_succeed(command_run("run", "--in", "prices.db", "--source",
                                "SELECT id, p FROM prices WHERE p > 42", "--map", "increase_price(p, 20)",
                                "--executor", "serial,threads", "--workers", "1-2", "--chunk", "3,7",
                                "--samples", "2", "--verify", "--warmup", "2", NULL));
    command_expect_text(
        db, "SELECT group_concat(variant, ';') FROM history",
        "serial, chunk 3;serial, chunk 7;threads × 1, chunk 3;threads × 1, chunk 7;threads × 2, chunk 3;"
        "threads × 2, chunk 7");
    command_expect_integer(
        db,
        "SELECT count(*) FROM history WHERE rows = 19 AND samples = 2 AND low_seconds IS NULL"
        " AND benchmark = 'increase_price(p, 20)'",
        6);
    command_expect_integer(db,
                           "SELECT count(*) FROM history AS h JOIN measurement AS m USING (measurement)"
                           " JOIN history AS s ON s.measurement = m.baseline WHERE s.executor = 'serial'"
                           " AND s.chunk = h.chunk",
                           6);
    command_expect_text(
        db, "SELECT parameters FROM benchmark ORDER BY benchmark LIMIT 1",
        "{\"executor\":\"serial\",\"chunk\":3,\"database\":\"prices.db\","
        "\"source\":\"SELECT id, p FROM prices WHERE p > 42\",\"map\":\"increase_price(p, 20)\"}");
    assert_int_equal(access("prices.db-journal", F_OK), -1);
    /* The same benchmarks in the next run are the same ones. */
    command_succeed(command_run("run", "--in", "./prices.db", "--source",
                                "SELECT id, p FROM prices WHERE p > 42", "--map", "increase_price(p, 20)",
                                "--executor", "serial,threads", "--workers", "1-2", "--chunk", "3,7",
                                "--samples", "1", "--name", "increase_price(p, 20)", NULL));
    command_expect_integer(db, "SELECT count(*) FROM benchmark", 6);
    command_expect_integer(
        db, "SELECT count(*) FROM comparison WHERE run = 2 AND previous_run = 1 AND ratio > 0", 6);
    command_expect_integer(db, "SELECT count(*) FROM latest WHERE run = 2", 6);
}

static void without_warming_up_the_first_long_sample_counts(void **state)
{
    (void)state;
    command_make_prices();
    command_succeed(command_run("run", "--in", "prices.db", "--source", "prices", "--map",
                                "increase_price(p)", "--executor", "serial", "--samples", "2", "--warmup",
                                "0", NULL));
    command_expect_integer(db, "SELECT count(*) FROM sample WHERE warmup = 0", 2);
    command_expect_integer(db, "SELECT count(*) FROM sample WHERE warmup = 0 AND round = 0", 1);
}

static void a_killed_run_keeps_what_it_had(void **state)
{
    (void)state;
    pid_t pid = command_start("killed", "--samples", "100000", "--label", "to be killed", NULL);
    const struct timespec pause = {.tv_nsec = 20000000};
    sqlite3_int64 before = 0;
    while (before < 5) {
        nanosleep(&pause, NULL);
        if (waitpid(pid, NULL, WNOHANG) == pid)
            fail_msg("the run ended by itself");
        if (access(db, F_OK) == 0 &&
            command_integer(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'sample'"))
            before = command_integer(db, "SELECT count(*) FROM sample WHERE warmup = 0");
    }
    kill(pid, SIGKILL);
    assert_int_equal(command_wait(pid), 1000 + SIGKILL);
    assert_true(command_integer(db, "SELECT count(*) FROM sample WHERE warmup = 0") >= before);
    command_expect_text(db, "PRAGMA integrity_check", "ok");
    command_expect_text(db, "SELECT status || ' ' || label FROM run", "unfinished to be killed");
    /* The summaries are those of exactly the samples that are there. */
    command_expect_integer(
        db,
        "SELECT count(*) FROM measurement AS m WHERE samples <> (SELECT count(*) FROM sample AS s"
        " WHERE s.measurement = m.measurement AND NOT warmup)",
        0);
    Outcome outcome = command_run("list", NULL);
    command_expect_success(&outcome);
    assert_non_null(strstr(outcome.out, "unfinished"));
    assert_non_null(strstr(outcome.out, "to be killed"));
    command_free(&outcome);
    outcome = command_run("show", NULL);
    command_expect_success(&outcome);
    assert_non_null(strstr(outcome.out, "unfinished"));
    command_free(&outcome);
}

static void recorders_at_once_lose_nothing(void **state)
{
    (void)state;
    enum { RECORDERS = 3 };
    command_make_prices();
    pid_t pids[RECORDERS];
    for (int i = 0; i < RECORDERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "recorder%d", i);
        pids[i] = command_start(name, "run", "--in", "prices.db", "--source", "prices", "--map",
                                "increase_price(p)", "--executor", "serial,threads", "--workers", "2",
                                "--samples", "15", NULL);
    }
    for (int i = 0; i < RECORDERS; i++)
        assert_int_equal(command_wait(pids[i]), 0);
    command_expect_integer(db, "SELECT count(*) FROM run WHERE status = 'finished'", RECORDERS);
    command_expect_integer(db, "SELECT count(*) FROM sample WHERE NOT warmup", RECORDERS * 2 * 15);
    command_expect_integer(db, "SELECT count(*) FROM measurement WHERE samples = 15", RECORDERS * 2);
    command_expect_integer(db, "SELECT count(*) FROM machine", 1);
    command_expect_integer(db, "SELECT count(*) FROM benchmark", 2);
    command_expect_text(db, "PRAGMA integrity_check", "ok");
}

static Outcome run_map(const char *source, const char *map, const char *executor)
{
    return command_run("run", "--in", "prices.db", "--source", source, "--map", map, "--executor", executor,
                       "--workers", "2", "--samples", "1", "--verify", NULL);
}

static void maps_that_fail_say_why(void **state)
{
    (void)state;
    command_make_prices();
    command_expect_error(run_map("nothing", "p", "serial"), 3, "nothing");
    command_expect_error(run_map("prices", "no_such_function(p)", "threads"), 3, "no_such_function");
    command_expect_error(run_map("prices; DROP TABLE prices", "p", "serial"), 3,
                         "cannot map p over prices; DROP");
    command_expect_error(run_map("prices", "p FROM prices; DROP TABLE prices; SELECT 1", "serial"), 3,
                         "cannot map");
    assert_int_equal(command_integer("prices.db", "SELECT count(*) FROM prices"), 20);
    command_expect_error(run_map("prices", "random()", "threads"), 3,
                         "random() over prices: row 1 by threads is ");
    command_expect_error(command_run("run", "--in", "none.db", "--source", "s", "--map", "m", NULL), 3,
                         "cannot read the database none.db: No such file");
    command_expect_error(
        command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p", "--load", "none.so",
                    NULL),
        3,
        "cannot load the extension none.so: none.so: cannot open shared object file: No such "
        "file or directory\n");
    command_write_file("text.db",
                       "this is no database, but a text that is long enough for a header of one hundred "
                       "bytes, which SQLite reads first of all");
    command_expect_error(command_run("run", "--in", "text.db", "--source", "s", "--map", "m", NULL), 3,
                         "text.db: file is not a database: give an SQLite database; if this was one, it is "
                         "encrypted, or damaged");
    /* A library that is there, and does not load for a reason of its own. */
    command_expect_error(command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p", "--load",
                                     "./text.db", NULL),
                         3, "text.db: invalid ELF header");
    command_expect_error(run_map("prices", "sum(p)", "serial"), 3,
                         "an aggregate would be computed per chunk: use it in the query around the map\n");
    command_expect_integer(db, "SELECT count(*) FROM run WHERE status <> 'failed'", 0);
}

static void a_map_that_fails_later_is_recorded_as_failed(void **state)
{
    (void)state;
    command_make_prices();
    command_execute("prices.db", "UPDATE prices SET p = -1 WHERE id = 20");
    command_expect_error(command_run("run", "--in", "prices.db", "--source", "prices", "--map",
                                     "increase_price_crazy(p, 10, iif(p < 0, 0, 1))", "--executor", "serial",
                                     "--samples", "1", NULL),
                         3, "increase_price_crazy");
    command_expect_text(db, "SELECT status FROM run", "failed");
    command_expect_integer(
        db, "SELECT error LIKE 'cannot map increase_price_crazy%' AND finished_at IS NOT NULL FROM run", 1);
}

static void copy_program(const char *from, const char *to)
{
    char bytes[1 << 16];
    size_t length;
    FILE *in = fopen(from, "re"), *out = fopen(to, "we");
    assert_true(in && out);
    while ((length = fread(bytes, 1, sizeof bytes, in)))
        assert_int_equal(fwrite(bytes, 1, length, out), length);
    fclose(in);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(to, 0755), 0);
}

static void the_extension_has_to_be_there(void **state)
{
    (void)state;
    char *extension = strdup(getenv("PRICEMAP_EXTENSION"));
    setenv("PRICEMAP_EXTENSION", "nowhere/pricemap.so", 1);
    command_expect_error(command_run("--samples", "1", NULL), 3,
                         "PRICEMAP_EXTENSION names nowhere/pricemap.so, which cannot be read");
    /* Without the variable it is the build's, beside the program; a copy of the program has none. */
    unsetenv("PRICEMAP_EXTENSION");
    command_make_prices();
    Outcome outcome =
        command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p", "--samples", "1", NULL);
    assert_int_equal(outcome.status, 0);
    command_free(&outcome);
    char *program = strdup(getenv("PRICEREPORT"));
    copy_program(program, "pricereport");
    setenv("PRICEREPORT", "./pricereport", 1);
    command_expect_error(command_run("--samples", "1", NULL), 3,
                         "pricemap.so is neither in the build folder nor at /");
    setenv("PRICEREPORT", program, 1);
    setenv("PRICEMAP_EXTENSION", extension, 1);
    free(program);
    free(extension);
}

static void other_files_are_not_touched(void **state)
{
    (void)state;
    command_execute("foreign.db", "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    command_expect_error(command_run("--db", "foreign.db", NULL), 3,
                         "foreign.db is a database of another program: name another file with --db");
    command_expect_error(command_run("list", "--db", "foreign.db", NULL), 3, "another program");
    command_execute("owned.db", "PRAGMA application_id = 7; CREATE TABLE t(a)");
    command_expect_error(command_run("list", "--db", "owned.db", NULL), 3, "another program");
    assert_int_equal(command_integer("foreign.db", "SELECT count(*) FROM sqlite_schema"), 1);
    command_write_file("text.db",
                       "this is no database, but a text that is long enough for a header of one hundred "
                       "bytes, which SQLite reads first of all");
    command_expect_error(command_run("list", "--db", "text.db", NULL), 3,
                         "text.db is no history of pricereport, not even an SQLite database");
    command_expect_error(command_run("list", "--db", "none.db", NULL), 3, "there is no history at none.db");
    assert_int_equal(access("none.db", F_OK), -1);
    command_expect_error(command_run("--db", "no/such/folder.db", NULL), 3,
                         "cannot open the history no/such/folder.db");
}

static void newer_and_older_histories(void **state)
{
    (void)state;
    command_succeed(command_run("--samples", "1", NULL));
    command_execute(db, "PRAGMA user_version = 99");
    command_expect_error(command_run("list", NULL), 3,
                         "was written by a newer pricereport (schema 99, this one knows 4)");
    command_expect_error(command_run("--samples", "1", NULL), 3, "newer pricereport");
    command_expect_integer(db, "SELECT count(*) FROM run", 1);
    command_execute(db, "PRAGMA user_version = 4");
    command_succeed(command_run("--samples", "1", NULL));
    command_expect_integer(db, "SELECT count(*) FROM run", 2);
    /* An empty file is a history with no schema yet: it is upgraded, also by a verb that only reads. */
    command_write_file("empty.db", "");
    Outcome outcome = command_run("list", "--db", "empty.db", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    assert_int_equal(command_integer("empty.db", "PRAGMA user_version"), 4);
    command_expect_error(command_run("show", "--db", "empty.db", NULL), 3, "empty.db has no run yet");
}

static void the_work_tree_is_recorded(void **state)
{
    (void)state;
    if (system("git init -q -b trunk . && git -c user.name=n -c user.email=e commit -q --allow-empty -m m "
               ">/dev/null 2>&1") != 0)
        skip();
    command_succeed(command_run("--samples", "1", NULL));
    command_expect_integer(
        db, "SELECT length(commit_id) = 40 AND branch = 'trunk' AND dirty = 0 FROM run WHERE run = 1", 1);
    command_write_file("file", "1");
    assert_int_equal(system("git add file"), 0);
    command_succeed(command_run("--samples", "1", NULL));
    command_expect_integer(db, "SELECT dirty FROM run WHERE run = 2", 1);
}

static void expect_found(const char *name, int run)
{
    char part[32];
    Outcome outcome = command_run("show", name, "--json", NULL);
    command_expect_success(&outcome);
    snprintf(part, sizeof part, "{\"run\":{\"run\":%d,", run);
    if (strncmp(outcome.out, part, strlen(part)) != 0)
        fail_msg("%s: %.40s, expected run %d", name, outcome.out, run);
    command_free(&outcome);
}

static void runs_are_named_as_git_names_their_commits(void **state)
{
    (void)state;
#define COMMIT "git -c user.name=n -c user.email=e commit -q --allow-empty -m m "
    if (system("git init -q -b trunk . && " COMMIT ">/dev/null 2>&1") != 0)
        skip();
    command_succeed(command_run("run", "--samples", "1", "--", "true", NULL));
    assert_int_equal(system("git tag first && " COMMIT), 0);
    command_succeed(command_run("run", "--samples", "1", "--", "true", NULL));
    assert_int_equal(
        system("git tag -a -m m second 2>/dev/null || git -c user.name=n -c user.email=e tag -a -m m second; "
               "git tag 1 && git tag label"),
        0);
    expect_found("first", 1);
    expect_found("HEAD", 2);
    expect_found("HEAD~1", 1);
    expect_found("trunk^", 1);
    /* A tag with a message is an object of its own, which stands for its commit. */
    expect_found("second", 2);
    /* A name that the history has comes first. */
    expect_found("1", 1);
    command_succeed(command_run("run", "--samples", "1", "--label", "label", "--", "true", NULL));
    expect_found("label", 3);
    assert_int_equal(system(COMMIT), 0);
    command_expect_error(command_run("show", "HEAD", NULL), 3, " here, and pricereport.db has no run of it");
    command_expect_error(command_run("show", "HEAD~9", NULL), 3, "HEAD~9: pricereport.db has no run with");
    command_expect_error(command_run("show", "--", "--all", NULL), 3,
                         "--all: pricereport.db has no run with");
#undef COMMIT
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_experiment_is_recorded, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(every_sample_is_there_in_its_order, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_seed_repeats_the_order, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_map_over_a_file_is_recorded, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(without_warming_up_the_first_long_sample_counts, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(a_killed_run_keeps_what_it_had, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(recorders_at_once_lose_nothing, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(maps_that_fail_say_why, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_map_that_fails_later_is_recorded_as_failed, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(the_extension_has_to_be_there, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(other_files_are_not_touched, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(newer_and_older_histories, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_work_tree_is_recorded, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(runs_are_named_as_git_names_their_commits, command_setup,
                                        command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
