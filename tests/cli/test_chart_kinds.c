/* Every kind of chart over a table of histories: few and many series, long and wide names, zeros, the
 * smallest and the greatest figures. Nothing is left out, cut off or written over something else, in pictures
 * and in text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>

#include "tests/support/command.h"
#include "tests/support/svg_texts.h"

#define LONG_NAME "a benchmark with a name that is so long that no chart has room for all of it, number #"
#define LONG_HEAD                                                                                            \
    "# is the number of a benchmark with a name that is so long that no chart has room for all of it"
#define LONG_MIDDLE                                                                                          \
    "a benchmark with a name that is so long, number #, that no chart has room for all of the text of it"

typedef struct Case {
    const char *name;
    /* What chart_cases.sql says of each. */
    const char *layout;
    int series;
    const char *benchmark;
    const char *first, *step;
    int runs, samples;
    const char *unit;
} Case;

static const Case cases[] = {
    {"one way", "ways", 1, "increase_price(p)", "0.002", "0.001", 1, 10, NULL},
    {"two ways", "ways", 2, "increase_price(p)", "0.002", "0.001", 2, 10, NULL},
    {"13 ways, 50 runs", "ways", 13, "increase_price(p)", "0.002", "0.001", 50, 10, NULL},
    {"30 ways, far apart", "ways", 30, "increase_price(p)", "0.000001", "0.9", 3, 10, NULL},
    {"9 ways, 1000 runs", "ways", 9, "increase_price(p)", "0.002", "0.001", 1000, 10, NULL},
    {"90 ways", "ways", 90, "increase_price(p)", "0.002", "0.001", 1, 10, NULL},
    {"two works", "works", 2, LONG_NAME, "0.002", "0.001", 1, 10, NULL},
    {"13 works", "works", 13, LONG_HEAD, "0.002", "0.001", 3, 10, NULL},
    {"30 works", "works", 30, LONG_NAME, "0.002", "0.001", 1, 2, NULL},
    {"70 works", "works", 70, LONG_MIDDLE, "0.002", "0.001", 1, 10, NULL},
    {"zero", "ways", 13, "increase_price(p)", "0.0", "0.0", 2, 10, NULL},
    {"zero at first", "ways", 13, "increase_price(p)", "0.0", "0.001", 2, 10, NULL},
    {"one sample", "commands", 2, "sort -n file#.txt", "0.002", "0.001", 1, 1, NULL},
    {"all equal", "commands", 13, "true #", "1e-9", "0.0", 1, 10, NULL},
    {"tiny and huge times", "commands", 3, "true #", "1e-9", "1e12", 25, 10, NULL},
    {"parameters", "parameters", 30, "sort", "0.002", "0.001", 60, 10, NULL},
    {"a metric", "metric", 13, "sort -n file#.txt", "20000000", "5000000", 3, 10, "B"},
    {"a metric below 0", "metric", 13, LONG_NAME, "-7", "1", 3, 10, "rows that were read in a second"},
    {"a metric of zeros", "metric", 2, "true #", "0.0", "0.0", 2, 2, NULL},
    {"a metric, huge", "metric", 3, "true #", "1e12", "1e10", 1, 10, "%"},
    {"a metric, far apart", "metric", 3, "true #", "1e-9", "1e12", 25, 10, "rows/s"},
    {"wide names", "works", 13,
     "漢字かな交じり文の長い長い名前が付いている測定値その番号は次の通りである：#番", "0.002", "0.001", 2, 10,
     NULL},
    {"a grid", "grid", 81, "work", "0.0001", "0.0003", 1, 10, NULL},
};
enum { CASE_COUNT = sizeof cases / sizeof *cases };

static int have_gnuplot(void)
{
    return system("gnuplot --version >/dev/null 2>&1") == 0;
}

