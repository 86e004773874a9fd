/* The processors that this process may use follow its affinity mask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <cmocka.h>

#include "processors.h"

static void affinity(void **state)
{
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    int available = processors_available();
    assert_true(available >= 1 && available <= CPU_COUNT(&all));
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &all))
            continue;
        CPU_ZERO(&one);
        CPU_SET(i, &one);
        assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
        assert_int_equal(processors_available(), 1);
    }
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(processors_available(), available);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(affinity)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
