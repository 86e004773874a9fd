/* What the charts say: nothing is left out without a word, no names are cut alike, zeros and commands have
 * charts. */
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

enum { SQL_SIZE = 4096 };

static int have_gnuplot(void)
{
    return system("gnuplot --version >/dev/null 2>&1") == 0;
}

static void record(void)
{
    command_make_prices();
    command_succeed(command_run("run", "--in", "prices.db", "--source", "prices", "--map",
                                "increase_price(p)", "--samples", "6", NULL));
}

/* Replaces what run 1 measured: `benchmarks` gives names and parameters, `median` is an expression of the
 * table benchmark. Each measurement has four tasks of 1 ms in its last worker. */
static void make(const char *benchmarks, const char *median)
{
    char sql[SQL_SIZE];
    int length = snprintf(
        sql, sizeof sql,
        "DELETE FROM task; DELETE FROM sample; DELETE FROM measurement; DELETE FROM benchmark;"
        "INSERT INTO benchmark(name, parameters) %s;"
        "INSERT INTO measurement(run, benchmark, position, rows, samples, tasks, median_seconds, low_seconds, "
        "high_seconds, p5_seconds, p25_seconds, p75_seconds, p95_seconds) "
        "SELECT 1, benchmark, benchmark - 1, 9, 2, 4, t, t, t, t, t, t, t FROM (SELECT *, %s AS t FROM benchmark);"
        "UPDATE measurement SET baseline = (SELECT min(measurement) FROM measurement);"
        "INSERT INTO sample(measurement, sequence, round, warmup, loops, wall_ns) "
        "SELECT measurement, position * 2 + value, 1, 0, 1, CAST(median_seconds * 1e9 AS INTEGER) "
        "FROM measurement, json_each('[0,1]');"
        "INSERT INTO task(measurement, task, worker, start_ns, end_ns, rows) SELECT measurement, value, "
        "coalesce(workers, 1) - 1, value * 1000000, (value + 1) * 1000000, 1 "
        "FROM measurement JOIN benchmark USING (benchmark), json_each('[0,1,2,3]');",
        benchmarks, median);
    assert_true(length > 0 && length < SQL_SIZE);
    command_execute("pricereport.db", sql);
}

/* By serial, and by threads and processes with up to `most` workers each. */
static void make_scan(int most, const char *median)
{
    char benchmarks[512];
    snprintf(benchmarks, sizeof benchmarks,
             "WITH RECURSIVE w(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM w WHERE n < %d) "
             "SELECT 'scan', parameters FROM ("
             "SELECT 0 AS place, json_object('executor', 'serial') AS parameters UNION ALL "
             "SELECT 100 * key + n, json_object('executor', value, 'workers', n) "
             "FROM json_each('[0,\"threads\",\"processes\"]'), w WHERE key > 0) ORDER BY place",
             most);
    make(benchmarks, median);
}

static char *plot(const char *chart, const char *ending)
{
    char path[64];
    command_succeed(command_run("plot", "1", "--chart", chart, "--format", "svg", "--format", "png",
                                "--format", "txt", NULL));
    snprintf(path, sizeof path, "pricereport-charts/%s.%s", chart, ending);
    return command_read_file(path);
}

/* Whether the chart has `part`, in its .dat or .svg file. */
static void expect_in(const char *chart, const char *ending, const char *part, int there)
{
    char *text = plot(chart, ending);
    if ((strstr(text, part) != NULL) != there)
        fail_msg("%s.%s %s %s:\n%.3000s", chart, ending, there ? "has no" : "has", part, text);
    free(text);
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        found++;
    return found;
}

/* The .dat files of all parts of a chart, one after the other, to be freed with sqlite3_free; and their
 * number. */
static char *all_parts(const char *chart, int *parts)
{
    sqlite3_str *all = sqlite3_str_new(NULL);
    char path[96];
    for (*parts = 0;; ++*parts) {
        if (*parts == 0)
            snprintf(path, sizeof path, "pricereport-charts/%s.dat", chart);
        else
            snprintf(path, sizeof path, "pricereport-charts/%s-%d.dat", chart, *parts + 1);
        if (access(path, F_OK) != 0)
            return sqlite3_str_finish(all);
        char *text = command_read_file(path);
        sqlite3_str_appendall(all, text);
        free(text);
    }
}

