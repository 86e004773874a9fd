/* What comes in from other histories, and what goes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/exchanged.h"

static const char db[] = "pricereport.db";

static void record_apart(void)
{
    succeed(command_run("--db", "one.db", "run", "--samples", "6", "--label", "one", "--", "true", NULL));
    command_make_prices();
    succeed(command_run("--db", "two.db", "run", "--in", "prices.db", "--source", "prices", "--map",
                        "increase_price(p)", "--executor", "serial,threads", "--samples", "6", NULL));
    succeed(command_run("--db", "two.db", "run", "--samples", "3", "--", "true", NULL));
    command_execute("two.db",
                    "UPDATE machine SET processor = 'another';"
                    "UPDATE run SET started_at = '2019-01-01T00:00:00.000Z' WHERE run = 1;"
                    "UPDATE run SET repeats = 1 WHERE run = 2;"
                    "INSERT INTO remark(kind, run, benchmark, reason, made_at) VALUES"
                    " ('exclude', 1, 2, 'why', '2026-01-01'), ('ack', 2, NULL, 'known', '2026-01-02');"
                    "INSERT INTO threshold VALUES (1, 7.5);"
                    "UPDATE task SET host = 'node' || worker WHERE worker > 0");
}

/* Everything in a history by what names it everywhere, to be compared: ids differ. */
static const char everything[] =
    "SELECT group_concat(line, char(10)) FROM (SELECT line FROM ("
    "SELECT 'run ' || uuid || verb || started_at || finished_at || coalesce(label, '') || options || "
    "fingerprint ||"
    "  coalesce((SELECT uuid FROM run AS q WHERE q.run = r.repeats), '') AS line FROM run AS r JOIN machine "
    "USING (machine) "
    "UNION ALL SELECT 'measurement ' || uuid || m.position || b.name || b.parameters || coalesce(m.rows, '') "
    "|| m.samples ||"
    "  m.median_seconds || coalesce((SELECT position FROM measurement AS s WHERE s.measurement = "
    "m.baseline), '') ||"
    "  coalesce(m.tasks, '') FROM measurement AS m JOIN run USING (run) JOIN benchmark AS b ON b.benchmark = "
    "m.benchmark "
    "UNION ALL SELECT 'sample ' || uuid || m.position || ' ' || sequence || ' ' || wall_ns || ' ' || user_ns "
    "|| warmup"
    "  FROM sample JOIN measurement AS m USING (measurement) JOIN run USING (run) "
    "UNION ALL SELECT 'task ' || uuid || m.position || ' ' || task || ' ' || start_ns || coalesce(t.host, '')"
    "  FROM task AS t JOIN measurement AS m USING (measurement) JOIN run USING (run) "
    "UNION ALL SELECT 'remark ' || uuid || kind || coalesce(b.parameters, '') || reason || k.made_at"
    "  FROM remark AS k JOIN run USING (run) LEFT JOIN benchmark AS b ON b.benchmark = k.benchmark "
    "UNION ALL SELECT 'threshold ' || name || parameters || percent FROM threshold JOIN benchmark USING "
    "(benchmark)"
    ") ORDER BY line)";

static void expect_same_content(const char *file, const char *other)
{
    char *left = command_text(file, everything), *right = command_text(other, everything);
    assert_true(strlen(left) > 500);
    assert_string_equal(left, right);
    sqlite3_free(left);
    sqlite3_free(right);
}

