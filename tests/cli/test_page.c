/* The page: what is in it, what may not be, and how a browser shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/within.h"
#include "tests/support/browser.h"
#include "tests/support/command.h"

static const char page[] = "pricereport-charts/report.html";

static int have_gnuplot(void)
{
    return system("gnuplot --version >/dev/null 2>&1") == 0;
}

static void record_experiment(const char *label)
{
    Outcome outcome = command_run("--samples", "6", "--label", label, NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
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

static void make_history(void)
{
    record_experiment("first");
    char *sql = command_read_file(getenv("PRICEREPORT_MADE_HISTORY"));
    command_execute("pricereport.db", sql);
    free(sql);
}

/* The page that report writes; to be freed. */
static char *report(void)
{
    Outcome outcome = command_run("report", NULL);
    command_expect_success(&outcome);
    assert_string_equal(outcome.out, "pricereport-charts/report.html\n");
    command_free(&outcome);
    return command_read_file(page);
}

static void expect_part(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("the page has no %s", part);
}

static void expect_no_part(const char *text, const char *part)
{
    const char *found = strstr(text, part);
    if (found)
        fail_msg("the page has %s: %.80s", part, found);
}

static void the_page_has_everything(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record_scan();
    record_experiment("the label");
    char *text = report();
    static const char *const sections[] = {"findings", "experiment", "executors", "measurements",
                                           "workers",  "break-even", "samples",   "timeline",
                                           "history",  "about",      "runs"};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        char part[64];
        snprintf(part, sizeof part, "<section id=\"%s\">", sections[i]);
        expect_part(text, part);
    }
    expect_part(text, "<title>Run 2 · the label · ");
    expect_part(text, "<td>increase_price_crazy</td>");
    expect_part(text, "published (Python, 2016)");
    expect_part(text, "<td>processor</td>");
    expect_part(text, "prefers-color-scheme: dark");
    expect_part(text, "aria-label=\"Speed-up and efficiency over workers\"");
    /* It is complete, needs nothing, and runs nothing. */
    assert_ptr_equal(strstr(text, "<!DOCTYPE html>"), text);
    expect_part(text, "</html>");
    static const char *const not [] = {"http://",
                                       "https://",
                                       "<script",
                                       "@import",
                                       "<link rel=\"stylesheet",
                                       "{{",
                                       "xlink",
                                       "gnuplot_plot_1</title>",
                                       "problem\" role"};
    for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
        expect_no_part(text, not [i]);
    free(text);
}

static void a_named_run_stands_for_itself(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record_experiment("first");
    command_make_prices();
    Outcome outcome = command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p + 1",
                                  "--samples", "1", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    outcome = command_run("report", "2", "--out", "a/b", NULL);
    command_expect_success(&outcome);
    assert_string_equal(outcome.out, "a/b/report.html\n");
    command_free(&outcome);
    char *text = command_read_file("a/b/report.html");
    expect_part(text, "<title>Run 2 · ");
    expect_no_part(text, "published (Python, 2016)");
    expect_no_part(text, "<section id=\"workers\">");
    free(text);
}

