/* The line of a long map: when it is drawn, what it says, and that it is wiped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "ext/base/clock.h"
#include "ext/run/progress_line.h"
#include "tests/support/terminal.h"
#include "tests/support/within.h"

static const int64_t second_ns = 1000000000;

/* What a line draws on a terminal that began so long ago, to be freed. */
static char *drawn(bool wanted, int64_t ago_ns, int64_t rows, double share)
{
    ProgressLine line;
    Terminal terminal = terminal_begin();
    progress_line_begin(&line, wanted, clock_ns() - ago_ns);
    progress_line_draw(&line, rows, share);
    progress_line_end(&line);
    return terminal_end(&terminal);
}

static void rows_rate_and_time_left(void **state)
{
    (void)state;
    ProgressLine line;
    Terminal terminal = terminal_begin();
    progress_line_begin(&line, true, clock_ns() - 1000 * second_ns);
    progress_line_draw(&line, 5000, 0.25);
    progress_line_draw(&line, 5001, 0.25); /* too soon after the first */
    progress_line_end(&line);
    progress_line_end(&line); /* nothing to wipe any more */
    char *text = terminal_end(&terminal);
    long rows = 0, rate = 0, share = 0, left = 0;
    int end = 0;
    assert_int_equal(sscanf(text, "\r\033[Kparallel_map: %ld rows, %ld rows/s, %ld %%, %ld s left\r\033[K%n",
                            &rows, &rate, &share, &left, &end),
                     4);
    assert_int_equal(end, strlen(text));
    assert_int_equal(rows, 5000);
    assert_int_equal(rate, 5);
    assert_int_equal(share, 25);
    /* Three times what it has taken, which is a moment more than 1000 s by now. */
    assert_within(left, 3000, 3300);
    free(text);
}

static void no_time_where_the_share_is_not_known(void **state)
{
    (void)state;
    static const double unknown[] = {-1, 0, 1.5};
    for (int i = 0; i < 3; i++) {
        char *text = drawn(true, 100 * second_ns, 700, unknown[i]);
        assert_string_equal(text, "\r\033[Kparallel_map: 700 rows, 7 rows/s\r\033[K");
        free(text);
    }
}

static void not_drawn_in_the_first_half_second(void **state)
{
    (void)state;
    /* It begins in an hour: a busy machine must not make it late. */
    char *text = drawn(true, -3600 * second_ns, 7, 0.5);
    assert_string_equal(text, "");
    free(text);
}

static void not_drawn_unasked_or_elsewhere(void **state)
{
    (void)state;
    ProgressLine line;
    char *text = drawn(false, 100 * second_ns, 700, 0.5);
    assert_string_equal(text, "");
    free(text);

    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    fflush(stderr);
    int saved = dup(STDERR_FILENO);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    progress_line_begin(&line, true, clock_ns() - 100 * second_ns);
    progress_line_draw(&line, 700, 0.5);
    progress_line_end(&line);
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    close(saved);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

/* A terminal whose other side has gone takes nothing: that is no reason to end a map. */
static void a_terminal_that_takes_nothing(void **state)
{
    (void)state;
    ProgressLine line;
    Terminal terminal = terminal_begin();
    progress_line_begin(&line, true, clock_ns() - 100 * second_ns);
    assert_true(line.wanted);
    close(STDERR_FILENO);
    progress_line_draw(&line, 700, 0.5);
    progress_line_end(&line);
    free(terminal_end(&terminal));
    assert_false(line.drawn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_rate_and_time_left),
        cmocka_unit_test(no_time_where_the_share_is_not_known),
        cmocka_unit_test(not_drawn_in_the_first_half_second),
        cmocka_unit_test(not_drawn_unasked_or_elsewhere),
        cmocka_unit_test(a_terminal_that_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
