/* The formats of pyperf, JMH, go test, asv and criterion: what becomes of each part, and of what is
 * malformed. */
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

/* Imports a text as a file of that name; what is said on standard error begins so ("": nothing is). */
static void import_text(const char *name, const char *text, const char *said)
{
    command_write_file(name, text);
    Outcome outcome = command_run("import", name, NULL);
    if (outcome.status != 0)
        fail_msg("%s: %s", name, outcome.err);
    if (strncmp(outcome.err, said, strlen(said)) != 0 || (!*said && *outcome.err))
        fail_msg("%s: expected %s, said %s", name, said, outcome.err);
    command_free(&outcome);
}

/* The history's rows in few words. */
static const char rows[] =
    "SELECT group_concat(benchmark || coalesce(' [' || metric || coalesce(' ' || unit, '') || iif(more_is_better, ', more', '') || ']', '')"
    " || ' ' || median_seconds || ' ' || samples, '; ') FROM (SELECT * FROM history ORDER BY run, position)";

static const char pyperf[] =
    "{\"version\":\"1.0\",\"metadata\":{\"hostname\":\"h\",\"cpu_model_name\":\"Cpu\",\"cpu_count\":4,"
    "\"platform\":\"Linux-6.1.0-13-amd64-x86_64-with-glibc2.36\",\"python_version\":\"3.11.2 (64-bit)\","
    "\"python_implementation\":\"cpython\",\"perf_version\":\"2.5.0\",\"commit_id\":\"0123456789abcdef\"},\"benchmarks\":["
    "{\"metadata\":{\"name\":\"a\",\"loops\":4,\"inner_loops\":2,\"unit\":\"second\"},\"runs\":["
    "{\"metadata\":{\"calibrate_loops\":4},\"warmups\":[[1,0.5]]},"
    "{\"metadata\":{\"date\":\"2024-05-06 07:08:09.123\",\"mem_max_rss\":2048},\"warmups\":[[4,1]],\"values\":[0.25,0.5]},"
    "{\"metadata\":{\"loops\":1,\"date\":\"2024-05-06 07:09:00\"},\"values\":[0.75]}]},"
    "{\"metadata\":{\"name\":\"b\",\"unit\":\"byte\"},\"runs\":[{\"values\":[100,300,200]}]},"
    "{\"metadata\":{\"name\":\"c\",\"unit\":\"integer\"},\"runs\":[{\"values\":[7]}]}]}";

static void pyperf_is_imported(void **state)
{
    (void)state;
    import_text("p.json", pyperf, "");
    expect_text(rows, "a 0.5 3; b [memory B] 200.0 3; c [value] 7.0 1");
    expect_text(
        "SELECT group_concat(loops || ' ' || wall_ns || ' ' || coalesce(peak_memory_kib, '-')) FROM sample WHERE value IS NULL",
        "8 2000000000 2,8 4000000000 2,2 1500000000 -");
    expect_text("SELECT started_at || ' ' || tool || ' ' || host || ' ' || commit_id FROM run",
                "2024-05-06T07:08:09.123Z pyperf 2.5.0 h 0123456789abcdef");
    expect_text(
        "SELECT processor || ', ' || processors || ', ' || architecture || ', ' || kernel || ', ' || flags FROM machine",
        "Cpu, 4, x86_64, Linux 6.1, cpython 3.11.2");
}