static void what_has_no_room_is_in_further_parts(void **state)
{
    static const struct {
        const char *chart;
        const char *first, *last;
        int parts;
    } charts[] = {
        {"executors", "Part 1 of 2: measurements 1 to 60 of 70; the next is executors-2.",
         "Part 2 of 2: measurements 61 to 70 of 70.", 2},
        {"samples", "Part 1 of 2: measurements 1 to 40 of 70; the next is samples-2.",
         "Part 2 of 2: measurements 41 to 70 of 70.", 2},
        {"history", "Part 1 of 9: measurements 1 to 8 of 70; the next is history-2.",
         "Part 9 of 9: measurements 65 to 70 of 70.", 9},
        {"timeline", "Part 1 of 5: measurements 1 to 16 of 70; the next is timeline-2.",
         "Part 5 of 5: measurements 65 to 70 of 70.", 5},
    };
    (void)state;
    if (!have_gnuplot())
        skip();
    record();
    make("WITH RECURSIVE w(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM w WHERE n < 70) "
         "SELECT 'work ' || n, json_object('executor', 'serial') FROM w",
         "0.002");
    for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
        char path[96], name[32];
        int parts;
        free(plot(charts[i].chart, "svg"));
        char *data = all_parts(charts[i].chart, &parts);
        assert_int_equal(parts, charts[i].parts);
        assert_non_null(strstr(data, charts[i].first));
        assert_non_null(strstr(data, charts[i].last));
        for (int n = 1; n <= 70; n++) {
            snprintf(name, sizeof name, "\"work %d\"", n);
            assert_int_equal(count(data, name), 1);
        }
        sqlite3_free(data);
        snprintf(path, sizeof path, "pricereport-charts/%s-%d.png", charts[i].chart, parts);
        assert_int_equal(access(path, F_OK), 0);
    }
    /* With fewer measurements the parts of before are gone. */
    command_execute("pricereport.db", "DELETE FROM measurement WHERE position > 7");
    for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
        int parts;
        expect_in(charts[i].chart, "svg", "Part", 0);
        sqlite3_free(all_parts(charts[i].chart, &parts));
        assert_int_equal(parts, 1);
        char path[96];
        snprintf(path, sizeof path, "pricereport-charts/%s-2.svg", charts[i].chart);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void every_series_and_lane_has_its_place(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record();
    make_scan(6, "0.002");
    char *history = plot("history", "dat"), *timeline = plot("timeline", "dat");
    assert_non_null(strstr(history, "1\t\"scan (1 of 2)\"\t8\t"));
    assert_non_null(strstr(history, "2\t\"scan (2 of 2)\"\t5\t"));
    for (int i = 1; i <= 6; i++) {
        char threads[64], processes[64];
        snprintf(threads, sizeof threads, "\"threads × %d  2.00 ms\"\t1\t2\t%d\t", i, i);
        snprintf(processes, sizeof processes, "\"processes × %d  2.00 ms\"\t%d\t3\t%d\t", i, i < 2 ? 1 : 2,
                 i < 2 ? 1 : i - 1);
        assert_non_null(strstr(history, threads));
        assert_non_null(strstr(history, processes));
        snprintf(threads, sizeof threads, "\t\"threads × %d\"\t\"4 chunks", i);
        snprintf(processes, sizeof processes, "\t\"processes × %d\"\t\"4 chunks", i);
        assert_non_null(strstr(timeline, threads));
        assert_non_null(strstr(timeline, processes));
    }
    free(history);
    free(timeline);
    /* By up to 20 workers: 421 lanes. */
    make_scan(20, "0.002");
    free(plot("timeline", "svg"));
    int parts;
    char *data = all_parts("timeline", &parts);
    assert_true(parts > 1);
    for (int i = 1; i <= 20; i++) {
        char threads[64], processes[64];
        snprintf(threads, sizeof threads, "\t\"threads × %d\"\t\"4 chunks", i);
        snprintf(processes, sizeof processes, "\t\"processes × %d\"\t\"4 chunks", i);
        assert_int_equal(count(data, threads), 1);
        assert_int_equal(count(data, processes), 1);
    }
    sqlite3_free(data);
    /* A measurement of more lanes than a panel has goes on in the next. */
    make("SELECT 'wide', json_object('executor', 'threads', 'workers', 100)", "0.002");
    free(plot("timeline", "svg"));
    data = all_parts("timeline", &parts);
    assert_int_equal(count(data, "\"threads × 100, 1 to 34\""), 1);
    assert_int_equal(count(data, "\"threads × 100, 35 to 68\""), 1);
    assert_int_equal(count(data, "\"threads × 100, 69 to 100\""), 1);
    sqlite3_free(data);
}