/* A command has no executors, and shows nothing of the maps that were measured before it. */
static void the_page_of_a_command_is_about_it(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record_scan();
    Outcome outcome = command_run("run", "--samples", "6", "--", "sh", "-c",
                                  ": 'of a name that is longer than a chart "
                                  "has room for, and so has to be cut there, but nowhere else'",
                                  NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    char *text = report();
    expect_part(text, "<title>Run 2 · ");
    expect_part(text, "<h2>Medians</h2>");
    expect_part(text, "How long each command takes");
    expect_part(text, ">peak memory</th>");
    expect_part(text, "to be cut there, but nowhere else");
    expect_part(text, "pricereport run --samples 6 -- sh -c &#39;: ");
    static const char *const not [] = {"<section id=\"workers\">",
                                       "<section id=\"timeline\">",
                                       "<section id=\"break-even\">",
                                       "speed-up",
                                       "<text>all</text>",
                                       "<td>all</td>",
                                       "of one map",
                                       "each executor"};
    for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
        expect_no_part(text, not [i]);
    free(text);
}

static void what_the_tables_leave_out_is_named(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    record_experiment("first");
    command_execute("pricereport.db",
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) "
                    "INSERT INTO benchmark(name, parameters) SELECT 'work ' || ((i + 1) / 2), "
                    "json_object('executor', iif(i % 2, 'serial', 'threads')) FROM n;"
                    "INSERT INTO measurement(run, benchmark, position, samples, median_seconds) "
                    "SELECT 1, benchmark, 100 + benchmark, 1, 0.001 FROM benchmark WHERE name LIKE 'work %'");
    char *text = report();
    expect_part(text,
                "<p class=\"left-out\">The first 500 of 606 measurements; pricereport show 1 lists all.</p>");
    expect_part(text, "more: the table Measurements has them all</li>");
    /* Eleven parts of the first chart, and of the history, which has more, as many as the page has of any. */
    expect_part(text, "Part 11 of 11: measurements 601 to 606 of 606.");
    expect_part(text, "Part 12 of ");
    expect_no_part(text, "Part 13 of ");
    expect_part(text, "The further parts are drawn by pricereport plot --chart history.</p>");
    expect_no_part(text, "plot --chart executors");
    free(text);
}

static const char *const hostile[] = {
    "<script>document.title = 'injected'</script><img src=x onerror=\"document.title='injected'\">",
    "\"><svg onload=\"document.title='injected'\"> ' onmouseover='x",
    "</title></style></svg><style>body{display:none}</style><!-- ",
    "{{style}} {{?x}} &lt;b&gt; rgb(1,2,3) id='x' href='#y' \"#aabbcc\" url(#z)",
    "broken \xff\xc3( \x01 \xe2\x80\xa8 \xe2\x80\xae end",
};
enum { HOSTILE_COUNT = sizeof hostile / sizeof *hostile };

static void hostile_labels_are_only_text(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    command_make_prices();
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        Outcome outcome = command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p + 1",
                                      "--name", hostile[i], "--label", hostile[i], "--samples", "6", NULL);
        command_expect_success(&outcome);
        command_free(&outcome);
        char *text = report();
        expect_no_part(text, "<script");
        expect_no_part(text, "<img");
        expect_no_part(text, "<svg onload");
        expect_no_part(text, "<style>body");
        expect_no_part(text, "<!-- ");
        expect_no_part(text, "\xff");
        expect_no_part(text, "\x01");
        free(text);
    }
    char *text = report();
    expect_part(text, "&lt;script&gt;document.title = &#39;injected&#39;&lt;/script&gt;");
    expect_part(text, "{{style}} {{?x}} &amp;lt;b&amp;gt; rgb(1,2,3) id=&#39;x&#39;");
    expect_part(text, "broken \xef\xbf\xbd\xef\xbf\xbd(");
    free(text);
}

static void a_long_history_stays_below_two_megabytes(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    make_history();
    char *text = report();
    assert_within(strlen(text), 100000, 2000000);
    expect_part(text, "<h3>Change points</h3>");
    expect_part(text, "regression");
    expect_part(text, "first 2000 of 5000 chunks");
    free(text);
}

