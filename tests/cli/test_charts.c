/* Charts: what is written, with gnuplot, without it, and with one that fails. */
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

#include "tests/support/command.h"

/* Those that any finished run of maps supports, in the order in which they are drawn. */
static const char *const charts[] = {"executors", "history", "samples", "timeline"};
enum { CHART_COUNT = sizeof charts / sizeof *charts };

static void record_named(const char *name, const char *label)
{
    if (access("prices.db", F_OK) != 0)
        command_make_prices();
    Outcome outcome =
        command_run("run", "--in", "prices.db", "--source", "prices", "--map", "increase_price(p)", "--name",
                    name, "--workers", "2", "--samples", "6", "--label", label, NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
}

static void record(const char *label)
{
    record_named(label, label);
}

static int have_gnuplot(void)
{
    return system("gnuplot --version >/dev/null 2>&1") == 0;
}

static void expect_file(const char *directory, const char *name, const char *ending, const char *beginning)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.%s", directory, name, ending);
    char *text = command_read_file(path);
    if (strncmp(text, beginning, strlen(beginning)) != 0 || strlen(text) < strlen(beginning) + 1)
        fail_msg("%s does not begin with %s", path, beginning);
    free(text);
}

static void every_format_is_drawn(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record("first");
    Outcome outcome = command_run("plot", "--out", "a/b", "--format", "svg", "--format", "png", "--format",
                                  "pdf", "--format", "txt", NULL);
    command_expect_success(&outcome);
    for (size_t i = 0; i < CHART_COUNT; i++) {
        expect_file("a/b", charts[i], "gp", "# A chart of pricereport");
        expect_file("a/b", charts[i], "dat", "\"");
        expect_file("a/b", charts[i], "svg", "<?xml");
        expect_file("a/b", charts[i], "png", "\x89PNG");
        expect_file("a/b", charts[i], "pdf", "%PDF");
        expect_file("a/b", charts[i], "txt", "");
        static const char *const endings[] = {"svg", "png", "pdf", "txt"};
        for (size_t j = 0; j < 4; j++) {
            char line[64];
            snprintf(line, sizeof line, "a/b/%s.%s\n", charts[i], endings[j]);
            assert_non_null(strstr(outcome.out, line));
        }
    }
    /* The txt charts are in the terminal as well, and have the figures. */
    assert_non_null(strstr(outcome.out, "How long each executor takes"));
    assert_non_null(strstr(outcome.out, "threads × 2"));
    assert_null(strchr(outcome.out, '\f'));
    command_free(&outcome);
    char *svg = command_read_file("a/b/executors.svg");
    assert_non_null(strstr(svg, "<text>processes × 2</text>"));
    assert_non_null(strstr(svg, "width=\"800\""));
    assert_non_null(strstr(svg, "</svg>"));
    free(svg);
}

