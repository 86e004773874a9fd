/* What other tools write that is odd, failed or incomplete, and what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/exchanged.h"

/* Imports fixtures, which succeeds, and what is said on standard error begins so ("": nothing is). */
static void import_saying(const char *said, const char *const *fixtures)
{
    const char *arguments[8] = {"import"};
    size_t count = 1;
    for (; *fixtures; fixtures++)
        arguments[count++] = fixture(*fixtures);
    Outcome outcome = command_run_list(arguments);
    assert_int_equal(outcome.status, 0);
    if (*said)
        assert_int_equal(strncmp(outcome.err, said, strlen(said)), 0);
    else
        assert_string_equal(outcome.err, "");
    command_free(&outcome);
}

#define IMPORT(said, ...) import_saying(said, (const char *const[]){__VA_ARGS__, NULL})

static void expect_verdicts(const char *expression, const char *expected)
{
    Outcome outcome = command_run("compare", "1", "2", "--any-machine", "--json", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, expression, expected);
    command_free(&outcome);
}

static void failed_commands_are_no_samples(void **state)
{
    (void)state;
    IMPORT("", "hf-works.json");
    command_expect_error(command_run("import", fixture("hf-broken.json"), NULL), 3,
                         "$.results[0].exit_codes: expected a run that succeeded, but all 9 failed");
    expect_integer("SELECT count(*) FROM run", 1);
    /* A signal leaves null. */
    IMPORT("pricereport: hf-one-killed.json: left out 1 timing of $.results[0]: the command failed\n",
           "hf-one-killed.json");
    expect_integer("SELECT samples FROM history WHERE run = 2", 8);
    expect_integer("SELECT min(wall_ns) FROM sample JOIN measurement USING (measurement) WHERE run = 2",
                   1000000000);
    succeed(command_run("import", "--ignore-failure", "hf-broken.json", NULL));
    expect_integer("SELECT samples FROM history WHERE run = 3", 9);
}

static void benchmarks_of_one_name_are_paired_in_order(void **state)
{
    (void)state;
    IMPORT("", "hf-dup-a.json", "hf-dup-c.json");
    expect_text("SELECT group_concat(name) FROM benchmark", "build,build (2)");
    expect_verdicts("(j ->> '$[0].verdict') || ' ' || (j ->> '$[1].verdict')", "same regression");
    command_write_file(
        "families.json",
        "{\"context\": {\"date\": \"2025-01-01\"}, \"benchmarks\": ["
        "{\"name\": \"a\", \"run_type\": \"iteration\", \"family_index\": 0, \"iterations\": 1, "
        "\"real_time\": 1, \"cpu_time\": 1},"
        "{\"name\": \"a\", \"run_type\": \"iteration\", \"family_index\": 1, \"iterations\": 1, "
        "\"real_time\": 9, \"cpu_time\": 9}]}");
    succeed(command_run("import", "families.json", NULL));
    expect_text("SELECT group_concat(benchmark || ' ' || samples) FROM history WHERE run = 3", "a 1,a (2) 1");
}

static void parameters_that_a_name_hides_are_shown(void **state)
{
    (void)state;
    IMPORT("", "hf-named-parameters-a.json");
    expect_text("SELECT group_concat(benchmark, '; ') FROM history",
                "build (threads=1); build (threads=2); build (threads=4)");
}

/* The files were measured on two machines whose processors are not known. */
static void expect_other_machines(const char *one, const char *other)
{
    IMPORT("", one, other);
    command_expect_error(command_run("compare", "1", "2", NULL), 3,
                         "of different machines (processor unknown");
    command_expect_error(command_run("check", NULL), 3, "on other machines only");
    unlink("pricereport.db");
}

static void hosts_of_unknown_processors_are_other_machines(void **state)
{
    (void)state;
    expect_other_machines("py-unknown-cpu-a.json", "py-unknown-cpu-b.json");
    expect_other_machines("py-old-x86-a.json", "py-old-x86-b.json");
}