static void packed_files_are_unpacked(void **state)
{
    (void)state;
    char path[4096], bytes[200];
    snprintf(path, sizeof path, "%s/real/pyperf/doc-py3.json.gz", getenv("PRICEREPORT_CLI_TESTS"));
    succeed(command_run("import", path, NULL));
    expect_integer("SELECT samples FROM measurement", 60);
    FILE *whole = fopen(path, "re"), *half = fopen("half.gz", "we");
    assert_non_null(whole);
    assert_non_null(half);
    assert_int_equal(fread(bytes, 1, sizeof bytes, whole), sizeof bytes);
    assert_int_equal(fwrite(bytes, 1, sizeof bytes, half), sizeof bytes);
    fclose(whole);
    fclose(half);
    command_expect_error(command_run("import", "half.gz", NULL), 3,
                         "cannot unpack half.gz: gzip found it damaged");
    const char *search = getenv("PATH");
    char *before = strdup(search ? search : "/usr/bin:/bin");
    assert_non_null(before);
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
    command_expect_error(command_run("import", path, NULL), 3, "the program gzip is missing");
    assert_int_equal(setenv("PATH", before, 1), 0);
    free(before);
}

static const char jmh[] =
    "[{\"jmhVersion\":\"1.37\",\"benchmark\":\"x.B.time\",\"mode\":\"avgt\",\"threads\":1,\"jdkVersion\":\"17\",\"vmName\":\"VM\","
    "\"params\":{\"n\":\"10\"},\"primaryMetric\":{\"score\":2.5,\"scoreError\":\"NaN\",\"scoreUnit\":\"us/op\",\"rawData\":[[2,3],[2.5]]},"
    "\"secondaryMetrics\":{\"gc.alloc.rate.norm\":{\"score\":24,\"scoreUnit\":\"B/op\",\"rawData\":[[24,24],[24]]}}},"
    "{\"benchmark\":\"x.B.rate\",\"mode\":\"thrpt\",\"threads\":4,\"primaryMetric\":{\"score\":1,\"scoreUnit\":\"ops/s\","
    "\"rawData\":[[100,300]]},\"secondaryMetrics\":{\"get\":{\"score\":1,\"scoreUnit\":\"ops/s\",\"rawData\":[[1,2]]}}},"
    "{\"benchmark\":\"x.B.time\",\"mode\":\"sample\",\"threads\":1,\"primaryMetric\":{\"score\":4,\"scoreUnit\":\"ms/op\","
    "\"scorePercentiles\":{\"0.0\":1,\"50.0\":3,\"100.0\":9},\"rawDataHistogram\":[[[[1,2],[3,5],[9,1]]]]},\"secondaryMetrics\":{}}]";

static void jmh_is_imported(void **state)
{
    (void)state;
    import_text("j.json", jmh, "");
    expect_text(
        rows,
        "x.B.time (n=10) 2.5e-06 3; x.B.time (n=10) [gc.alloc.rate.norm B] 24.0 3;"
        " x.B.rate (4 threads) [throughput ops/s, more] 200.0 2; x.B.rate (4 threads) [get ops/s, more] 1.5 2;"
        " x.B.time (sample) 0.003 8");
    expect_text(
        "SELECT stopped || ' ' || mean_seconds || ' ' || minimum_seconds || ' ' || printf('%.12g', maximum_seconds) "
        "FROM history WHERE position = 4",
        "summary 0.004 0.001 0.009");
    expect_text("SELECT tool || ' ' || flags FROM run JOIN machine USING (machine)", "JMH 1.37 VM 17");
}

static const char go[] =
    "goos: linux\ngoarch: amd64\npkg: example.com/x/sort\ncpu: Cpu @ 3 GHz\ncommit: 0123456789abcdef\n"
    "Unit widgets/op better=higher\n"
    "BenchmarkSort/n=10-8\n"
    "BenchmarkSort/n=10-8 \t 1000\t 2000 ns/op\t 1.5 MB/s\t 64 B/op\t 3 allocs/op\n"
    "BenchmarkSort/n=10-8   2000  1000.5 ns/op  2.5 MB/s  64 B/op  3 allocs/op\r\n"
    "some \"log\" line: here\n"
    "BenchmarkWidgets  10  7 widgets/op\n"
    "PASS\nok  \texample.com/x/sort\t1.2s\n"
    "pkg: other\nBenchmarkSort/n=10-8 1 5 ns/op\n";