static void make_history(const Case *made)
{
    char unit[64] = "NULL", wish[1024];
    if (access("base.db", F_OK) != 0) {
        command_make_prices();
        command_succeed(command_run("run", "--db", "base.db", "--in", "prices.db", "--source", "prices",
                                    "--map", "increase_price(p)", "--executor", "serial", "--samples", "1",
                                    NULL));
    }
    if (made->unit)
        snprintf(unit, sizeof unit, "'%s'", made->unit);
    snprintf(
        wish, sizeof wish,
        "CREATE TEMP TABLE wish AS SELECT '%s' AS layout, %d AS series, '%s' AS name, %s AS first, %s AS step, "
        "%d AS runs, %d AS samples, %s AS unit;",
        made->layout, made->series, made->benchmark, made->first, made->step, made->runs, made->samples,
        unit);
    char *rest = command_read_file(getenv("PRICEREPORT_CHART_CASES"));
    char *sql = sqlite3_mprintf("%s%s", wish, rest);
    assert_non_null(sql);
    assert_int_equal(system("cp base.db pricereport.db"), 0);
    command_execute("pricereport.db", sql);
    sqlite3_free(sql);
    free(rest);
}

/* The file of a part of a chart, to be freed; NULL where there is none. */
static char *read_part(const char *chart, int part, const char *ending)
{
    char path[96];
    if (part == 1)
        snprintf(path, sizeof path, "c/%s.%s", chart, ending);
    else
        snprintf(path, sizeof path, "c/%s-%d.%s", chart, part, ending);
    return access(path, F_OK) == 0 ? command_read_file(path) : NULL;
}

/* The block of that number of a .dat file. */
static const char *find_block(const char *data, int number)
{
    for (; number > 0 && data; number--) {
        data = strstr(data, "\n\n\n");
        data = data ? data + 3 : NULL;
    }
    return data;
}

/* Calls with each line of a block; `text` is the line's quoted field of that number, from 0. */
static int each_line(const char *block, int field, void (*see)(const char *text, const void *argument),
                     const void *argument)
{
    int lines = 0;
    for (; block && *block && *block != '\n'; lines++) {
        const char *end = block + strcspn(block, "\n"), *start = block;
        for (int i = 0; i < field; i++)
            start = strchr(start, '\t') + 1;
        assert_int_equal(*start, '"');
        size_t length = strcspn(start + 1, "\"");
        char *text = strndup(start + 1, length);
        assert_non_null(text);
        if (see)
            see(text, argument);
        free(text);
        block = *end ? end + 1 : end;
    }
    return lines;
}

/* gnuplot 6 gives a character that fills two columns other room, and may cut such a name at the end. */
static bool may_be_cut(const char *text)
{
    return strstr(text, "\xe2\x80\x8b") && system("gnuplot --version | grep -q '^gnuplot [1-5]'") != 0;
}

static void expect_in_text(const char *text, const void *chart)
{
    if (strcmp(text, "\xc2\xa0") != 0 && !strstr(chart, text) && !may_be_cut(text))
        fail_msg("'%s' is not in the text chart:\n%.4000s", text, (const char *)chart);
}

static size_t count_characters(const char *text, size_t bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes; i++)
        count += (text[i] & 0xc0) != 0x80;
    return count;
}

/* A terminal of 80 columns shows it as it is. */
static void expect_fits_terminal(const char *text)
{
    for (const char *line = text; *line; line += strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n')) {
        size_t bytes = strcspn(line, "\n");
        if (count_characters(line, bytes) > 80 + 1) /* a form feed comes first */
            fail_msg("a line of more than 80 columns: %.*s", (int)bytes, line);
    }
}

/* Nothing reaches the edge of a PNG: what does is cut off there. gnuplot reads it where it was built with
 * libgd. */
