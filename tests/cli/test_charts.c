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

#include "command.h"

static const char *const charts[] = {"executors", "history"};

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
    for (size_t i = 0; i < 2; i++) {
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
    assert_string_equal(outcome.out, "pricereport-charts/executors.svg\npricereport-charts/history.svg\n");
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
        assert_int_equal(tabs, 4);
        labels += strstr(line, "\t\"name\"") != NULL || strstr(line, "\t\"a label") != NULL;
    }
    assert_int_equal(labels, 1 + 3 * 6); /* one is the panel's name */
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
    for (size_t i = 0; i < 2; i++) {
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

static void a_run_without_samples_has_no_chart(void **state)
{
    (void)state;
    record("first");
    command_execute("pricereport.db",
                    "DELETE FROM sample; UPDATE measurement SET median_seconds = NULL, samples = 0");
    command_expect_error(command_run("plot", NULL), 3, "run 1 has measured nothing");
    command_expect_error(command_run("plot", "7", NULL), 3, "has no run 7");
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
        cmocka_unit_test_setup_teardown(a_run_without_samples_has_no_chart, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