static void go_test_is_imported(void **state)
{
    (void)state;
    import_text("g.txt", go, "");
    expect_text(
        rows,
        "sort.Sort/n=10-8 1.50025e-06 2; sort.Sort/n=10-8 [MB/s MB/s, more] 2.0 2; sort.Sort/n=10-8 [B/op B] 64.0 2;"
        " sort.Sort/n=10-8 [allocs/op allocs/op] 3.0 2; sort.Widgets [widgets/op widgets/op, more] 7.0 1;"
        " other.Sort/n=10-8 5.0e-09 1");
    expect_text("SELECT group_concat(loops || ' ' || wall_ns) FROM sample WHERE measurement = 1",
                "1000 2000000,2000 2001000");
    expect_text(
        "SELECT commit_id || ' ' || processor || ' ' || architecture || ' ' || kernel FROM run JOIN machine USING (machine)",
        "0123456789abcdef Cpu @ 3 GHz amd64 linux");
    expect_text(
        "SELECT min(parameters ->> '$.package') || ' ' || max(parameters ->> '$.package') FROM benchmark",
        "example.com/x/sort other");
    /* By standard input, too; what changes within a file is part of the name. */
    command_write_file(
        "s.txt",
        "note: a\nBenchmarkX 1 1 ns/op\nnote: b\nBenchmarkX 1 2 ns/op\nnote:\nBenchmarkX 1 3 ns/op\n");
    assert_non_null(freopen("s.txt", "r", stdin));
    succeed(command_run("import", "-", NULL));
    expect_text("SELECT group_concat(benchmark) FROM history WHERE run = 2", "X (note=a),X (note=b),X");
}

static const char asv[] =
    "{\"commit_hash\":\"89abcdef01234567\",\"env_name\":\"py3.11\",\"date\":1700000000000,\"version\":2,\"python\":\"3.11\",\"requirements\":{},"
    "\"params\":{\"machine\":\"m\",\"cpu\":\"Cpu\",\"num_cpu\":\"8\",\"arch\":\"x86_64\",\"os\":\"Linux 6.1.0-13-amd64\"},"
    "\"result_columns\":[\"result\",\"params\",\"version\",\"started_at\",\"duration\",\"stats_ci_99_a\",\"stats_ci_99_b\",\"stats_q_25\","
    "\"stats_q_75\",\"stats_number\",\"stats_repeat\",\"samples\",\"profile\"],\"results\":{"
    "\"s.time_a\":[[0.5],[],\"v\",1700000100000,1,[0.4],[0.6],[0.45],[0.55],[2],[3],[[0.5,0.4,0.6]]],"
    "\"s.time_p\":[[1,null,3,NaN],[[\"1\",\"2\"],[\"<f at 0x7f0011223344>\",\"'y'\"]],\"v\",1700000200000,1,null,null,[0.9,null,2,null],null,null,[5,null,6,null]],"
    "\"s.track_n\":[[42],[],\"v\"],\"s.peakmem_b\":[[2048],[],\"v\"],\"s.time_gone\":[null,[[\"1\"]],\"v\"]}}";

static void a_file_of_asv_is_imported(void **state)
{
    (void)state;
    import_text(
        "alone.json", asv,
        "pricereport: alone.json: left out $.results.\"s.time_gone\": expected a benchmark that ran: it failed, or was skipped\n"
        "pricereport: alone.json: left out $.results.\"s.time_p\"[1]: expected a benchmark that ran");
    expect_text(
        rows,
        "s.peakmem_b [memory B] 2048.0 1; s.time_a 0.5 3; s.time_p(1, <f>) 1.0 5; s.time_p(2, <f>) 3.0 6; s.track_n [value] 42.0 1");
    expect_text("SELECT group_concat(loops || ' ' || wall_ns) FROM sample",
                "2 1000000000,2 800000000,2 1200000000");
    expect_text("SELECT group_concat(coalesce(stopped, 'samples')) FROM history",
                "summary,samples,summary,summary,summary");
    expect_text("SELECT started_at || ' ' || commit_id || ' ' || host FROM run",
                "2023-11-14T22:16:40.000Z 89abcdef01234567 m");
    expect_text("SELECT processor || ', ' || processors || ', ' || kernel || ', ' || flags FROM machine",
                "Cpu, 8, Linux 6.1, py3.11");
}