static void addresses_of_objects_are_no_identity(void **state)
{
    (void)state;
    IMPORT("", "py-params-unserialisable.json");
    changed_fixture("py-params-unserialisable.json", "$.benchmarks[0].params.f",
                    "\"UNSERIALIZABLE[<function f at 0x7fffAB012340>]\"", "second.json");
    succeed(command_run("import", "second.json", NULL));
    expect_integer("SELECT count(*) FROM benchmark", 1);
    expect_text("SELECT parameters ->> '$.parameters.f' FROM benchmark", "UNSERIALIZABLE[<function f>]");
    /* A short number is a value. */
    changed_fixture("py-params-unserialisable.json", "$.benchmarks[0].params.f", "\"jump at 0x7f\"",
                    "value.json");
    succeed(command_run("import", "value.json", NULL));
    expect_text("SELECT parameters ->> '$.parameters.f' FROM benchmark WHERE benchmark = 2", "jump at 0x7f");
}

static void numbers_that_json_lacks_are_null(void **state)
{
    (void)state;
    IMPORT("", "gb-nan-counter.json", "py-nan-extra.json");
    expect_integer("SELECT count(*) FROM history WHERE samples > 0", 2);
    expect_text("SELECT json_type(options, '$.rest.benchmarks[0].rate') FROM run WHERE run = 1", "null");
    static const char *const spellings[] = {"NaN",  "nan",       "-nan",      "Infinity", "-Infinity", "inf",
                                            "-inf", "-nan(ind)", "1.#QNAN00", "-1.#IND",  "1.#INF"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        char *text = sqlite3_mprintf("{\"results\": [{\"command\": \"NaN, \\\" inf %d\", \"times\": [1.5], "
                                     "\"stddev\":%s},{\"command\":\"b\",\"times\":[%s, 1]}]}",
                                     (int)i, spellings[i], spellings[i]);
        command_write_file("odd.json", text);
        sqlite3_free(text);
        Outcome outcome = command_run("import", "odd.json", NULL);
        assert_int_equal(outcome.status, 0);
        assert_string_equal(
            outcome.err,
            "pricereport: odd.json: left out $.results[1].times[0]: expected seconds, from 0 to 1e9\n");
        command_free(&outcome);
    }
    expect_integer("SELECT count(*) FROM benchmark WHERE name GLOB 'NaN, \" inf *'",
                   sizeof spellings / sizeof *spellings);
}

static void a_time_of_0_has_no_ratio(void **state)
{
    (void)state;
    IMPORT("", "hf-zero.json", "hf-small.json");
    expect_verdicts("(j ->> '$[0].verdict') || ', ' || (j ->> '$[0].note')",
                    "inconclusive, the base took 0 s: there is no ratio");
    Outcome outcome = command_run("compare", "2", "1", "--json", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out,
              "(j ->> '$[0].verdict') || ', ' || (j ->> '$[0].ratio') || ', ' || (j ->> '$[0].note')",
              "improved, 0.0, took 0 s: too short for its clock");
    command_free(&outcome);
}

static void old_google_benchmark_is_understood(void **state)
{
    (void)state;
    IMPORT("", "gb-old-complexity.json", "gb-name-like-aggregate.json", "gb-very-old-date.json",
           "gb-windows.json");
    expect_text("SELECT group_concat(benchmark) FROM history WHERE run = 1", "BM_sort/8,BM_sort/64");
    expect_text("SELECT group_concat(benchmark) FROM history WHERE run = 2", "BM_compute_mean,BM_b");
    expect_text("SELECT started_at FROM run WHERE run = 3", "2015-03-17T18:40:25.000Z");
    expect_text(
        "SELECT parameters ->> '$.program' FROM benchmark WHERE parameters ->> '$.program' IS NOT NULL",
        "b.exe");
    changed_fixture("gb-windows.json", "$.context.date", "\"yesterday\"", "date.json");
    Outcome outcome = command_run("import", "date.json", NULL);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err,
                        "pricereport: date.json: the date yesterday is not understood: the run has that "
                        "of the file\n");
    command_free(&outcome);
}