static void the_script_draws_the_chart_again(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record("first");
    Outcome outcome = command_run("plot", NULL);
    command_expect_success(&outcome);
    assert_string_equal(outcome.out, "pricereport-charts/executors.svg\n"
                                     "pricereport-charts/history.svg\n"
                                     "pricereport-charts/samples.svg\n"
                                     "pricereport-charts/timeline.svg\n");
    command_free(&outcome);
    char *before = command_read_file("pricereport-charts/executors.svg");
    assert_int_equal(remove("pricereport-charts/executors.svg"), 0);
    assert_int_equal(system("cd pricereport-charts && gnuplot executors.gp"), 0);
    char *after = command_read_file("pricereport-charts/executors.svg");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void the_history_follows_the_runs(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    enum { RUNS = 12 };
    for (int i = 0; i < RUNS; i++)
        record_named("name", i == RUNS - 1 ? "a label that is long" : "name");
    Outcome outcome = command_run("plot", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    char *svg = command_read_file("pricereport-charts/history.svg");
    assert_non_null(strstr(svg, "<text>a label th…</text>"));
    assert_non_null(strstr(svg, "<text>name</text>"));
    free(svg);
    /* Three series of twelve points each; at most eight of them are labelled. */
    char *data = command_read_file("pricereport-charts/history.dat");
    size_t labels = 0;
    for (char *line = strtok(data, "\n"); line; line = strtok(NULL, "\n")) {
        size_t tabs = 0;
        for (const char *c = line; *c; c++)
            tabs += *c == '\t';
        assert_int_equal(tabs, 5);
        labels += strstr(line, "\t\"name\"") != NULL || strstr(line, "\t\"a label") != NULL;
    }
    assert_int_equal(labels, 1 + 6); /* one is the panel's name */
    free(data);
}

static void hostile_labels_are_only_text(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    static const char *const labels[] = {
        "x\"; system(\"touch injected\"); y = \"",
        "`touch injected` $(touch injected) | touch injected",
        "a\\\"; set output 'injected'\n!touch injected\n# @open_chart",
        "%s%n%d {/Bold b}^2_3 <svg onload=\"x\">&amp;</text>",
        "' . system('touch injected') . '",
    };
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        record(labels[i]);
        Outcome outcome = command_run("plot", "--format", "svg", "--format", "txt", NULL);
        command_expect_success(&outcome);
        command_free(&outcome);
        assert_int_equal(access("injected", F_OK), -1);
        assert_int_equal(access("pricereport-charts/injected", F_OK), -1);
        char *svg = command_read_file("pricereport-charts/executors.svg");
        assert_null(strstr(svg, "<svg onload"));
        if (i == 3)
            assert_non_null(strstr(svg, "%s%n%d {/Bold b}^2_3 &lt;svg onload=”x”>&amp;amp;&lt;/text>"));
        free(svg);
    }
    /* The script has nothing of them. */
    char *script = command_read_file("pricereport-charts/executors.gp");
    assert_null(strstr(script, "injected"));
    free(script);
}

static void without_gnuplot_the_data_are_kept(void **state)
{
    (void)state;
    record("first");
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nonexistent", 1);
    Outcome outcome = command_run("plot", "--out", "c", NULL);
    command_expect_error(outcome, 3,
                         "there is no gnuplot: install it (Debian, Ubuntu: apt-get install gnuplot-nox)");
    for (size_t i = 0; i < CHART_COUNT; i++) {
        char name[64];
        expect_file("c", charts[i], "gp", "# A chart of pricereport");
        expect_file("c", charts[i], "dat", "\"");
        snprintf(name, sizeof name, "c/%s.svg", charts[i]);
        assert_int_equal(access(name, F_OK), -1);
    }
    /* The experiment is measured, recorded and printed all the same. */
    outcome = command_run("--samples", "1", "--plot", NULL);
    assert_int_equal(outcome.status, 3);
    assert_non_null(strstr(outcome.out, "Run 2, recorded in pricereport.db"));
    assert_non_null(strstr(outcome.err, "install it"));
    command_free(&outcome);
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(access("pricereport-charts/history.dat", F_OK), 0);
}

static void a_failing_gnuplot_is_quoted(void **state)
{
    (void)state;
    record("first");
    assert_int_equal(mkdir("bin", 0777), 0);
    command_write_file("bin/gnuplot", "#!/bin/sh\necho out of ink >&2\nexit 7\n");
    assert_int_equal(chmod("bin/gnuplot", 0777), 0);
    char *path = strdup(getenv("PATH")), folder[4096], here[2048];
    assert_non_null(getcwd(here, sizeof here));
    snprintf(folder, sizeof folder, "%s/bin", here);
    setenv("PATH", folder, 1);
    command_expect_error(command_run("plot", NULL), 3,
                         "gnuplot could not draw executors as svg (exit status 7): out of ink");
    command_write_file("bin/gnuplot", "#!/bin/sh\nkill -9 $$\n");
    command_expect_error(command_run("plot", NULL), 3, "gnuplot could not draw executors as svg (signal 9)");
    assert_int_equal(chmod("bin/gnuplot", 0666), 0);
    command_expect_error(command_run("plot", NULL), 3, "cannot start gnuplot: Permission denied");
    setenv("PATH", path, 1);
    free(path);
}

static void folders_that_cannot_be_are_named(void **state)
{
    (void)state;
    record("first");
    command_write_file("file", "");
    command_expect_error(command_run("plot", "--out", "file", NULL), 3,
                         "cannot make the folder file: Not a directory");
    command_expect_error(command_run("plot", "--out", "file/charts", NULL), 3,
                         "cannot make the folder file/charts");
    command_expect_error(command_run("plot", "--out", "/proc/charts", NULL), 3, "name another with --out");
}

/* Workers and work varied, so that every chart is supported. */
static void record_scan(void)
{
    command_make_prices();
    Outcome outcome = command_run("run", "--in", "prices.db", "--source", "prices", "--map",
                                  "increase_price_crazy(p, 10, {rounds})", "--name", "scan", "--rows", "5,20",
                                  "--rounds", "1,100,10000", "--workers", "1,2", "--samples", "6", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
}

/* Ends a line of the .dat file's first block, where a chart says which run it is of. */
static void expect_caption(const char *path, const char *caption)
{
    char *data = command_read_file(path);
    if (strncmp(data + 1, caption, strlen(caption)) != 0)
        fail_msg("%s does not begin with %s but with %.40s", path, caption, data + 1);
    free(data);
}

static void scans_have_charts_of_their_own(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record_scan();
    Outcome outcome =
        command_run("plot", "--format", "svg", "--format", "png", "--format", "pdf", "--format", "txt", NULL);
    command_expect_success(&outcome);
    static const char *const all[] = {"executors", "history", "workers", "break-even", "samples", "timeline"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        expect_file("pricereport-charts", all[i], "svg", "<?xml");
        expect_file("pricereport-charts", all[i], "png", "\x89PNG");
        expect_file("pricereport-charts", all[i], "pdf", "%PDF");
    }
    assert_non_null(strstr(outcome.out, "What more workers give"));
    assert_non_null(strstr(outcome.out, "From where on parallelism pays"));
    command_free(&outcome);
    /* Six pieces of work, each with the number of the fastest: 1, 2 or 3. */
    char *data = command_read_file("pricereport-charts/break-even.dat");
    char *block = strstr(data, "\n\n\n");
    assert_non_null(block);
    size_t points = 0;
    for (char *line = block + 3; *line != '\n'; line = strchr(line, '\n') + 1, points++) {
        double rows, cost, speed_up;
        int fastest;
        assert_int_equal(sscanf(line, "%lf\t%lf\t%d\t%lf", &rows, &cost, &fastest, &speed_up), 4);
        assert_true((rows == 5 || rows == 20) && cost > 0 && fastest >= 1 && fastest <= 3);
        assert_true((fastest == 1) == (speed_up < 1));
    }
    assert_int_equal(points, 6);
    free(data);
}

/* Serial takes 1, 10 and 100 µs a row, for 100 rows and for 1000; threads are 0.5, 2 and 4 times as fast for
 * 100 rows, and four times that for 1000; processes are never faster. On logarithmic scales the change from
 * 0.5 to 2 is crossed in the middle: between 1 and 10 µs at 3.162 µs, between 100 and 1000 rows at 316.2. */
static void break_even_is_where_the_speed_up_is_one(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record("first");
    command_execute(
        "pricereport.db",
        "DELETE FROM task; DELETE FROM sample; DELETE FROM measurement; DELETE FROM benchmark;"
        "INSERT INTO benchmark(name, parameters) SELECT 'made', json_object('executor', e.value, 'rows', "
        "r.value, 'rounds', c.value) FROM json_each('[\"serial\",\"threads\",\"processes\"]') e, "
        "json_each('[100,1000]') r, json_each('[1,10,100]') c;"
        "INSERT INTO measurement(run, benchmark, position, rows, samples, median_seconds) "
        "SELECT 1, benchmark, benchmark, rows, 1, 1e-6 * rounds * rows / CASE executor "
        "WHEN 'serial' THEN 1 WHEN 'processes' THEN 0.9 ELSE "
        "CASE rounds WHEN 1 THEN 0.5 WHEN 10 THEN 2 ELSE 4 END * iif(rows = 1000, 4, 1) END FROM benchmark;"
        "UPDATE measurement SET baseline = (SELECT s.measurement FROM measurement s JOIN benchmark b "
        "USING (benchmark) JOIN benchmark o ON o.benchmark = measurement.benchmark WHERE b.executor = "
        "'serial' AND b.rows = o.rows AND b.rounds = o.rounds)");
    Outcome outcome = command_run("plot", "--chart", "break-even", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    char *data = command_read_file("pricereport-charts/break-even.dat");
    assert_non_null(
        strstr(data, "\"threads pay from 316 µs of work on; processes paid for none of it\"\t3\tNaN\tNaN\n"));
    assert_non_null(strstr(data, "\n\n\n100\t3.16227766e-06\tNaN\tNaN\tNaN\n\n\nNaN\tNaN\tNaN\tNaN\tNaN\n"));
    assert_non_null(strstr(data, "\n100\t1e-06\t1\t0.9\t1\n"));
    assert_non_null(strstr(data, "\n1000\t0.0001\t2\t16\t1\n"));
    free(data);
}

static void what_the_latest_run_lacks_comes_from_an_earlier_one(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record_scan();
    record("second");
    Outcome outcome = command_run("plot", NULL);
    command_expect_success(&outcome);
    assert_non_null(strstr(outcome.out, "workers.svg"));
    assert_non_null(strstr(outcome.out, "break-even.svg"));
    command_free(&outcome);
    expect_caption("pricereport-charts/executors.dat", "Run 2 · second · ");
    expect_caption("pricereport-charts/workers.dat", "Run 1 · ");
    expect_caption("pricereport-charts/break-even.dat", "Run 1 · ");
    expect_caption("pricereport-charts/timeline.dat", "Run 2 · ");
    /* A run that was named stands for itself. */
    outcome = command_run("plot", "2", "--out", "c", NULL);
    command_expect_success(&outcome);
    assert_string_equal(outcome.out, "c/executors.svg\nc/history.svg\nc/samples.svg\nc/timeline.svg\n");
    assert_int_equal(access("c/workers.dat", F_OK), -1);
    command_free(&outcome);
}

static void charts_are_chosen_by_name(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record("first");
    Outcome outcome = command_run("plot", "--chart", "timeline", "--chart", "executors", NULL);
    command_expect_success(&outcome);
    assert_string_equal(outcome.out, "pricereport-charts/executors.svg\npricereport-charts/timeline.svg\n");
    command_free(&outcome);
    command_expect_error(
        command_run("plot", "--chart", "workers", NULL), 3,
        "run 1 cannot be drawn as workers, which needs serial, and another executor with two");
    command_expect_error(command_run("plot", "--chart", "break-even", NULL), 3,
                         "run 1 cannot be drawn as break-even, which needs three pieces of work");
    command_execute("pricereport.db", "DELETE FROM task; UPDATE measurement SET tasks = NULL");
    command_expect_error(command_run("plot", "--chart", "timeline", NULL), 3,
                         "run 1 cannot be drawn as timeline, which needs a measurement that was finished");
}

static void tasks_are_recorded_and_bounded(void **state)
{
    (void)state;
    command_execute("prices.db",
                    "CREATE TABLE prices(id INTEGER PRIMARY KEY, p);"
                    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000)"
                    "INSERT INTO prices SELECT i, i FROM c");
    Outcome outcome = command_run("run", "--in", "prices.db", "--source", "prices", "--map",
                                  "increase_price(p)", "--executor", "serial,threads,processes", "--workers",
                                  "2", "--chunk", "1,100", "--samples", "1", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    /* Chunks of 100: all thirty tasks and every row; chunks of 1: the first 2000 of 3000. */
    assert_int_equal(
        command_integer("pricereport.db",
                        "SELECT count(*) FROM (SELECT sum(t.rows) AS rows, count(*) AS n, m.tasks "
                        "FROM measurement m JOIN benchmark b USING (benchmark) JOIN task t USING "
                        "(measurement) WHERE b.chunk = 100 GROUP BY measurement) "
                        "WHERE rows = 3000 AND n = 30 AND tasks = 30"),
        3);
    assert_int_equal(
        command_integer("pricereport.db",
                        "SELECT count(*) FROM (SELECT count(*) AS n, m.tasks FROM measurement m JOIN "
                        "benchmark b USING (benchmark) JOIN task t USING (measurement) "
                        "WHERE b.chunk = 1 GROUP BY measurement) WHERE n = 2000 AND tasks = 3000"),
        3);
    assert_int_equal(command_integer("pricereport.db",
                                     "SELECT count(*) FROM task WHERE start_ns < 0 OR end_ns < "
                                     "start_ns OR worker NOT IN (-1, 0, 1)"),
                     0);
}

/* The history of history_published.sql. */
static void make_history(void)
{
    record("first");
    char *sql = command_read_file(getenv("PRICEREPORT_MADE_HISTORY"));
    command_execute("pricereport.db", sql);
    free(sql);
}

static void change_points_are_marked(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    make_history();
    Outcome outcome = command_run("plot", "--chart", "history", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    /* Twenty series of 400 runs; one change in each, at the same run, with one label for each of the five
     * panels. */
    char *data = command_read_file("pricereport-charts/history.dat");
    size_t changes = 0, labels = 0;
    for (char *line = data; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        char *end = strchr(line, '\n');
        if (!end || end - line < 3 || strncmp(end - 2, "\t1", 2) != 0 || *line == '"')
            continue;
        assert_int_equal(atoi(line), 301);
        changes++;
        labels += strncmp(end - strlen("\"+30 %\"\t1"), "\"+30 %\"", strlen("\"+30 %\"")) == 0;
    }
    assert_int_equal(changes, 20);
    assert_int_equal(labels, 5);
    free(data);
    char *svg = command_read_file("pricereport-charts/history.svg");
    assert_non_null(strstr(svg, "<text>+30 %</text>"));
    assert_non_null(strstr(svg, "<text>v8</text>"));
    free(svg);
    /* What was excluded is not shown. */
    command_execute("pricereport.db",
                    "INSERT INTO remark(kind, run, reason, made_at) "
                    "SELECT 'exclude', run, 'wrong', '2026-01-01' FROM run WHERE run > 300");
    outcome = command_run("plot", "400", "--chart", "history", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    data = command_read_file("pricereport-charts/history.dat");
    assert_non_null(strstr(data, "\n300\t"));
    assert_null(strstr(data, "\n301\t"));
    assert_null(strstr(data, "+30 %"));
    free(data);
}

static void a_broken_label_is_still_a_label(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record("broken \xff\xc3( \xed\xa0\x80 \xf4\x90\x80\x80 \xef\xbf\xbf \x01 \xc2\x85 end");
    Outcome outcome = command_run("plot", "--chart", "executors", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    char *svg = command_read_file("pricereport-charts/executors.svg");
    assert_non_null(strstr(svg, "broken \xef\xbf\xbd\xef\xbf\xbd("));
    assert_null(strchr(svg, '\xff'));
    assert_null(strchr(svg, '\x01'));
    assert_null(strstr(svg, "\xed\xa0\x80"));
    free(svg);
}

static void a_run_without_samples_has_no_chart(void **state)
{
    (void)state;
    record("first");
    command_execute("pricereport.db",
                    "DELETE FROM sample; UPDATE measurement SET median_seconds = NULL, samples = 0");
    command_expect_error(command_run("plot", NULL), 3, "has no run yet that measured anything");
    command_expect_error(command_run("plot", "1", NULL), 3, "run 1 has measured nothing");
    command_expect_error(command_run("plot", "7", NULL), 3, "7: pricereport.db has no run");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_format_is_drawn, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_script_draws_the_chart_again, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_history_follows_the_runs, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(hostile_labels_are_only_text, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(without_gnuplot_the_data_are_kept, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_failing_gnuplot_is_quoted, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(folders_that_cannot_be_are_named, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(scans_have_charts_of_their_own, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(break_even_is_where_the_speed_up_is_one, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(what_the_latest_run_lacks_comes_from_an_earlier_one, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(charts_are_chosen_by_name, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(tasks_are_recorded_and_bounded, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(change_points_are_marked, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_broken_label_is_still_a_label, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_run_without_samples_has_no_chart, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