static void an_executor_has_one_colour(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record();
    make_scan(2, "0.002");
    /* The colours of threads and of processes: 2 and 3. */
    expect_in("executors", "dat", "\"threads × 2\"\t0.002\t0.002\t0.002\t\"2.00 ms   1.00 ×\"\t2\n", 1);
    expect_in("history", "dat", "\"threads × 2  2.00 ms\"\t1\t2\t2\t", 1);
    expect_in("history", "dat", "\"processes × 1  2.00 ms\"\t1\t3\t1\t", 1);
    expect_in("workers", "dat", "\"threads\"\t1\t2\t1\t", 1);
    expect_in("workers", "dat", "\"processes\"\t1\t3\t1\t", 1);
    /* Each executor that there is has a colour of its own, and all charts can be drawn of it. */
    char *names = strdup(getenv("PRICEREPORT_EXECUTORS")), seen[10] = {0};
    assert_non_null(names);
    for (char *name = strtok(names, " "); name; name = strtok(NULL, " ")) {
        static const char *const charts[] = {"executors", "samples", "history", "timeline"};
        char benchmark[128];
        snprintf(benchmark, sizeof benchmark, "SELECT 'one', json_object('executor', '%s')", name);
        make(benchmark, "0.002");
        for (size_t i = 0; i < sizeof charts / sizeof *charts; i++)
            free(plot(charts[i], "svg"));
        char *data = command_read_file("pricereport-charts/executors.dat");
        size_t length = strlen(data);
        while (length > 0 && data[length - 1] == '\n')
            length--;
        char colour = data[length - 1];
        assert_true(colour >= '1' && colour <= '5');
        assert_null(strchr(seen, colour));
        seen[strlen(seen)] = colour;
        free(data);
    }
    free(names);
}

static void long_names_keep_what_differs(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record();
    make(
        "SELECT 'a benchmark with a name that is so long that no chart has room for all of it, number ' || value, "
        "json_object('executor', 'serial') FROM json_each('[1,2]')",
        "0.002");
    static const char *const charts[] = {"executors", "samples", "history", "timeline"};
    for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
        expect_in(charts[i], "dat", "for all of it, number 1\"", 1);
        expect_in(charts[i], "dat", "for all of it, number 2\"", 1);
        expect_in(charts[i], "dat", "\"a benchmark with a n…", 1);
    }
}

static void labels_of_runs_keep_what_differs(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record();
    char *sql = command_read_file(getenv("PRICEREPORT_MADE_HISTORY"));
    command_execute("pricereport.db", sql);
    free(sql);
    command_execute("pricereport.db",
                    "UPDATE run SET label = 'nightly build ' || date('2026-01-01', run || ' days')");
    command_succeed(command_run("plot", "400", "--chart", "history", NULL));
    char *svg = command_read_file("pricereport-charts/history.svg");
    assert_non_null(strstr(svg, "<text>…2027-02-05</text>"));
    assert_non_null(strstr(svg, "<text>…2026-12-17</text>"));
    assert_null(strstr(svg, "nightly bu"));
    /* The first of the works is by four executors that are far apart, the others are close together. */
    assert_int_equal(count(svg, "<text>logarithmic axis</text>"), 1);
    assert_int_equal(count(svg, "<text>linear axis, not from 0</text>"), 4);
    free(svg);
}