static void make_asv_folder(void)
{
    assert_int_equal(mkdir("results", 0777) | mkdir("results/m", 0777), 0);
    command_write_file(
        "results/benchmarks.json",
        "{\"s.track_n\":{\"name\":\"s.track_n\",\"unit\":\"rows\",\"type\":\"track\"},\"version\":2}");
    command_write_file("results/m/machine.json", "{\"machine\":\"m\",\"num_cpu\":\"8\",\"version\":1}");
    command_write_file("results/m/89abcdef-py3.11.json", asv);
    command_write_file("results/m/0123-broken.json", "{ broken");
    command_write_file("results/m/0123-failed.json", "{\"commit_hash\":\"0123\",\"results\":{\"a\":null}}");
    command_write_file("results/m/0123-other.json",
                       "{\"commit_hash\":\"0123\",\"params\":{\"machine\":\"x\"},\"results\":{\"a\":1}}");
}

static void a_folder_of_asv_is_imported(void **state)
{
    (void)state;
    make_asv_folder();
    Outcome outcome = command_run("import", "results", NULL);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.err, "pricereport: results: m/0123-broken.json: no JSON: left out\n"));
    assert_non_null(strstr(
        outcome.err,
        "pricereport: results: m/0123-other.json: of another machine than machine.json names: left out\n"));
    assert_non_null(strstr(outcome.err, "pricereport: results/m/0123-failed.json: not imported: "));
    command_free(&outcome);
    expect_integer("SELECT count(*) FROM run", 1);
    expect_text("SELECT unit FROM history WHERE metric = 'value'", "rows");
    /* The folder of a machine, and the file alone, are the same results. */
    outcome = command_run("import", "results/m", "results/m/89abcdef-py3.11.json", "--csv", NULL);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.out, "results/m/89abcdef-py3.11.json,asv,1,known,"));
    command_free(&outcome);
    expect_integer("SELECT count(*) FROM run", 1);
    unlink(db);
    outcome = command_run("import", "results/m/89abcdef-py3.11.json", "--machine", "pods", NULL);
    assert_int_equal(outcome.status, 0);
    command_free(&outcome);
    expect_text("SELECT unit || ' ' || fingerprint FROM history WHERE metric = 'value'", "rows pods");
}

static void write_criterion(const char *folder, const char *benchmark, const char *sample,
                            const char *estimates)
{
    char path[200];
    const char *const names[] = {"benchmark", "sample", "estimates"}, *const texts[] = {benchmark, sample,
                                                                                        estimates};
    snprintf(path, sizeof path, "target/criterion/%s", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "target/criterion/%s/new", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "target/criterion/%s/new/%s.json", folder, names[i]);
        if (texts[i])
            command_write_file(path, texts[i]);
    }
}

