/* The formats of benchstat and OpenMetrics, which export writes. */
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

static const char db[] = "pricereport.db";

/* Imports a text as a file of that name. */
static void import_text(const char *name, const char *text)
{
    command_write_file(name, text);
    succeed(command_run("import", name, NULL));
}

/* Writes what export prints to a file. */
static void export_to(const char *file, const char *format, const char *run)
{
    Outcome outcome = command_run("export", "--format", format, run, NULL);
    command_expect_success(&outcome);
    command_write_file(file, outcome.out);
    command_free(&outcome);
}

static void expect_file(const char *name, const char *expected)
{
    char *text = command_read_file(name);
    assert_string_equal(text, expected);
    free(text);
}

/* A run with a command, its metrics, a summary, a warm-up, and texts that would break lines. */
static void make_history(void)
{
    succeed(command_run("run", "--samples", "1", "--", "true", NULL));
    command_execute(
        db,
        "UPDATE machine SET processor = 'Cpu 1', architecture = 'x86_64', kernel = 'Linux 6.1', memory_gib = 1, sqlite = '3', compiler = 'gcc',"
        " flags = 'release', processors = 2;"
        "UPDATE run SET started_at = '2026-01-02T03:04:05.678Z', commit_id = 'abcdef0', branch = 'ma\"in', host = 'h', label = 'a' || char(10) || 'b\\c';"
        "UPDATE benchmark SET name = 'sort  -n' || char(10) || x'ff' || 'ü';"
        "UPDATE measurement SET samples = 2, median_seconds = 0.5, low_seconds = 0.25, high_seconds = 1;"
        "DELETE FROM sample;"
        "INSERT INTO sample(measurement, sequence, round, warmup, loops, wall_ns) VALUES (1, 0, 0, 1, 1, 9), (1, 1, 1, 0, 4, 10), (1, 2, 2, 0, 4, 8);"
        "INSERT INTO benchmark(name, parameters) VALUES"
        " ('sort', '{\"metric\":\"rows done\",\"unit\":\"rows/s\",\"better\":\"more\"}'), ('sort', '{\"metric\":\"peak memory\",\"unit\":\"B\"}'),"
        " ('map', '{\"executor\":\"threads\",\"workers\":2,\"chunk\":64}');"
        "INSERT INTO measurement(run, benchmark, position, samples, stopped, median_seconds) VALUES (1, 2, 1, 1, 'samples', 12.5),"
        " (1, 3, 2, 1, 'samples', 2048), (1, 4, 3, 5, 'summary', 0.002);"
        "INSERT INTO sample(measurement, sequence, round, warmup, loops, wall_ns, value) VALUES (2, 0, 1, 0, 1, 5, 12.5), (3, 0, 1, 0, 1, 5, 2048)");
}

static void benchstat_gets_every_sample(void **state)
{
    (void)state;
    make_history();
    export_to("out.txt", "benchstat", "1");
    expect_file(
        "out.txt",
        "Unit rows-done-rows/s better=higher\n"
        "cpu: Cpu 1\n"
        "goarch: amd64\n"
        "goos: linux\n"
        "BenchmarkSort__-n_\xef\xbf\xbdü 4 2.5 ns/op\n"
        "BenchmarkSort__-n_\xef\xbf\xbdü 4 2 ns/op\n"
        "BenchmarkSort 1 12.5 rows-done-rows/s\n"
        "BenchmarkSort 1 2048 peak-memory-bytes\n"
        "# BenchmarkMap/executor=threads/workers=2/chunk=64: a summary of 5 samples, left out: 2000000 ns/op\n");
    /* Several runs differ in their configuration. */
    command_execute(
        db,
        "INSERT INTO run(uuid, verb, started_at, machine, tool, options) SELECT 'x', verb, '2027-01-01', machine, tool, options FROM run");
    Outcome outcome = command_run("export", "--format", "benchstat", NULL);
    command_expect_success(&outcome);
    assert_non_null(strstr(
        outcome.out, "\ncommit: abcdef0\ncpu: Cpu 1\ngoarch: amd64\ngoos: linux\nrun: 1\nBenchmarkSort"));
    assert_non_null(strstr(outcome.out, "\ncommit:\ncpu: Cpu 1\ngoarch: amd64\ngoos: linux\nrun: 2\n"));
    command_free(&outcome);
}