/* A table of the machines where there are several, also without charts. */
static void several_machines_have_a_table(void **state)
{
    (void)state;
    command_make_prices();
    command_succeed(command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p + 1",
                                "--executor", "serial,threads", "--workers", "2", "--samples", "6", NULL));
    command_execute("pricereport.db",
                    "DELETE FROM task; UPDATE run SET host = 'home';"
                    "INSERT INTO task(measurement, task, worker, start_ns, end_ns, rows, host) VALUES"
                    " (1, 1, -1, 0, 90000000, 20, NULL),"
                    " (2, 1, 0, 0, 2000000, 5, 'node10'), (2, 2, 1, 0, 3000000, 6, 'node10'),"
                    " (2, 3, 0, 2000000, 3500000, 4, 'node10'), (2, 4, 2, 0, 4000000, 5, 'node2')");
    Outcome outcome = command_run("report", NULL);
    command_free(&outcome);
    char *text = command_read_file(page);
    expect_part(text, "<section id=\"machines\">");
    expect_part(
        text,
        ">node10</td><td class=\"figure\">2</td><td class=\"figure\">3</td><td class=\"figure\">15</td>"
        "<td class=\"figure\">6.50 ms</td></tr>\n<tr><td>node2</td><td class=\"figure\">1</td>"
        "<td class=\"figure\">1</td><td class=\"figure\">5</td><td class=\"figure\">4.00 ms</td></tr>\n</tbody>");
    free(text);
    if (!have_gnuplot())
        return;
    command_succeed(command_run("report", "--all", "site", NULL));
    text = command_read_file("site/run-1.html");
    expect_part(text, "<section id=\"machines\">");
    free(text);
    /* The host's own part is a machine's, too; one machine alone needs no table. */
    command_execute("pricereport.db", "UPDATE task SET host = NULL WHERE host = 'node2'");
    text = report();
    expect_part(text, "<td>home</td><td class=\"figure\">1</td>");
    expect_no_part(text, "node2");
    free(text);
    command_execute("pricereport.db", "UPDATE task SET host = iif(measurement = 1, NULL, 'home')");
    text = report();
    expect_no_part(text, "<section id=\"machines\">");
    free(text);
}

static void without_gnuplot_there_is_a_page_without_charts(void **state)
{
    (void)state;
    record_experiment("first");
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nonexistent", 1);
    Outcome outcome = command_run("report", NULL);
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(outcome.status, 3);
    assert_string_equal(outcome.out, "pricereport-charts/report.html\n");
    assert_non_null(strstr(
        outcome.err, "pricereport: the page has no charts: no chart was drawn, for there is no gnuplot: "
                     "install it (Debian, Ubuntu: apt-get install gnuplot-nox)"));
    command_free(&outcome);
    char *text = command_read_file(page);
    expect_part(text, "The charts are missing: no chart was drawn, for there is no gnuplot");
    expect_part(text, "<section id=\"measurements\">");
    expect_part(text, "<td>increase_price_crazy</td>");
    expect_no_part(text, "<svg");
    expect_no_part(text, "<section id=\"executors\">");
    free(text);
    assert_int_equal(access("pricereport-charts/executors.dat", F_OK), 0);
}

static void what_cannot_be_is_named(void **state)
{
    (void)state;
    command_expect_error(command_run("report", NULL), 3, "there is no history at pricereport.db");
    record_experiment("first");
    command_expect_error(command_run("report", "7", NULL), 3, "7: pricereport.db has no run");
    command_expect_error(command_run("report", "--out", "/proc/x", NULL), 3, "name another with --out");
    assert_int_equal(mkdir("d", 0777), 0);
    assert_int_equal(mkdir("d/report.html", 0777), 0);
    command_expect_error(command_run("report", "--out", "d", NULL), 3,
                         "cannot write d/report.html: Is a directory: name another folder with --out");
}

/* Shows the page in both widths, in the light and in the dark, and expects nothing to complain about. */
static void expect_well_laid_out(Browser *browser, const char *file)
{
    static const int widths[] = {400, 1400};
    char path[PATH_MAX];
    assert_non_null(realpath(file, path));
    char *checks = command_read_file(getenv("PRICEREPORT_PAGE_CHECKS"));
    for (size_t i = 0; i < 4; i++) {
        browser_show(browser, path, widths[i % 2], 900, i > 1);
        char *wrong = browser_evaluate(browser, checks), *complaints = browser_complaints(browser);
        char *title = browser_evaluate(browser, "document.title");
        if (*wrong || *complaints || strcmp(title, "injected") == 0)
            fail_msg("%d px, %s: %s\n%s", widths[i % 2], i > 1 ? "dark" : "light", wrong, complaints);
        sqlite3_free(wrong);
        sqlite3_free(complaints);
        sqlite3_free(title);
    }
    free(checks);
}