static void criterion_is_imported(void **state)
{
    (void)state;
    assert_int_equal(mkdir("target", 0777) | mkdir("target/criterion", 0777), 0);
    write_criterion("a", "{\"group_id\":\"a\",\"full_id\":\"a/10\"}",
                    "{\"sampling_mode\":\"Linear\",\"iters\":[1.0,2.0,3.0],\"times\":[10.0,22.0,36.0]}",
                    "{}");
    write_criterion(
        "b", NULL, NULL,
        "{\"median\":{\"point_estimate\":2000.5},\"mean\":{\"point_estimate\":2100},\"std_dev\":{\"point_estimate\":10}}");
    write_criterion("c", "{\"full_id\":\"c\"}", "{\"iters\":[1.0],\"times\":[1.0,2.0]}", NULL);
    write_criterion("d", "{ broken", "{\"iters\":[2],\"times\":[8]}", NULL);
    Outcome outcome = command_run("import", "target/criterion", NULL);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(
        outcome.err,
        "pricereport: target/criterion: d/new/benchmark.json: no JSON: left out\n"
        "pricereport: target/criterion: left out c/sample.json: expected as many times as iters, and at least one\n");
    command_free(&outcome);
    expect_text(rows, "a/10 1.1e-08 3; b 2.0005e-06 1; d 4.0e-09 1");
    expect_text("SELECT group_concat(loops || ' ' || wall_ns) FROM sample WHERE measurement = 1",
                "1 10,2 22,3 36");
    expect_text("SELECT stopped || ' ' || mean_seconds FROM history WHERE position = 1", "summary 2.1e-06");
}

/* A change to a text, at its first occurrence, and what is to be said of it; the rest is imported all the
 * same. */
typedef struct Wrong {
    const char *text, *part, *changed, *said;
} Wrong;