static const char go[] = "goos: linux\ngoarch: amd64\nnote: one\npkg: example.com/x/sort\ncpu: Cpu @ 3 GHz\n"
                         "Unit widgets/op better=higher\n"
                         "BenchmarkSort/n=10-8 1000 2000.5 ns/op 1.5 MB/s 64 B/op\n"
                         "BenchmarkSort/n=10-8 2000 1000 ns/op 2.5 MB/s 64 B/op\n"
                         "pkg:\ngogc: 100\nBenchmarkWidgets 10 7 widgets/op\n"
                         "gogc: 200\nBenchmarkWidgets 10 8 widgets/op\n";

static void exported_runs_come_in_again(void **state)
{
    (void)state;
    import_text("in.txt", go);
    export_to("out.txt", "benchstat", "1");
    succeed(command_run("--db", "again.db", "import", "out.txt", NULL));
    static const char content[] =
        "SELECT group_concat(name || parameters || ' ' || samples || ' ' || median_seconds || ' ' || minimum_seconds, char(10))"
        " FROM (SELECT * FROM measurement JOIN benchmark USING (benchmark) ORDER BY name, parameters)";
    char *first = command_text(db, content), *second = command_text("again.db", content);
    assert_non_null(strstr(first, "Widgets (gogc=200)"));
    assert_string_equal(first, second);
    sqlite3_free(first);
    sqlite3_free(second);
    static const char machine[] =
        "SELECT fingerprint || (options ->> '$.rest.configuration.note') FROM machine JOIN run USING (machine)";
    first = command_text(db, machine), second = command_text("again.db", machine);
    assert_string_equal(first, second);
    sqlite3_free(first);
    sqlite3_free(second);
    /* What goes out a second time is the same. */
    Outcome outcome = command_run("--db", "again.db", "export", "--format", "benchstat", NULL);
    command_expect_success(&outcome);
    expect_file("out.txt", outcome.out);
    command_free(&outcome);
}

static void openmetrics_has_medians_with_intervals(void **state)
{
    (void)state;
    make_history();
    export_to("out.txt", "openmetrics", "1");
#define WHERE                                                                                                \
    ",machine=\"Cpu 1, 2 processors, x86_64, 1 GiB, Linux 6.1, SQLite 3, gcc, release\",host=\"h\",branch=\"ma\\\"in\"} "
#define SORT "{benchmark=\"sort  -n\\n\xef\xbf\xbdü\",benchmark_id=\"1\"" WHERE
#define ROWS                                                                                                 \
    "{benchmark=\"sort\",benchmark_id=\"2\",metric=\"rows done\",unit=\"rows/s\",better=\"more\"" WHERE
#define PEAK "{benchmark=\"sort\",benchmark_id=\"3\",metric=\"peak memory\",unit=\"B\",better=\"less\"" WHERE
#define MAP "{benchmark=\"map\",benchmark_id=\"4\",executor=\"threads\",workers=\"2\",chunk=\"64\"" WHERE
#define AT " 1767323045.678\n"
    char *text = command_read_file("out.txt");
    char *run = strstr(text, "pricereport_run_info{run=\"1\",uuid=\"");
    assert_non_null(run);
    assert_non_null(strstr(
        run, ",label=\"a\\nb\\\\c\",commit=\"abcdef0\",branch=\"ma\\\"in\",host=\"h\"} 1" AT "# EOF\n"));
    *run = '\0';
    assert_string_equal(
        text,
        "# TYPE pricereport_median_seconds gauge\n# UNIT pricereport_median_seconds seconds\n"
        "# HELP pricereport_median_seconds Median time of one execution.\n"
        "pricereport_median_seconds" MAP "0.002" AT "pricereport_median_seconds" SORT "0.5" AT
        "# TYPE pricereport_low_seconds gauge\n# UNIT pricereport_low_seconds seconds\n"
        "# HELP pricereport_low_seconds Lower end of the 95 % interval of the median.\n"
        "pricereport_low_seconds" SORT "0.25" AT
        "# TYPE pricereport_high_seconds gauge\n# UNIT pricereport_high_seconds seconds\n"
        "# HELP pricereport_high_seconds Upper end of the 95 % interval of the median.\n"
        "pricereport_high_seconds" SORT "1" AT
        "# TYPE pricereport_metric_median gauge\n# HELP pricereport_metric_median Median of a metric, in its unit.\n"
        "pricereport_metric_median" ROWS "12.5" AT "pricereport_metric_median" PEAK "2048" AT
        "# TYPE pricereport_metric_low gauge\n# HELP pricereport_metric_low Lower end of the 95 % interval of the median of a metric.\n"
        "# TYPE pricereport_metric_high gauge\n# HELP pricereport_metric_high Upper end of the 95 % interval of the median of a metric.\n"
        "# TYPE pricereport_samples gauge\n# HELP pricereport_samples Samples that were counted.\n"
        "pricereport_samples" MAP "5" AT "pricereport_samples" SORT "2" AT "pricereport_samples" ROWS "1" AT
        "pricereport_samples" PEAK "1" AT "# TYPE pricereport_run info\n# HELP pricereport_run A run.\n");
    free(text);
}

