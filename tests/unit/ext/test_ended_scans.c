/* Workers close the files of the scans that have ended, each scan once, and all where they missed too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ext/data/ended_scans.h"

static void each_scan_once(void **state)
{
    (void)state;
    EndedScans ended = {0};
    uint64_t closed = 0, scan = 0;
    assert_false(ended_scans_next(&ended, &closed, &scan));
    for (uint64_t round = 0; round < 5; round++) {
        for (uint64_t i = 1; i < ENDED_SCANS; i++)
            ended_scans_add(&ended, 100 * round + i);
        for (uint64_t i = 1; i < ENDED_SCANS; i++) {
            assert_true(ended_scans_next(&ended, &closed, &scan));
            assert_int_equal(scan, 100 * round + i);
        }
        assert_false(ended_scans_next(&ended, &closed, &scan));
        assert_int_equal(closed, atomic_load(&ended.count));
    }
}

static void all_scans_where_some_were_missed(void **state)
{
    (void)state;
    EndedScans ended = {0};
    uint64_t closed = 0, scan = 1;
    for (uint64_t i = 0; i < ENDED_SCANS + 3; i++)
        ended_scans_add(&ended, 7 + i);
    assert_true(ended_scans_next(&ended, &closed, &scan));
    assert_int_equal(scan, 0);
    assert_int_equal(closed, ENDED_SCANS + 3);
    assert_false(ended_scans_next(&ended, &closed, &scan));
    ended_scans_add(&ended, 99);
    assert_true(ended_scans_next(&ended, &closed, &scan));
    assert_int_equal(scan, 99);
}

/* A worker owes the end of a scan of which it may have had tasks, and of no later one. */
static void scans_of_a_worker(void **state)
{
    (void)state;
    EndedScans ended = {0};
    assert_false(ended_scans_any(&ended, 0, 5));
    ended_scans_add(&ended, 4);
    ended_scans_add(&ended, 3);
    assert_false(ended_scans_any(&ended, 0, 0));
    assert_false(ended_scans_any(&ended, 0, 2));
    assert_true(ended_scans_any(&ended, 0, 3));
    assert_true(ended_scans_any(&ended, 1, 3));
    assert_false(ended_scans_any(&ended, 2, 5));
    for (uint64_t i = 0; i < ENDED_SCANS; i++)
        ended_scans_add(&ended, 100);
    assert_true(ended_scans_any(&ended, 0, 1));
    assert_false(ended_scans_any(&ended, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_scan_once),
        cmocka_unit_test(all_scans_where_some_were_missed),
        cmocka_unit_test(scans_of_a_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