static void a_median_of_zero_is_drawn(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record();
    static const char *const medians[] = {"0.0", "iif(executor = 'threads', 0.0, 0.002)",
                                          "iif(executor = 'serial', 0.0, 0.002)"};
    for (size_t i = 0; i < sizeof medians / sizeof *medians; i++) {
        make_scan(2, medians[i]);
        expect_in("executors", "svg", "<text>0 s", 1);
        expect_in("executors", "svg", "<text>At the left end: 0, which a logarithmic axis has not.</text>",
                  1);
        expect_in("history", "svg", "<text>linear axis</text>", 1);
        expect_in("samples", "dat", "\t\"0 s   2\"\t", 1);
        expect_in("timeline", "svg", "4 chunks", 1);
    }
    make_scan(2, "iif(executor = 'threads' AND workers = 2, 0.0, 0.002)");
    expect_in("workers", "svg", "Without 1 measurement whose median is 0, or that of serial", 1);
}

static void a_command_is_no_map(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    command_succeed(command_run("run", "--samples", "6", "--", "sh", "-c", ": \"\\0\"", NULL));
    expect_in("executors", "svg", "<text>How long each command takes</text>", 1);
    expect_in("executors", "svg", "<text>all</text>", 0);
    expect_in("executors", "svg", "speed-up", 0);
    expect_in("executors", "svg", "of one map", 0);
    expect_in("history", "svg", "<text>median time of one execution</text>", 1);
    expect_in("samples", "svg", "<text>all</text>", 0);
    /* A sign that the usual fonts have. */
    expect_in("executors", "dat", "sh -c ': ”∖0”'", 1);
}

