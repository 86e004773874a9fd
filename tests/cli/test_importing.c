/* What comes in from other tools. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/exchanged.h"

static const char db[] = "pricereport.db";

static void hyperfine_is_imported(void **state)
{
    (void)state;
    Outcome outcome = command_run("import", fixture("hyperfine.json"), "--label", "l", "--json", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "j",
              "[\n{\"file\":\"hyperfine.json\",\"tool\":\"hyperfine\",\"run\":1,\"outcome\":\"imported\","
              "\"benchmarks\":2,\"samples\":8,\"left_out\":0}\n]\n");
    command_free(&outcome);
    expect_text("SELECT verb || ' ' || status || ' ' || label || ' ' || tool FROM run",
                "import finished l hyperfine");
    expect_text("SELECT group_concat(benchmark, '; ') FROM history",
                "sleep 0.02; sort -n --parallel=2 list.txt");
    expect_text("SELECT group_concat(wall_ns) FROM sample WHERE measurement = 1",
                "22600000,21500000,22200000,22300000,21900000,22000000,22400000");
    expect_text("SELECT group_concat(peak_memory_kib) FROM sample WHERE measurement = 1",
                "1206,1208,1206,1204,1206,1206,1206");
    expect_integer("SELECT count(*) FROM sample WHERE user_ns IS NULL AND peak_memory_kib IS NULL AND "
                   "wall_ns = 125000000",
                   1);
    /* n = 7: the interval is from the least to the greatest. */
    expect_integer(
        "SELECT median_seconds = 0.0222 AND low_seconds = 0.0215 AND high_seconds = 0.0226 AND samples = 7"
        " FROM history WHERE position = 0",
        1);
    expect_text("SELECT parameters FROM benchmark WHERE benchmark = 2",
                "{\"tool\":\"hyperfine\",\"parameters\":{\"threads\":\"2\"}}");
    /* Values without a column in the tables are kept. */
    expect_text("SELECT options ->> '$.rest[0].user' FROM run", "0.0005");
    expect_text("SELECT processor FROM machine", "unknown processor");
}

static void google_benchmark_is_imported(void **state)
{
    (void)state;
    Outcome outcome = command_run("import", fixture("google_benchmark.json"), "--csv", NULL);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err,
                        "pricereport: google_benchmark.json: left out $.benchmarks[5]: expected a "
                        "benchmark that ran: it failed: no such file\n");
    assert_non_null(strstr(outcome.out, "\r\ngoogle_benchmark.json,Google Benchmark,1,imported,3,5,1\r\n"));
    command_free(&outcome);
    expect_text("SELECT started_at || ' ' || tool || ' ' || host || ' ' || load_before FROM run",
                "2025-03-04T08:20:30.000Z Google Benchmark v1.9.4 builder-7 0.25");
    expect_text("SELECT group_concat(benchmark || ' ' || samples, '; ') FROM history",
                "BM_Raise/1024 3; BM_Crazy 1; BM_Raise/1024 1");
    /* A rate is a metric, of the same executions. */
    expect_text(
        "SELECT metric || ' ' || unit || ' ' || more_is_better || ' ' || median_seconds FROM history WHERE metric IS NOT NULL",
        "items_per_second items/s 1 2900000000.0");
    expect_text(
        "SELECT group_concat(loops || ' ' || wall_ns || ' ' || user_ns, '; ') FROM sample WHERE value IS NULL",
        "2000 701000 700500; 2000 696000 695000; 2000 704000 702000; 4 6000000 5000000");
    expect_integer("SELECT count(*) FROM sample WHERE system_ns IS NULL", 5);
    expect_integer("SELECT abs(median_seconds - 350.5e-9) < 1e-15 FROM history WHERE position = 0", 1);
    expect_text("SELECT processors || ' ' || flags FROM machine", "8 release");
    expect_text("SELECT parameters FROM benchmark WHERE benchmark = 1",
                "{\"tool\":\"Google Benchmark\",\"program\":\"price_benchmarks\"}");
}

