/* Maps over the ranks of MPI, as the history has them: which machine did which task. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <sys/utsname.h>

#include "tests/support/command.h"

static const char db[] = "pricereport.db";

static void tasks_have_their_machine(void **state)
{
    (void)state;
    struct utsname system;
    assert_int_equal(uname(&system), 0);
    command_make_prices();
    command_succeed(command_run("run", "--in", "prices.db", "--source", "prices", "--map",
                                "increase_price(p)", "--executor", "serial,mpi", "--workers", "3", "--chunk",
                                "4", "--samples", "1", NULL));
    command_expect_text(db,
                        "SELECT group_concat(DISTINCT host) FROM task JOIN measurement USING (measurement) "
                        "JOIN benchmark USING (benchmark) WHERE executor = 'mpi' AND worker >= 0",
                        system.nodename);
    command_expect_integer(db,
                           "SELECT sum(task.rows) FROM task JOIN measurement USING (measurement) "
                           "JOIN benchmark USING (benchmark) WHERE executor = 'mpi'",
                           20);
    command_expect_integer(db,
                           "SELECT count(host) FROM task JOIN measurement USING (measurement) "
                           "JOIN benchmark USING (benchmark) WHERE executor = 'serial'",
                           0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tasks_have_their_machine, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
