/* Small texts of pricereport: figures with units, the sentence below the experiment, what git says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "cli/base/format.h"
#include "cli/report/findings_text.h"
#include "cli/system/work_tree.h"

static void expect_duration(double seconds, const char *expected)
{
    char text[FORMAT_SIZE];
    format_duration(seconds, text);
    assert_string_equal(text, expected);
}

static void durations(void **state)
{
    (void)state;
    expect_duration(0, "0 s");
    expect_duration(0.000022, "22.0 µs");
    expect_duration(4.10181, "4.10 s");
    expect_duration(0.016269, "16.3 ms");
    expect_duration(1e-9, "1.00 ns");
    expect_duration(3.2e-10, "0.32 ns");
    expect_duration(123.4, "123 s");
    expect_duration(86400, "86400 s");
    /* What rounds up to the next unit is written in it. */
    expect_duration(0.00099949, "999 µs");
    expect_duration(0.0009996, "1.00 ms");
    expect_duration(0.9996, "1.00 s");
    expect_duration(0.0099951, "10.0 ms");
    expect_duration(0.099951, "100 ms");
    expect_duration(NAN, "–");
    expect_duration(INFINITY, "–");
}

static void expect_range(double low, double high, const char *expected)
{
    char text[FORMAT_SIZE];
    format_duration_range(low, high, text);
    assert_string_equal(text, expected);
}

static void ranges(void **state)
{
    (void)state;
    expect_range(0.00405, 0.0042, "4.05 … 4.20 ms");
    expect_range(0.0004, 0.0123, "0.4 … 12.3 ms");
    expect_range(-INFINITY, INFINITY, "–");
    expect_range(NAN, NAN, "–");
}

static void expect_times(double ratio, const char *expected)
{
    char text[FORMAT_SIZE];
    format_times(ratio, text);
    assert_string_equal(text, expected);
}

static void ratios(void **state)
{
    (void)state;
    expect_times(1, "1.00 ×");
    expect_times(1.926, "1.93 ×");
    expect_times(12.34, "12.3 ×");
    expect_times(747.6, "748 ×");
    expect_times(0.0134, "0.013 ×");
    expect_times(0.00135, "0.0014 ×");
    expect_times(0.00001, "< 0.0001 ×");
    expect_times(NAN, "–");
}

static void expect_meaning(double cheap_threads, double cheap_processes, double threads, double processes,
                           const char *expected)
{
    char text[1024];
    findings_text_write(&(Speedups){cheap_threads, cheap_processes}, &(Speedups){threads, processes}, text,
                        sizeof text);
    assert_string_equal(text, expected);
}

static void the_sentence_follows_the_figures(void **state)
{
    (void)state;
    expect_meaning(
        0.013366, 0.0013523, 0.89828, 1.97011,
        "What it means: for cheap work parallelism costs (threads 74.8 × as long as serial, processes 739 × "
        "as long); for expensive work it costs in threads (1.11 × as long as serial) and pays in processes "
        "(1.97 × as fast).");
    expect_meaning(
        0.05, 0.02, 1.93, 1.9,
        "What it means: for cheap work parallelism costs (threads 20.0 × as long as serial, processes 50.0 × "
        "as long); for expensive work it pays (threads 1.93 × as fast as serial, processes 1.90 × as fast).");
    expect_meaning(
        1.2, 1.06, 1.04, 0.96,
        "What it means: for cheap work parallelism pays (threads 1.20 × as fast as serial, processes 1.06 × "
        "as fast); for expensive work it makes no difference (threads 1.04 × as fast as serial, processes "
        "1.04 × as long).");
    expect_meaning(
        NAN, NAN, 2, 2,
        "What it means: for cheap work parallelism was not measured; for expensive work it pays (threads "
        "2.00 × as fast as serial, processes 2.00 × as fast).");
}

static void what_git_says(void **state)
{
    (void)state;
    WorkTree tree;
    work_tree_parse("# branch.oid 0123456789012345678901234567890123456789\n# branch.head main\n"
                    "# branch.upstream origin/main\n# branch.ab +1 -0\n",
                    &tree);
    assert_string_equal(tree.commit, "0123456789012345678901234567890123456789");
    assert_string_equal(tree.branch, "main");
    assert_false(tree.dirty);
    work_tree_parse("# branch.oid 0123456789012345678901234567890123456789\n# branch.head (detached)\n"
                    "1 .M N... 100644 100644 100644 a b file\n",
                    &tree);
    assert_string_equal(tree.branch, "");
    assert_true(tree.dirty);
    work_tree_parse("# branch.oid (initial)\n# branch.head main\n", &tree);
    assert_string_equal(tree.commit, "");
    work_tree_parse("", &tree);
    assert_string_equal(tree.commit, "");
    assert_string_equal(tree.branch, "");
    assert_false(tree.dirty);
    /* A line that was cut off, and a name too long for its room. */
    char text[600] = "# branch.head ";
    memset(text + 14, 'x', 500);
    work_tree_parse(text, &tree);
    assert_int_equal(strlen(tree.branch), sizeof tree.branch - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),     cmocka_unit_test(ranges),
        cmocka_unit_test(ratios),        cmocka_unit_test(the_sentence_follows_the_figures),
        cmocka_unit_test(what_git_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