static void efficiency_has_even_ticks(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record();
    static const struct {
        const char *speed_up; /* over the number of workers */
        const char *ticks[4], *no_tick;
    } cases[] = {
        {"1", {"25 %", "75 %", "100 %", "125 %"}, "150 %"},
        {"2.2", {"50 %", "100 %", "150 %", "200 %"}, "25 %"},
        {"4.6", {"100 %", "200 %", "300 %", "400 %"}, "50 %"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char median[64], tick[32];
        snprintf(median, sizeof median, "0.002 / coalesce(workers * %s, 1)", cases[i].speed_up);
        make_scan(2, median);
        char *svg = plot("workers", "svg");
        for (size_t j = 0; j < 4; j++) {
            snprintf(tick, sizeof tick, "<text>%s</text>", cases[i].ticks[j]);
            assert_non_null(strstr(svg, tick));
        }
        snprintf(tick, sizeof tick, "<text>%s</text>", cases[i].no_tick);
        assert_null(strstr(svg, tick));
        free(svg);
    }
}

/* The ideal line in both panels and in the key are dashed alike, and nothing else is. */
static void the_dashed_line_is_the_ideal(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record();
    command_execute("pricereport.db", "UPDATE machine SET processors = 2");
    make_scan(4, "0.002 / coalesce(workers, 1)");
    char *svg = plot("workers", "svg"), first[64];
    const char *dashes = strstr(svg, "stroke-dasharray='");
    assert_non_null(dashes);
    snprintf(first, sizeof first, "%.*s", (int)strcspn(dashes, " "), dashes);
    assert_int_equal(count(svg, "stroke-dasharray='"), 3);
    assert_int_equal(count(svg, first), 3);
    assert_non_null(strstr(svg, "<text>2 processors</text>"));
    free(svg);
}

static void the_timeline_ends_at_the_median(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record();
    make_scan(2, "0.006");
    char *data = plot("timeline", "dat");
    assert_non_null(strstr(data, "\n1\t\"scan\"\t9\t0.006\t"));
    assert_int_equal(count(data, "\n1\t0.004\t0.006\t-"), 5);
    assert_non_null(strstr(data, "\"serial\"\t\"4 chunks, 67 % busy\""));
    free(data);
    expect_in("timeline", "svg", "<text>time since the map began; shades tell chunks apart", 1);
    make_scan(2, "0.003"); /* a map that took longer than the median is shown whole */
    expect_in("timeline", "dat", "\n1\t0.004\t0.004\t-", 1);
}

/* Tasks of four workers on machines: `hosts` is an expression of the task's number, from 0 to 7, whose worker
 * is half of it. Each task takes 1 ms, of a map of 4 ms. */
static void make_machines(int workers, const char *hosts)
{
    char sql[SQL_SIZE];
    snprintf(sql, sizeof sql, "SELECT 'far', json_object('executor', 'mpi', 'workers', %d)", workers);
    make(sql, "0.004");
    snprintf(sql, sizeof sql,
             "UPDATE run SET host = 'home'; UPDATE measurement SET tasks = 8; DELETE FROM task;"
             "INSERT INTO task(measurement, task, worker, start_ns, end_ns, rows, host) SELECT "
             "(SELECT max(measurement) FROM measurement), value, value / 2, (value %% 2) * 2000000, "
             "(value %% 2) * 2000000 + 1000000, 10, %s FROM json_each('[0,1,2,3,4,5,6,7]')",
             hosts);
    command_execute("pricereport.db", sql);
}

/* Lanes are those of a machine together, by its name; what is all the run's own machine has no names. */
static void machines_have_their_lanes(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record();
    make_machines(4, "'node' || (value / 4 + 1)");
    char *data = plot("timeline", "dat");
    assert_non_null(strstr(data, "\n1\t\"far\"\t4.5\t0.004\t"));
    assert_non_null(strstr(data, "\n1\t-1.5\t\"mpi × 4 · node1\"\t\"4 chunks, 50 % busy\"\t"));
    assert_non_null(strstr(data, "\n1\t-4\t\"mpi × 4 · node2\"\t\"4 chunks, 50 % busy\"\t"));
    assert_int_equal(count(data, "\t-1\t5\t"), 2);
    assert_int_equal(count(data, "\t-2\t5\t"), 2);
    assert_int_equal(count(data, "\t-3.5\t5\t"), 2);
    assert_int_equal(count(data, "\t-4.5\t5\t"), 2);
    free(data);
    /* One machine that is another, and workers that had nothing to do. */
    make_machines(6, "'node'");
    data = plot("timeline", "dat");
    assert_non_null(strstr(data, "\"mpi × 6 · node\"\t\"8 chunks, 50 % busy\""));
    assert_non_null(strstr(data, "\"mpi × 6 · idle\"\t\"no chunk\""));
    assert_int_equal(count(data, "\t5\t0\n") + count(data, "\t5\t1\n"), 8);
    free(data);
    /* A worker's number is that of two machines, and the host did a task. */
    make_machines(4, "iif(value = 7, NULL, iif(value % 2, 'node1', 'node2'))");
    command_execute("pricereport.db", "UPDATE task SET worker = -1 WHERE host IS NULL");
    data = plot("timeline", "dat");
    assert_non_null(strstr(data, "\n1\t-1\t\"mpi × 4 · home\"\t\"1 chunk, 25 % busy\"\t"));
    assert_non_null(strstr(data, "\"mpi × 4 · node1\"\t\"3 chunks, 25 % busy\""));
    assert_non_null(strstr(data, "\"mpi × 4 · node2\"\t\"4 chunks, 25 % busy\""));
    assert_null(strstr(data, "idle"));
    free(data);
    /* More tasks than are kept. */
    command_execute("pricereport.db", "UPDATE measurement SET tasks = 5000");
    expect_in("timeline", "dat", "\"mpi × 4 · node1\"\t\"3 of the first 8 chunks\"", 1);
    /* Long names keep what differs. */
    make_machines(4, "'a-cluster-of-very-many-machines-' || (value / 4 + 1) || '.example.org'");
    data = plot("timeline", "dat");
    assert_int_equal(count(data, "mpi × 4 · "), 2);
    assert_int_equal(count(data, "-cluster-of-very-many-machines-"), 0);
    assert_int_equal(count(data, "1.example"), 1);
    free(data);
    /* All on the run's own machine, by its name or without one. */
    make_machines(4, "iif(value < 4, 'home', NULL)");
    expect_in("timeline", "dat", "\n1\t-2.5\t\"mpi × 4\"\t\"8 chunks, 50 % busy\"\t", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_has_no_room_is_in_further_parts, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(every_series_and_lane_has_its_place, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(an_executor_has_one_colour, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(long_names_keep_what_differs, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(labels_of_runs_keep_what_differs, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_median_of_zero_is_drawn, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_command_is_no_map, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(efficiency_has_even_ticks, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_dashed_line_is_the_ideal, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_timeline_ends_at_the_median, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(machines_have_their_lanes, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