static void histories_are_merged(void **state)
{
    (void)state;
    record_apart();
    struct stat before, after;
    assert_int_equal(stat("two.db", &before), 0);
    Outcome outcome = command_run("--db", "one.db", "merge", "two.db", "--csv", NULL);
    command_expect_success(&outcome);
    char expected[128];
    snprintf(expected, sizeof expected, "file,runs,new_runs,new_samples\r\ntwo.db,2,2,%lld\r\n",
             (long long)command_integer("two.db", "SELECT count(*) FROM sample"));
    assert_string_equal(outcome.out, expected);
    command_free(&outcome);
    assert_int_equal(stat("two.db", &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    assert_true(before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
                before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
    expect_integer_in("one.db", "SELECT count(*) FROM run", 3);
    expect_integer_in("one.db", "SELECT count(*) FROM machine", 2);
    expect_integer_in("one.db", "SELECT count(*) FROM benchmark", 3);
    expect_integer_in("one.db", "SELECT count(*) FROM pragma_foreign_key_check", 0);
    /* The merged run of 2019 has the greater number, and is older nevertheless. */
    outcome = command_run("--db", "one.db", "list", "--json", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "j ->> '$[0].started_at'", "2019-01-01T00:00:00.000Z");
    command_free(&outcome);
    /* The other way round it is the same history. */
    succeed(command_run("--db", "three.db", "merge", "two.db", "one.db", NULL));
    expect_same_content("one.db", "three.db");
}

static void merging_again_changes_nothing(void **state)
{
    (void)state;
    record_apart();
    succeed(command_run("--db", "one.db", "merge", "two.db", NULL));
    char *before = command_text("one.db", everything);
    succeed(command_run("--db", "one.db", "merge", "two.db", "two.db", "one.db", NULL));
    char *after = command_text("one.db", everything);
    assert_string_equal(before, after);
    sqlite3_free(before);
    sqlite3_free(after);
    /* Not even the numbers of runs to come. */
    char *next = command_text("one.db", "SELECT seq - (SELECT max(run) FROM run) FROM sqlite_sequence WHERE "
                                        "name = 'run'");
    assert_string_equal(next, "0");
    sqlite3_free(next);
    /* A copy that went on elsewhere: it comes back with what it has more, and only that. */
    succeed(command_run("--db", "copy.db", "merge", "one.db", NULL));
    succeed(command_run("--db", "copy.db", "run", "--samples", "1", "--", "true", NULL));
    Outcome outcome = command_run("--db", "one.db", "merge", "copy.db", "--json", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "(j ->> '$[0].runs') || (j ->> '$[0].new_runs') || (j ->> '$[0].new_samples')",
              "412");
    command_free(&outcome);
    expect_same_content("one.db", "copy.db");
}

static void a_run_that_went_on_is_completed(void **state)
{
    (void)state;
    succeed(command_run("--db", "whole.db", "run", "--samples", "8", "--", "true", NULL));
    succeed(command_run("--db", "part.db", "merge", "whole.db", NULL));
    command_execute(
        "part.db",
        "UPDATE run SET finished_at = NULL, load_after = NULL; DELETE FROM sample WHERE sequence > 4;"
        "UPDATE measurement SET samples = 4, stopped = NULL, median_seconds = 1");
    succeed(command_run("--db", "part.db", "merge", "whole.db", NULL));
    expect_same_content("part.db", "whole.db");
    expect_integer_in("part.db", "SELECT load_after IS NOT NULL FROM run", 1);
    /* And what is whole does not lose anything to a part. */
    command_execute("whole.db", "UPDATE run SET finished_at = NULL; DELETE FROM sample WHERE sequence > 4;"
                                "UPDATE measurement SET samples = 4, stopped = NULL, median_seconds = 1");
    char *before = command_text("part.db", everything);
    succeed(command_run("--db", "part.db", "merge", "whole.db", NULL));
    char *after = command_text("part.db", everything);
    assert_string_equal(before, after);
    sqlite3_free(before);
    sqlite3_free(after);
}

static void other_files_are_not_merged(void **state)
{
    (void)state;
    succeed(command_run("run", "--samples", "1", "--", "true", NULL));
    command_execute("foreign.db", "CREATE TABLE t(a)");
    command_expect_error(command_run("merge", "foreign.db", NULL), 3,
                         "foreign.db is a database of another program: name a history of pricereport");
    command_write_file("text.db",
                       "this is no database, but a text that is long enough for a header of one hundred "
                       "bytes, which SQLite reads first of all");
    command_expect_error(command_run("merge", "text.db", NULL), 3, "text.db is no history of pricereport");
    command_expect_error(command_run("merge", "none.db", NULL), 3, "cannot read none.db: No such file");
    assert_int_equal(access("none.db", F_OK), -1);
    command_expect_error(command_run("merge", NULL), 2, "the histories are missing");
    succeed(command_run("--db", "newer.db", "merge", db, NULL));
    command_execute("newer.db", "PRAGMA user_version = 99");
    command_expect_error(command_run("merge", "newer.db", NULL), 3,
                         "newer.db was written by a newer pricereport");
    /* A damaged one: nothing of it comes in. */
    succeed(command_run("--db", "damaged.db", "merge", db, NULL));
    command_execute("damaged.db", "DROP TABLE task; UPDATE run SET uuid = 'x'");
    command_expect_error(command_run("merge", "damaged.db", NULL), 3, "cannot merge damaged.db: ");
    expect_integer("SELECT count(*) FROM run", 1);
}

/* A history in this version of its schema, with nothing in it. */
static void make_schema(const char *file, int version)
{
    char path[4096];
    for (int step = 1; step <= version; step++) {
        snprintf(path, sizeof path, "%s/../../sql/schema/%d.sql", getenv("PRICEREPORT_CLI_TESTS"), step);
        char *schema = command_read_file(path);
        command_execute(file, schema);
        free(schema);
    }
}

/* A history in this version of its schema, with a run. */
static void make_old_history(const char *file, int version)
{
    make_schema(file, version);
    command_execute(
        file,
        "INSERT INTO machine(processor, processors, architecture, memory_gib, kernel, sqlite, compiler, "
        "flags)"
        " VALUES ('p', 2, 'a', 8, 'k', 's', 'c', 'f');"
        "INSERT INTO run(uuid, verb, started_at, finished_at, machine, tool, options, label) VALUES"
        " ('aa', 'experiment', '2020-01-01T00:00:00.000Z', '2020-01-01T00:00:01.000Z', 1, '0.1.0', '{}', "
        "'old'),"
        " ('bb', 'run', '2020-01-02T00:00:00.000Z', NULL, 1, '0.1.0', '{}', NULL);"
        "INSERT INTO benchmark(name, parameters) VALUES"
        " ('b', '{\"executor\":\"threads\",\"workers\":2,\"chunk\":64,\"source\":\"s\",\"map\":\"m\"}');"
        "INSERT INTO measurement(run, benchmark, position, rows, samples, median_seconds) VALUES (1, 1, 0, "
        "20, 1, 0.5);"
        "INSERT INTO sample(measurement, sequence, round, warmup, loops, wall_ns, user_ns, system_ns)"
        " VALUES (1, 0, 1, 0, 2, 1000000000, 5, 6)");
    expect_integer_in(file, "PRAGMA user_version", version);
}

static void an_older_history_is_upgraded(void **state)
{
    (void)state;
    make_old_history("old.db", 1);
    Outcome outcome = command_run("list", "--db", "old.db", "--json", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "(j ->> '$[0].status') || (j ->> '$[0].label') || (j ->> '$[1].status')",
              "finishedoldunfinished");
    command_free(&outcome);
    expect_integer_in("old.db", "PRAGMA user_version", 4);
    expect_integer_in(
        "old.db",
        "SELECT variant = 'threads × 2, chunk 64' AND median_seconds = 0.5 AND samples = 1 FROM history", 1);
    char *check = command_text("old.db", "PRAGMA integrity_check");
    assert_string_equal(check, "ok");
    sqlite3_free(check);
    /* It is recorded into, merged and exported as any other. */
    succeed(command_run("run", "--db", "old.db", "--samples", "1", "--", "true", NULL));
    expect_integer_in("old.db", "SELECT count(*) FROM run", 3);
    make_old_history("older.db", 1);
    succeed(command_run("merge", "older.db", NULL));
    expect_integer("SELECT count(*) FROM run", 2);
    expect_integer("SELECT wall_ns FROM sample", 1000000000);
    /* The one that was merged is not touched. */
    expect_integer_in("older.db", "PRAGMA user_version", 1);
}

/* Tasks of a history from before machines were recorded are the run's own, whichever way they come in. */
static void tasks_before_machines_are_the_runs_own(void **state)
{
    (void)state;
    static const char tasks[] =
        "SELECT group_concat(task || ' ' || worker || ' ' || start_ns || ' ' || rows || "
        "' ' || (host IS NULL), ',') FROM task";
    make_old_history("three.db", 3);
    command_execute("three.db", "UPDATE measurement SET tasks = 2;"
                                "INSERT INTO task(measurement, task, worker, start_ns, end_ns, rows) VALUES"
                                " (1, 1, 0, 5, 9, 10), (1, 2, 1, 6, 9, 11)");
    succeed(command_run("merge", "three.db", NULL));
    command_expect_text(db, tasks, "1 0 5 10 1,2 1 6 11 1");
    expect_integer_in("three.db", "PRAGMA user_version", 3);
    Outcome outcome = command_run("export", "--db", "three.db", "1", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out,
              "(j ->> '$.schema') || ' ' || (j ->> '$.runs[0].measurements[0].tasks[1].rows') || ' ' || "
              "json_type(j, '$.runs[0].measurements[0].tasks[1].host')",
              "4 11 null");
    command_free(&outcome);
    command_expect_text("three.db", tasks, "1 0 5 10 1,2 1 6 11 1");
    expect_integer_in("three.db", "PRAGMA user_version", 4);
    command_execute("three.db", "UPDATE task SET host = 'node1' WHERE task = 2");
    outcome = command_run("export", "--db", "three.db", "1", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "j ->> '$.runs[0].measurements[0].tasks[1].host'", "node1");
    command_free(&outcome);
}

static void export_has_everything(void **state)
{
    (void)state;
    record_apart();
    succeed(command_run("--db", "one.db", "merge", "two.db", NULL));
    Outcome outcome = command_run("export", "--db", "one.db", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out,
              "(j ->> '$.schema') || ' ' || json_array_length(j, '$.runs') || ' ' || (j ->> "
              "'$.runs[0].run.processor')",
              "4 3 another");
    char number[32];
    snprintf(number, sizeof number, "%lld",
             (long long)command_integer("one.db", "SELECT count(*) FROM sample"));
    expect_of(outcome.out,
              "(SELECT count(*) FROM json_each(j, '$.runs') AS r, json_each(r.value, '$.measurements') AS m,"
              " json_each(m.value, '$.samples'))",
              number);
    snprintf(number, sizeof number, "%lld",
             (long long)command_integer("one.db", "SELECT sum(wall_ns) FROM sample"));
    expect_of(outcome.out,
              "(SELECT sum(s.value ->> 'wall_ns') FROM json_each(j, '$.runs') AS r,"
              " json_each(r.value, '$.measurements') AS m, json_each(m.value, '$.samples') AS s)",
              number);
    expect_of(outcome.out, "j ->> '$.runs[0].run.remarks[0].reason'", "why");
    expect_of(outcome.out, "j ->> '$.runs[0].measurements[1].parameters.executor'", "threads");
    expect_of(outcome.out,
              "(j ->> '$.runs[1].run.label') || (j ->> '$.runs[1].measurements[0].parameters.command[0]')",
              "onetrue");
    command_free(&outcome);
    outcome = command_run("export", "--db", "one.db", "3", "1", "1", "--json", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "json_array_length(j, '$.runs')", "2");
    command_free(&outcome);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        count++;
    return count;
}

static void export_for_spreadsheets_and_documents(void **state)
{
    (void)state;
    record_apart();
    succeed(command_run("--db", "one.db", "merge", "two.db", NULL));
    Outcome outcome = command_run("export", "--db", "one.db", "--csv", NULL);
    command_expect_success(&outcome);
    assert_int_equal(count_of(outcome.out, "\r\n"), 1 + 4);
    command_free(&outcome);
    outcome = command_run("export", "--db", "one.db", "--csv", "--samples", NULL);
    command_expect_success(&outcome);
    assert_int_equal(count_of(outcome.out, "\r\n"),
                     1 + command_integer("one.db", "SELECT count(*) FROM sample"));
    command_free(&outcome);
    outcome = command_run("export", "1", "--db", "one.db", "--markdown", NULL);
    command_expect_success(&outcome);
    assert_int_equal(count_of(outcome.out, "\n"), 3);
    assert_non_null(strstr(outcome.out, "| true |"));
    command_free(&outcome);
    outcome = command_run("export", "1", "--db", "one.db", "--markdown", "--samples", NULL);
    command_expect_success(&outcome);
    assert_int_equal(count_of(outcome.out, "\n"), 2 + 7);
    command_free(&outcome);
    command_expect_error(command_run("export", "--db", "one.db", "9", NULL), 3, "9: one.db has no run");
    command_expect_error(command_run("export", NULL), 3, "there is no history at pricereport.db");
    command_write_file("empty.db", "");
    outcome = command_run("export", "--db", "empty.db", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "json_array_length(j, '$.runs')", "0");
    command_free(&outcome);
}

/* The generator of large histories, small here: what the queries are timed on has to be a history. */
static void made_up_histories_are_histories(void **state)
{
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/../support/history_small.sql", getenv("PRICEREPORT_CLI_TESTS"));
    char *script = command_read_file(path);
    command_write_file(db, "");
    succeed(command_run("list", NULL));
    char *sql =
        sqlite3_mprintf("CREATE TEMP TABLE size(runs, benchmarks, samples, low_rank, high_rank, origin);"
                        "INSERT INTO size VALUES (8, 4, 10, 2, 9, 1);%s",
                        script);
    command_execute(db, sql);
    sqlite3_free(sql);
    free(script);
    expect_integer("SELECT count(*) FROM sample", 8 * 4 * 10);
    expect_integer(
        "SELECT count(*) FROM history WHERE minimum_seconds <= low_seconds AND low_seconds <= median_seconds"
        " AND median_seconds <= high_seconds AND high_seconds <= maximum_seconds AND speed_up > 0",
        8 * 4);
    expect_integer("SELECT count(*) FROM comparison WHERE ratio > 1.08", 1);
    expect_integer("SELECT count(*) FROM latest", 4);
    succeed(command_run("show", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(histories_are_merged, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(merging_again_changes_nothing, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_run_that_went_on_is_completed, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(other_files_are_not_merged, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(an_older_history_is_upgraded, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(tasks_before_machines_are_the_runs_own, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(export_has_everything, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(export_for_spreadsheets_and_documents, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(made_up_histories_are_histories, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