static void pytest_benchmark_is_imported(void **state)
{
    (void)state;
    Outcome outcome = command_run("import", fixture("pytest_benchmark.json"), NULL);
    command_expect_success(&outcome);
    assert_non_null(
        strstr(outcome.out, "pytest_benchmark.json  pytest-benchmark    1  imported           2        8"));
    command_free(&outcome);
    expect_text("SELECT started_at || ' ' || tool || ' ' || host || ' ' || commit_id || ' ' || branch || ' ' "
                "|| dirty FROM run",
                "2025-05-06T07:08:09.123Z pytest-benchmark 4.0.0 laptop "
                "0123456789abcdef0123456789abcdef01234567 main 1");
    expect_text("SELECT group_concat(loops || ' ' || wall_ns) FROM sample WHERE measurement = 1",
                "10 260000,10 220000,10 210000,10 230000,10 200000,10 248000");
    expect_integer("SELECT abs(median_seconds - 22.5e-6) < 1e-15 FROM history WHERE position = 0", 1);
    expect_text("SELECT fingerprint FROM machine", "Example Processor 4000, 4 processors, x86_64, 0 GiB, "
                                                   "Linux 6.10, SQLite unknown, GCC 12.2.0, CPython 3.11.2");
    expect_text(
        "SELECT name || ' ' || parameters FROM benchmark WHERE benchmark = 1",
        "tests/test_price.py::test_raise[20] {\"tool\":\"pytest-benchmark\",\"parameters\":{\"rows\":20}}");
    Outcome shown = command_run("show", NULL);
    command_expect_success(&shown);
    assert_non_null(strstr(shown.out, "measured by   pytest-benchmark 4.0.0"));
    assert_null(strstr(shown.out, "sampling"));
    command_free(&shown);
}

static void the_same_file_is_imported_once(void **state)
{
    (void)state;
    succeed(command_run("import", fixture("hyperfine.json"), fixture("pytest_benchmark.json"), NULL));
    Outcome google = command_run("import", fixture("google_benchmark.json"), NULL);
    assert_int_equal(google.status, 0);
    command_free(&google);
    expect_integer("SELECT count(*) FROM run", 3);
    Outcome outcome = command_run("import", "hyperfine.json", "google_benchmark.json",
                                  "pytest_benchmark.json", "hyperfine.json", NULL);
    command_expect_success(&outcome);
    assert_null(strstr(outcome.out, "imported"));
    command_free(&outcome);
    /* Other white space, another name and a byte order mark are no other content; another figure is. */
    changed_fixture("hyperfine.json", "$.none", NULL, "spaces.json");
    char *plain = command_read_file("spaces.json"), *marked = sqlite3_mprintf("\xef\xbb\xbf%s\n\n", plain);
    command_write_file("marked.json", marked);
    sqlite3_free(marked);
    free(plain);
    succeed(command_run("import", "spaces.json", "marked.json", NULL));
    expect_integer("SELECT count(*) FROM run", 3);
    expect_integer("SELECT count(*) FROM sample", 21);
    changed_fixture("hyperfine.json", "$.results[0].times[0]", "0.0227", "other.json");
    succeed(command_run("import", "other.json", NULL));
    expect_integer("SELECT count(*) FROM run", 4);
    /* The same benchmarks on the same machine: a history. */
    expect_integer("SELECT count(*) FROM benchmark", 7);
    expect_integer("SELECT count(*) FROM comparison", 2);
}

static void what_the_file_does_not_tell_may_be_here(void **state)
{
    (void)state;
    succeed(command_run("run", "--samples", "1", "--", "true", NULL));
    succeed(
        command_run("import", "--here", fixture("hyperfine.json"), fixture("pytest_benchmark.json"), NULL));
    expect_integer("SELECT (SELECT machine FROM run WHERE run = 1) = (SELECT machine FROM run WHERE run = 2)",
                   1);
    expect_text("SELECT processor FROM machine JOIN run USING (machine) WHERE run = 3",
                "Example Processor 4000");
}