static void expect_white_edge(const char *chart, int part)
{
    char command[800], path[96];
    if (part == 1)
        snprintf(path, sizeof path, "c/%s.png", chart);
    else
        snprintf(path, sizeof path, "c/%s-%d.png", chart, part);
    assert_int_equal(access(path, F_OK), 0);
    snprintf(
        command, sizeof command,
        "gnuplot -d -e \"f = '%s'; set table 'edge.txt'; plot f binary filetype=png every ::0::2 with rgbimage, "
        "f binary filetype=png every ::797::799 with rgbimage, f binary filetype=png every :::0::2 with rgbimage\" "
        "2>edge.err",
        path);
    if (system(command) != 0) {
        print_message("gnuplot does not read PNG here\n");
        return;
    }
    char *edge = command_read_file("edge.txt");
    int points = 0;
    for (char *line = strtok(edge, "\n"); line; line = strtok(NULL, "\n")) {
        double x, y;
        int red, green, blue;
        if (sscanf(line, "%lf %lf %d %d %d", &x, &y, &red, &green, &blue) != 5)
            continue;
        points++;
        if (red + green + blue < 3 * 255)
            fail_msg("%s: something is at its edge, at %g, %g", path, x, y);
    }
    assert_true(points > 2000);
    free(edge);
}

/* Checks all parts of a chart, and returns how many labels of series they have. */
static int look_at(const char *chart)
{
    int series = 0;
    for (int part = 1;; part++) {
        char *data = read_part(chart, part, "dat");
        if (!data)
            break;
        char *svg = read_part(chart, part, "svg"), *text = read_part(chart, part, "txt");
        assert_non_null(svg);
        assert_non_null(text);
        int label = strcmp(chart, "timeline") == 0 ? 2 : 1;
        series += each_line(find_block(data, 2), label, expect_in_text, text);
        if (strcmp(chart, "break-even") != 0)
            each_line(find_block(data, 1), 1, expect_in_text, text);
        svg_texts_check(svg, chart);
        expect_fits_terminal(text);
        expect_white_edge(chart, part);
        free(data);
        free(svg);
        free(text);
    }
    return series;
}

static void look_at_case(const Case *made)
{
    static const char *const kinds[] = {"executors", "samples",  "history",
                                        "workers",   "timeline", "break-even"};
    print_message("%s\n", made->name);
    make_history(made);
    char run[16];
    snprintf(run, sizeof run, "%d", made->runs);
    assert_int_equal(system("rm -rf c"), 0);
    command_succeed(command_run("plot", run, "--out", "c", "--format", "svg", "--format", "png", "--format",
                                "txt", "--format", "pdf", NULL));
    bool map = strcmp(made->layout, "ways") == 0 || strcmp(made->layout, "works") == 0 ||
               strcmp(made->layout, "grid") == 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int series = look_at(kinds[i]);
        /* Every series is in some part of the first three; a timeline has every map, in one piece or more. */
        if (i < 3)
            assert_int_equal(series, made->series);
        if (i == 4 && map)
            assert_true(series >= made->series);
    }
}

static void every_kind_shows_everything(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    for (size_t i = 0; i < CASE_COUNT; i++)
        look_at_case(&cases[i]);
}

static void expect_no_text(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("the chart has %s", part);
}

static void expect_text(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("the chart has no %s", part);
}

static char *plot_svg(const Case *made, const char *chart)
{
    make_history(made);
    char run[16];
    snprintf(run, sizeof run, "%d", made->runs);
    command_succeed(command_run("plot", run, "--out", "c", "--chart", chart, NULL));
    return read_part(chart, 1, "svg");
}

static void a_metric_has_its_name_and_unit(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    Case made = {"", "metric", 2, "sort #", "20000000", "5000000", 3, 10, "B"};
    char *svg = plot_svg(&made, "executors");
    expect_text(svg, "<text>What each command gives: what it prints</text>");
    expect_text(svg, "<text>median of what it prints in bytes with its 95 % interval, linear axis</text>");
    expect_text(svg, "<text>20 MiB</text>");
    expect_no_text(svg, "time");
    free(svg);
    svg = plot_svg(&made, "history");
    expect_text(svg, "<text>what it prints in B</text>");
    expect_text(svg, " MiB</text>");
    expect_no_text(svg, "time");
    expect_no_text(svg, "executor");
    free(svg);
    made.unit = "rows/s";
    svg = plot_svg(&made, "history");
    expect_text(svg, "<text>what it prints in rows/s</text>");
    expect_text(svg, " rows/s</text>");
    free(svg);
}