/* Google Benchmark's --benchmark_context=key=value. */
static void custom_contexts_have_commit_and_machine(void **state)
{
    (void)state;
    command_write_file(
        "context.json",
        "{\"context\": {\"date\": \"2025-01-02T03:04:05+01:00\", \"host_name\": \"4f2a9c\", \"num_cpus\": 4, "
        "\"Git_SHA\": \"0123456789ABCDEF\", \"git_branch\": \"topic\", \"git_dirty\": \"true\", "
        "\"machine\": \"bench-1\", \"cpu_model\": \"Cpu 9\", \"note\": \"kept\"}, \"benchmarks\": ["
        "{\"name\": \"a\", \"run_type\": \"iteration\", \"iterations\": 1, \"real_time\": 1, \"cpu_time\": 1}]}");
    succeed(command_run("import", "context.json", NULL));
    expect_text(
        "SELECT commit_id || ' ' || branch || ' ' || dirty || ' ' || host || ' ' || processor || ' ' || "
        "(options ->> '$.rest.context.note') FROM run JOIN machine USING (machine)",
        "0123456789abcdef topic 1 bench-1 Cpu 9 kept");
    /* What is no commit, and no processor, is none. */
    changed_fixture("gb-windows.json", "$.context.git_sha", "\"unknown\"", "none.json");
    succeed(command_run("import", "none.json", NULL));
    expect_integer("SELECT commit_id IS NULL AND dirty IS NULL FROM run WHERE run = 2", 1);
    expect_text("SELECT processor FROM run JOIN machine USING (machine) WHERE run = 2",
                "unknown processor of DESKTOP-1");
}

/* A file, what its history has then, and what is said of it; without `holds` the whole file is refused. */
typedef struct Found {
    const char *file, *holds, *said;
} Found;