static void expect_refused(const char *file, const char *part)
{
    command_expect_error(command_run("import", "good.json", file, NULL), 3, part);
    if (access(db, F_OK) == 0)
        expect_integer("SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM benchmark) + (SELECT "
                       "count(*) FROM machine)"
                       " + (SELECT count(*) FROM measurement) + (SELECT count(*) FROM sample)",
                       0);
}

/* A change to a fixture, and what is to be said of it. `left` benchmarks are imported all the same; 0: the
 * whole file is refused, and those beside it. */
typedef struct Wrong {
    const char *fixture, *path, *json, *part;
    int left;
} Wrong;

static void what_is_malformed_is_left_out_and_named(void **state)
{
    (void)state;
    static const Wrong wrong[] = {
        {"hyperfine.json", "$.results[1].command", "7", "$.results[1].command: expected a text", 1},
        {"hyperfine.json", "$.results[1]", "[1]", "$.results[1].command: expected a text", 1},
        {"hyperfine.json", "$.results[1].times", NULL, "$.results[1].times: expected an array of seconds", 1},
        {"hyperfine.json", "$.results[1].times", "[]", "$.results[1].times: expected an array of seconds", 1},
        {"hyperfine.json", "$.results[0].times[4]", "\"1\"",
         "$.results[0].times[4]: expected seconds, from 0", 1},
        {"hyperfine.json", "$.results[0].times[4]", "-0.1", "$.results[0].times[4]: expected seconds, from 0",
         1},
        {"hyperfine.json", "$.results[0].times[4]", "1e300",
         "$.results[0].times[4]: expected seconds, from 0 to 1e9", 1},
        {"hyperfine.json", "$.results[0].memory_usage_byte[1]", "\"x\"",
         "memory_usage_byte[1]: expected a whole number", 1},
        {"hyperfine.json", "$.results", "[]",
         "is JSON of no tool that is known: expected a result of hyperfine", 0},
        {"hyperfine.json", "$.results", "{}", "is JSON of no tool that is known", 0},
        {"google_benchmark.json", "$.benchmarks[0].name", "null", "$.benchmarks[0].name: expected a text", 2},
        {"google_benchmark.json", "$.benchmarks[4]", "\"text\"", "$.benchmarks[4].name: expected a text", 1},
        {"google_benchmark.json", "$.benchmarks[0].iterations", "0",
         "$.benchmarks[0].iterations: expected a whole number", 2},
        {"google_benchmark.json", "$.benchmarks[1].real_time", "\"fast\"",
         "$.benchmarks[1].real_time: expected the time", 2},
        {"google_benchmark.json", "$.benchmarks[1].real_time", "1e30",
         "$.benchmarks[1].real_time: expected a time that", 2},
        {"google_benchmark.json", "$.benchmarks[1].cpu_time", "-1",
         "$.benchmarks[1].cpu_time: expected the time", 2},
        {"google_benchmark.json", "$.benchmarks[1].time_unit", "\"h\"",
         "$.benchmarks[1].time_unit: expected ns, us, ms or s", 2},
        {"google_benchmark.json", "$.benchmarks", "[]", "$.benchmarks: expected at least one that ran", 0},
        {"google_benchmark.json", "$.context", NULL, "is JSON of no tool that is known", 0},
        {"pytest_benchmark.json", "$.benchmarks[0].fullname", NULL,
         "$.benchmarks[0].fullname: expected a text", 1},
        {"pytest_benchmark.json", "$.benchmarks[1].stats.data", "7",
         "$.benchmarks[1].stats.data: expected an array of every timing", 1},
        {"pytest_benchmark.json", "$.benchmarks[1].stats.data[0]", "true",
         "$.benchmarks[1].stats.data[0]: expected seconds", 1},
        {"pytest_benchmark.json", "$.benchmarks[1].stats.iterations", "0",
         "$.benchmarks[1].stats.iterations: expected a whole", 1},
        {"pytest_benchmark.json", "$.benchmarks", "[]", "$.benchmarks: expected at least one benchmark", 0},
        {"pytest_benchmark.json", "$.commit_info.dirty", "\"maybe\"", "wrong.json cannot be imported", 0},
    };
    fixture("hyperfine.json");
    assert_int_equal(rename("hyperfine.json", "good.json"), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        changed_fixture(wrong[i].fixture, wrong[i].path, wrong[i].json, "wrong.json");
        if (wrong[i].left == 0) {
            expect_refused("wrong.json", wrong[i].part);
            expect_refused("wrong.json", "wrong.json");
            continue;
        }
        Outcome outcome = command_run("import", "wrong.json", NULL);
        assert_int_equal(outcome.status, 0);
        assert_non_null(strstr(outcome.err, "pricereport: wrong.json: left out $."));
        assert_non_null(strstr(outcome.err, wrong[i].part));
        command_free(&outcome);
        expect_integer("SELECT count(*) FROM history WHERE samples > 0 AND metric IS NULL", wrong[i].left);
        unlink(db);
    }
}