/* The axis is what it is said to be: by the distances of its ticks. */
static void axes_are_marked(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    Case made = {"", "metric", 1, "sort #", "-5", "0", 3, 10, NULL};
    char *svg = plot_svg(&made, "history");
    expect_text(svg, "<text>linear axis, not from 0</text>");
    free(svg);
    made.first = "0.0";
    svg = plot_svg(&made, "history");
    expect_text(svg, "<text>linear axis</text>");
    free(svg);
    Case ways = {"", "ways", 3, "work", "0.001", "0.1", 3, 10, NULL};
    svg = plot_svg(&ways, "history");
    expect_text(svg, "<text>logarithmic axis</text>");
    expect_text(svg, "<text>1 ms</text>");
    expect_text(svg, "<text>100 ms</text>");
    free(svg);
}

/* Parameters that are alike at their beginnings, or in the middle and the end, still differ. */
static void long_parameters_keep_what_differs(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    Case made = {"", "parameters", 13, "sort", "0.002", "0.001", 1, 10, NULL};
    char *svg = plot_svg(&made, "executors"), part[64];
    for (int i = 1; i <= 13; i++) {
        snprintf(part, sizeof part, "sorted=%d</text>", i);
        expect_text(svg, part);
    }
    free(svg);
}

static size_t count_lines_of(const char *data, const char *beginning)
{
    size_t count = 0;
    for (const char *line = data; line && *line; line = strchr(line, '\n'), line += line != NULL)
        count += strncmp(line, beginning, strlen(beginning)) == 0;
    return count;
}

/* More runs than a part has room for are in the next parts, each run in one. */
static void all_runs_are_in_some_part(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    Case made = {"", "works", 2, "work #", "0.002", "0.001", 2500, 1, NULL};
    free(plot_svg(&made, "history"));
    static const char *const notes[] = {"runs 1501 to 2500 of 2500; the next is history-2.",
                                        "runs 501 to 1500 of 2500; the next is history-3.",
                                        "runs 1 to 500 of 2500."};
    static const int runs[] = {1000, 1000, 500};
    for (int part = 1; part <= 3; part++) {
        char *data = read_part("history", part, "dat"), last[16], beyond[16];
        assert_non_null(data);
        expect_text(data, notes[part - 1]);
        snprintf(last, sizeof last, "%d\t", runs[part - 1]);
        snprintf(beyond, sizeof beyond, "%d\t", runs[part - 1] + 1);
        assert_int_equal(count_lines_of(data, last), 2 + 1); /* of each series, and its label */
        assert_int_equal(count_lines_of(data, beyond), 0);
        free(data);
    }
    assert_null(read_part("history", 4, "dat"));
}

/* A page of 1000 runs of 20 works is not too large for a browser: each run has a point, and not a tick of its
 * own. */
static void the_page_of_a_long_history_is_small(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    Case made = {"", "works", 20, "work #", "0.002", "0.001", 1000, 3, NULL};
    make_history(&made);
    command_succeed(command_run("report", "1000", "--out", "c", NULL));
    char *text = command_read_file("c/report.html");
    assert_true(strlen(text) < 3000000);
    expect_text(text, "Part 3 of 3: measurements 17 to 20 of 20.");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_shows_everything, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_metric_has_its_name_and_unit, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(axes_are_marked, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(all_runs_are_in_some_part, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_page_of_a_long_history_is_small, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(long_parameters_keep_what_differs, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