static void files_of_the_field_are_understood(void **state)
{
    (void)state;
    static const Found files[] = {
        {"gb-new-complexity.json", "BM_sort/8 5.0e-09 1; BM_sort/64 5.0e-09 1", ""},
        {"gb-mix-units.json", "BM_ns 1.5e-06 1; BM_us 1.5e-06 1; BM_ms 1.5e-06 1; BM_s 1.5e-06 1", ""},
        {"gb-utf8.json", "BM_größe/π/日本 5.0e-09 1; BM_<int, std::vector<double>>/\"q\" 5.0e-09 1", ""},
        {"gb-no-host.json", "BM_a 5.0e-09 1", ""},
        {"gb-log-before.json", "BM_a 5.0e-09 1", "gb-log-before.json: lines before the JSON: left out"},
        {"gb-all-skipped.json", NULL, "$.benchmarks: expected at least one that ran"},
        {"hf-utf16.json", "x 1.0 1", ""},
        {"hf-mem-new.json", "x 1.1 3", ""},
        {"hf-same-name.json", "build 0.1 7; build (2) 0.2 7", ""},
        {"hf-old-parameter.json", "sleep 1 1.05 2", ""},
        {"hf-signal.json", NULL, "expected a run that succeeded, but all 9 failed"},
        {"hf-failed.json", NULL, "expected a run that succeeded, but all 9 failed"},
        {"py-null-cpu.json", "t.py::t1 0.2 3", ""},
        {"py-unversioned.json", "t.py::t1 0.2 3", ""},
        {"py-no-commit.json", "t.py::t1 0.2 3", ""},
        {"py-local-date.json", "t.py::t1 0.2 3", ""},
        {"py-no-benchmarks.json", NULL, "$.benchmarks: expected at least one benchmark"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/fixtures/%s", getenv("PRICEREPORT_CLI_TESTS"), files[i].file);
        Outcome outcome = command_run("import", path, NULL);
        if (outcome.status != (files[i].holds ? 0 : 3) || !strstr(outcome.err, files[i].said) ||
            (!*files[i].said && *outcome.err))
            fail_msg("%s: status %d, %s", files[i].file, outcome.status, outcome.err);
        command_free(&outcome);
        if (files[i].holds)
            expect_text(
                "SELECT group_concat(benchmark || ' ' || CAST(printf('%.12g', median_seconds) AS REAL) || ' ' || samples, '; ') "
                "FROM history",
                files[i].holds);
        if (strcmp(files[i].file, "hf-mem-new.json") == 0) /* 0 is not known */
            expect_text("SELECT group_concat(coalesce(peak_memory_kib, '-')) FROM sample", "10240,10240,-");
        if (strcmp(files[i].file, "py-unversioned.json") == 0)
            expect_integer("SELECT commit_id IS NULL AND branch IS NULL FROM run", 1);
        unlink("pricereport.db");
    }
}

static void what_failed_or_was_skipped_is_named(void **state)
{
    (void)state;
    IMPORT(
        "pricereport: gb-error-and-skip.json: left out $.benchmarks[1]: expected a benchmark that ran: it failed: "
        "no \"device\"\npricereport: gb-error-and-skip.json: left out $.benchmarks[2]: expected a benchmark that "
        "ran: it was skipped: x\n",
        "gb-error-and-skip.json");
    expect_text("SELECT group_concat(benchmark) FROM history", "BM_ok");
}

static void long_lists_of_what_is_left_out_end(void **state)
{
    (void)state;
    char *text = command_text(
        ":memory:", "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
                    " SELECT json_object('results', json_insert(json_group_array(json('{}')), '$[#]',"
                    " json('{\"command\": \"a\", \"times\": [1]}'))) FROM n");
    command_write_file("many.json", text);
    sqlite3_free(text);
    Outcome outcome = command_run("import", "many.json", "--json", NULL);
    assert_int_equal(outcome.status, 0);
    expect_of(outcome.out, "j ->> '$[0].left_out'", "30");
    assert_non_null(strstr(outcome.err, "left out $.results[9].command: expected a text\n"
                                        "pricereport: many.json: and 20 more left out\n"));
    command_free(&outcome);
}

static void summaries_are_marked_and_not_tested(void **state)
{
    (void)state;
    IMPORT("", "py-one-without-data.json");
    changed_fixture("py-one-without-data.json", "$.benchmarks[1].stats.median", "0.5", "slower.json");
    succeed(command_run("import", "slower.json", NULL));
    expect_text(
        "SELECT samples || ' ' || stopped || ' ' || median_seconds || ' ' || minimum_seconds || ' ' || "
        "coalesce(low_seconds, 'none') FROM history WHERE run = 1 AND position = 1",
        "3 summary 0.2 0.1 none");
    expect_verdicts("(j ->> '$[1].verdict') || ', ' || (j ->> '$[1].ratio') || ', ' || (j ->> '$[1].note')",
                    "inconclusive, 2.5, a summary without samples: not tested");
    Outcome shown = command_run("show", NULL);
    command_expect_success(&shown);
    assert_non_null(strstr(shown.out, "3 (summary)"));
    command_free(&shown);
    /* Aggregates stand for repetitions that are not in the file. */
    IMPORT("", "gb-aggregates-only.json");
    expect_text(
        "SELECT benchmark || ' ' || samples || ' ' || stopped || ' ' || median_seconds || ' ' || mean_seconds "
        "FROM history WHERE run = 3",
        "BM_a 5 summary 9.9e-06 1.0e-05");
}

static void standard_input_is_a_file(void **state)
{
    (void)state;
    fixture("hyperfine.json");
    FILE *before = freopen("hyperfine.json", "r", stdin);
    assert_non_null(before);
    succeed(command_run("import", "-", NULL));
    expect_text("SELECT options ->> '$.file' FROM run", "standard input");
    /* The same content is known, by whichever way, and a label that it does not get is not kept silent. */
    Outcome outcome = command_run("import", "--label", "x", "hyperfine.json", NULL);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err, "pricereport: hyperfine.json: known as run 1: it keeps no label\n");
    command_free(&outcome);
    assert_non_null(freopen("/dev/null", "r", stdin));
    command_expect_error(command_run("import", "-", NULL), 3, "standard input is no JSON");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(failed_commands_are_no_samples),
        TEST(benchmarks_of_one_name_are_paired_in_order),
        TEST(parameters_that_a_name_hides_are_shown),
        TEST(hosts_of_unknown_processors_are_other_machines),
        TEST(addresses_of_objects_are_no_identity),
        TEST(numbers_that_json_lacks_are_null),
        TEST(a_time_of_0_has_no_ratio),
        TEST(old_google_benchmark_is_understood),
        TEST(custom_contexts_have_commit_and_machine),
        TEST(files_of_the_field_are_understood),
        TEST(what_failed_or_was_skipped_is_named),
        TEST(long_lists_of_what_is_left_out_end),
        TEST(summaries_are_marked_and_not_tested),
        TEST(standard_input_is_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
