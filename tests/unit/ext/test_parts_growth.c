/* Whether the parts of a query are too many, from what two ranges of it gave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ext/run/parts_growth.h"

typedef struct Case {
    double first_rowids, first_parts, rowids, parts;
    /* A million rowids of so many nanoseconds each, and two workers. */
    double rowid_ns;
    bool known, too_many;
} Case;

static void growth(void **state)
{
    (void)state;
    static const Case cases[] = {
        {1000, 7, 20000, 7, 100, true, false},        /* few groups */
        {1000, 1, 2000, 1, 100, true, false},         /* one: known at once */
        {1000, 1000, 20000, 20000, 200, true, true},  /* each row is a group */
        {1000, 250, 20000, 5000, 200, true, true},    /* groups of rows that follow each other */
        {1000, 250, 20000, 5000, 20000, true, false}, /* the same, and rows that take long */
        {1000, 850, 20000, 5000, 200, true, false},   /* 5000 groups, which are known by now */
        {1000, 1000, 2000, 2000, 200, false, true},   /* too early to decide */
        {60, 7, 60, 7, 70000, true, false},           /* small ranges of rows that take long */
        {60, 7, 60, 7, 700, false, false},            /* and of rows that do not */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Case *test = &cases[i];
        PartsGrowth parts = {0};
        double estimate;
        parts_growth_add(&parts, test->first_rowids, test->first_parts);
        parts_growth_add(&parts, test->rowids, test->parts);
        assert_int_equal(parts_growth_is_known(&parts, test->rowid_ns), test->known);
        assert_int_equal(parts_are_too_many(&parts, 1e6, test->rowid_ns, 2, &estimate), test->too_many);
        assert_true(estimate <= 1e6 && estimate >= test->parts);
    }
}

static void one_range_tells_little(void **state)
{
    (void)state;
    PartsGrowth parts = {0};
    parts_growth_add(&parts, 600, 300);
    assert_false(parts_growth_is_known(&parts, 100));
    assert_true(parts_growth_rowids(&parts) == 2400);
    parts_growth_add(&parts, 2000, 310);
    assert_false(parts_growth_is_known(&parts, 100));
    parts_growth_add(&parts, 4000, 320);
    assert_true(parts_growth_is_known(&parts, 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growth),
        cmocka_unit_test(one_range_tells_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