/* Runs of one moment on one machine are one point of a series; the others are in the order of time. */
static void series_of_openmetrics_are_in_order(void **state)
{
    (void)state;
    make_history();
    command_execute(
        db,
        "INSERT INTO run(uuid, verb, started_at, machine, tool, options, host, branch)"
        " SELECT 'b', verb, '2025-01-01', machine, tool, options, host, branch FROM run UNION ALL"
        " SELECT 'c', verb, started_at, machine, tool, options, host, branch FROM run;"
        "INSERT INTO measurement(run, benchmark, position, samples, median_seconds) VALUES (2, 1, 0, 1, 7), (3, 1, 0, 1, 8)");
    Outcome outcome = command_run("export", "--format", "openmetrics", NULL);
    command_expect_success(&outcome);
    char *early = strstr(outcome.out, SORT "7 1735689600.000\n"), *late = strstr(outcome.out, SORT "8" AT);
    assert_non_null(early);
    assert_true(late > early);
    assert_null(strstr(outcome.out, SORT "0.5"));
    command_free(&outcome);
}

/* Runs a shell's command; its output is no matter. */
static int shell(const char *command)
{
    return system(command); /* NOLINT(cert-env33-c): PATH decides, as it does for a user. */
}

/* The tools that read these formats, where they are installed. */
static void their_tools_understand(void **state)
{
    (void)state;
    static const struct {
        const char *found, *reads;
    } tools[] = {
        {"promtool --version", "promtool tsdb create-blocks-from openmetrics out.om blocks"},
        {"/usr/bin/python3 -c 'import prometheus_client.openmetrics.parser'",
         "/usr/bin/python3 -c 'from prometheus_client.openmetrics.parser import text_string_to_metric_families as p;"
         " assert sum(len(f.samples) for f in p(open(\"out.om\").read())) == 11'"},
        {"command -v benchstat",
         "benchstat out.txt >table && grep -q 'Sort__-n' table && grep -q peak-memory-bytes table"},
    };
    make_history();
    export_to("out.txt", "benchstat", "1");
    export_to("out.om", "openmetrics", "1");
    size_t found = 0;
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        char command[400];
        snprintf(command, sizeof command, "{ %s; } >/dev/null 2>&1", tools[i].found);
        if (shell(command) != 0)
            continue;
        found++;
        snprintf(command, sizeof command, "{ %s; } >said 2>&1", tools[i].reads);
        if (shell(command) != 0) {
            print_error("%s\n", tools[i].reads);
            assert_int_equal(shell("cat said >&2"), 0);
            fail();
        }
    }
    if (found == 0)
        skip();
}

static void formats_by_name(void **state)
{
    (void)state;
    make_history();
    static const char *const names[] = {"json", "csv", "markdown"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char option[16];
        snprintf(option, sizeof option, "--%s", names[i]);
        Outcome named = command_run("export", "--format", names[i], NULL),
                plain = command_run("export", option, NULL);
        command_expect_success(&named);
        assert_string_equal(named.out, plain.out);
        command_free(&named);
        command_free(&plain);
    }
    command_expect_error(command_run("export", "--format", "xml", NULL), 2,
                         "--format xml: give json, csv, markdown, benchstat or openmetrics");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(benchstat_gets_every_sample),
        TEST(exported_runs_come_in_again),
        TEST(openmetrics_has_medians_with_intervals),
        TEST(series_of_openmetrics_are_in_order),
        TEST(their_tools_understand),
        TEST(formats_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