static void what_is_no_result_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{", "not JSON", "[1, 2", "\xff\xfe{"};
    fixture("hyperfine.json");
    assert_int_equal(rename("hyperfine.json", "good.json"), 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        command_write_file("wrong.json", texts[i]);
        expect_refused("wrong.json", "wrong.json is no JSON: expected a result of hyperfine --export-json");
    }
    char *text = command_read_file("good.json");
    text[strlen(text) / 2] = '\0';
    command_write_file("wrong.json", text);
    free(text);
    expect_refused("wrong.json", "wrong.json is no JSON");
    static const char *const foreign[] = {"{}",
                                          "[]",
                                          "7",
                                          "null",
                                          "\"results\"",
                                          "{\"benchmarks\":[]}",
                                          "{\"results\":[{}]}",
                                          "{\"results\": [NaN]}"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        command_write_file("wrong.json", foreign[i]);
        expect_refused("wrong.json", "wrong.json is JSON of no tool that is known: expected");
    }
    FILE *file = fopen("wrong.json", "w");
    assert_non_null(file);
    fwrite("{\"a\": 1}\0{}", 1, 11, file);
    fclose(file);
    expect_refused("wrong.json", "wrong.json is no JSON");
    expect_refused("none.json", "cannot read none.json: No such file");
    assert_int_equal(mkdir("folder", 0777), 0);
    expect_refused("folder", "cannot read folder: Is a directory");
    /* A file that is said to be asv's, and is not. */
    command_write_file("wrong.json", "{\"results\": {\"a\": 1}}");
    command_expect_error(
        command_run("import", "--format", "asv", "wrong.json", NULL), 3,
        "wrong.json, which looks like asv, cannot be imported: expected results, commit_hash");
    command_expect_error(command_run("import", NULL), 2, "the files are missing");
}

/* Longer than what is read at once. */
static void a_long_file_is_imported(void **state)
{
    (void)state;
    enum { TIMES = 30000 };
    char *times = command_text(":memory:", "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n "
                                           "WHERE i < 30000) SELECT json_group_array(0.001 * i) FROM n");
    char *text = sqlite3_mprintf("{\"results\": [{\"command\": \"long\", \"times\": %s}]}", times);
    assert_true(strlen(text) > 2 * 65536);
    command_write_file("long.json", text);
    succeed(command_run("import", "long.json", NULL));
    expect_integer("SELECT count(*) FROM sample", TIMES);
    expect_integer("SELECT sum(wall_ns) FROM sample", (sqlite3_int64)TIMES * (TIMES + 1) / 2 * 1000000);
    sqlite3_free(text);
    sqlite3_free(times);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hyperfine_is_imported, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(google_benchmark_is_imported, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(pytest_benchmark_is_imported, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_same_file_is_imported_once, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(what_the_file_does_not_tell_may_be_here, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(what_is_malformed_is_left_out_and_named, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_result_is_refused, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_long_file_is_imported, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