static void a_browser_has_nothing_to_complain_about(void **state)
{
    (void)state;
    if (!have_gnuplot() || !browser_is_there())
        skip();
    Browser *browser = browser_open("profile");
    record_scan();
    record_experiment("the label");
    free(report());
    expect_well_laid_out(browser, page);
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        Outcome outcome = command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p + 1",
                                      "--name", hostile[i], "--label", hostile[i], "--samples", "6", NULL);
        command_expect_success(&outcome);
        command_free(&outcome);
        free(report());
        expect_well_laid_out(browser, page);
    }
    browser_close(browser);
}

static void a_browser_shows_a_long_history(void **state)
{
    (void)state;
    if (!have_gnuplot() || !browser_is_there())
        skip();
    Browser *browser = browser_open("profile");
    make_history();
    free(report());
    expect_well_laid_out(browser, page);
    /* And a run of many works, whose charts have several parts. */
    command_execute(
        "pricereport.db",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70) "
        "INSERT INTO benchmark(name, parameters) SELECT 'another work ' || i, '{}' FROM n;"
        "INSERT INTO measurement(run, benchmark, position, samples, median_seconds) "
        "SELECT 400, benchmark, 100 + benchmark, 1, 0.001 FROM benchmark WHERE name LIKE 'another%'");
    char *text = report();
    expect_part(text, "Part 2 of 2");
    free(text);
    expect_well_laid_out(browser, page);
    browser_close(browser);
}

/* What the two tests above rely on: that something wrong is found. */
static void the_browser_finds_what_is_wrong(void **state)
{
    (void)state;
    if (!browser_is_there())
        skip();
    command_write_file("wrong.html",
                       "<!DOCTYPE html><title>x</title><h1>a</h1><div style='width:3000px'>wide</div>"
                       "<p style='color:#eee'>pale</p><section><h2>empty</h2></section>"
                       "<svg aria-label='p' viewBox='0 0 9 9'><use href='#gone'/></svg>"
                       "<script>console.log('talks'); gone()</script><img src='gone.png'>");
    char path[PATH_MAX];
    assert_non_null(realpath("wrong.html", path));
    Browser *browser = browser_open("profile");
    char *checks = command_read_file(getenv("PRICEREPORT_PAGE_CHECKS"));
    browser_show(browser, path, 400, 900, 0);
    char *wrong = browser_evaluate(browser, checks), *complaints = browser_complaints(browser);
    expect_part(wrong, "the page is 30");
    expect_part(wrong, "div \"wide\" sticks out");
    expect_part(wrong, "p \"pale\" has a contrast of 1.");
    expect_part(wrong, "has no heading or no content");
    expect_part(wrong, "p refers to gone, which it has not");
    expect_part(complaints, "console: [{\"type\":\"string\",\"value\":\"talks\"}]");
    expect_part(complaints, "exception: ");
    expect_part(complaints, "/gone.png");
    sqlite3_free(wrong);
    sqlite3_free(complaints);
    free(checks);
    browser_close(browser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_page_has_everything, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_named_run_stands_for_itself, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_page_of_a_command_is_about_it, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(what_the_tables_leave_out_is_named, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(hostile_labels_are_only_text, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_long_history_stays_below_two_megabytes, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(several_machines_have_a_table, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(without_gnuplot_there_is_a_page_without_charts, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_named, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_browser_has_nothing_to_complain_about, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(a_browser_shows_a_long_history, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_browser_finds_what_is_wrong, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