static void what_is_malformed_is_left_out_and_named(void **state)
{
    (void)state;
    static const Wrong wrong[] = {
        {pyperf, "\"name\":\"a\"", "\"name\":1", "$.benchmarks[0].metadata.name: expected a text"},
        {pyperf, "\"unit\":\"byte\"", "\"unit\":\"mile\"",
         "$.benchmarks[1].metadata.unit: expected second, byte or integer"},
        {pyperf, "[0.25,0.5]", "[0.25,\"x\"]", "$.benchmarks[0].runs[1].values[1]: expected seconds, from 0"},
        {pyperf, "[0.25,0.5]", "[-0.25,0.5]", "$.benchmarks[0].runs[1].values[0]: expected seconds, from 0"},
        {pyperf, "\"loops\":4", "\"loops\":0",
         "$.benchmarks[0].runs[1].values[0]: expected a run with a whole number of loops"},
        {pyperf, "{\"values\":[7]}", "7", "$.benchmarks[2].runs: expected a run with values"},
        {pyperf, "{\"metadata\":{\"name\":\"c\"", "7,{\"metadata\":{\"name\":\"c\"",
         "$.benchmarks[2].metadata.name: expected a text"},
        {jmh, "\"x.B.rate\"", "null", "$[1].primaryMetric: expected a benchmark whose name is a text"},
        {jmh, "\"us/op\"", "5", "$[0].primaryMetric.scoreUnit: expected a text"},
        {jmh, "[[2,3],[2.5]]", "[[2,\"fast\"],[2.5]]",
         "$[0].primaryMetric.rawData[0][1]: expected a figure of each iteration"},
        {jmh, "[[2,3],[2.5]]", "[[2,-3],[2.5]]",
         "$[0].primaryMetric.rawData[0][1]: expected a figure of each iteration"},
        {jmh, "\"score\":4", "\"score\":\"NaN\"", "$[2].primaryMetric.score: expected a number"},
        {go, "BenchmarkWidgets  10  7", "BenchmarkWidgets  10  fast", "line 11: expected a result"},
        {go, "BenchmarkWidgets  10  7", "BenchmarkWidgets  10  NaN",
         "line 11: expected at least one iteration, and a number of widgets/op"},
        {go, "1 5 ns/op", "0 5 ns/op", "line 15: expected at least one iteration"},
        {go, "1 5 ns/op", "1 1e300 ns/op", "line 15: expected a time from 0"},
        {asv, "[[0.5,0.4,0.6]]", "[[0.5,\"x\",0.6]]",
         "$.results.\"s.time_a\": expected samples that are seconds"},
        {asv, "[[42]", "[[\"x\"]", "$.results.\"s.track_n\": expected a number"},
        {asv, "[5,null,6,null]", "[5,null,\"x\",null]",
         "$.results.\"s.time_p\"[2]: expected numbers as repeat"},
        {asv, "\"s.time_a\":[[0.5]", "\"s.time_a\":[[-0.5]",
         "$.results.\"s.time_a\": expected seconds, from 0"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *at = strstr(wrong[i].text, wrong[i].part);
        assert_non_null(at);
        char *text = sqlite3_mprintf("%.*s%s%s", (int)(at - wrong[i].text), wrong[i].text, wrong[i].changed,
                                     at + strlen(wrong[i].part));
        command_write_file("wrong", text);
        sqlite3_free(text);
        Outcome outcome = command_run("import", "wrong", NULL);
        if (outcome.status != 0 || !strstr(outcome.err, wrong[i].said))
            fail_msg("%s: %d, %s", wrong[i].said, outcome.status, outcome.err);
        command_free(&outcome);
        assert_true(command_integer(db, "SELECT count(*) FROM measurement WHERE samples > 0") > 0);
        unlink(db);
    }
}

static void formats_can_be_named(void **state)
{
    (void)state;
    command_write_file("g.txt", go);
    command_expect_error(
        command_run("import", "--format", "csv", "g.txt", NULL), 2,
        "--format csv: give hyperfine, google-benchmark, pytest-benchmark, pyperf, asv, criterion, jmh or go");
    command_expect_error(command_run("import", "--format", "jmh", "g.txt", NULL), 3, "g.txt is no JSON");
    succeed(command_run("import", "--format", "go", "g.txt", NULL));
    /* A suite without benchmarks is recognised by nothing. */
    command_write_file("none.json", "{\"benchmarks\":[]}");
    command_expect_error(command_run("import", "none.json", NULL), 3, "JSON of no tool that is known");
    command_expect_error(command_run("import", "--format", "pyperf", "none.json", NULL), 3,
                         "$.benchmarks: expected at least one benchmark");
}

static void utf16_is_understood(void **state)
{
    (void)state;
    static const char plain[] = "BenchmarkX 1 5 ns/op\r\n";
    for (int little = 0; little < 2; little++) {
        FILE *file = fopen("wide.txt", "w");
        assert_non_null(file);
        fputs(little ? "\xff\xfe" : "\xfe\xff", file);
        for (const char *c = plain; *c; c++) {
            unsigned char unit[2] = {0, (unsigned char)*c};
            unsigned char both[2] = {unit[little], unit[!little]};
            fwrite(both, 1, 2, file);
        }
        fclose(file);
        succeed(command_run("import", "wide.txt", "--label", little ? "little" : "big", NULL));
        expect_text(rows, "X 5.0e-09 1");
        unlink(db);
    }
    FILE *file = fopen("wide.json", "w");
    assert_non_null(file);
    /* é, and a character beyond 16 bits: U+1F600. */
    static const char wide[] =
        "\xff\xfe{\0\"\0r\0e\0s\0u\0l\0t\0s\0\"\0:\0[\0{\0\"\0c\0o\0m\0m\0a\0n\0d\0\"\0:\0\"\0\xe9\0\x3d\xd8\x00\xde\"\0,\0"
        "\"\0t\0i\0m\0e\0s\0\"\0:\0[\0"
        "1\0]\0}\0]\0}\0";
    fwrite(wide, 1, sizeof wide - 1, file);
    fclose(file);
    succeed(command_run("import", "wide.json", NULL));
    expect_text("SELECT name FROM benchmark", "\xc3\xa9\xf0\x9f\x98\x80");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pyperf_is_imported),        TEST(packed_files_are_unpacked),
        TEST(jmh_is_imported),           TEST(go_test_is_imported),
        TEST(a_file_of_asv_is_imported), TEST(a_folder_of_asv_is_imported),
        TEST(criterion_is_imported),     TEST(what_is_malformed_is_left_out_and_named),
        TEST(formats_can_be_named),      TEST(utf16_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
