/* Machines that a user names: one machine in the history, whatever they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/command.h"

static const char db[] = "pricereport.db";

static void runs_of_one_name_are_compared(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        command_succeed(
            command_run("run", "-r", "6", "-n", "job", "--machine", "ci runner", "--", "true", NULL));
    command_expect_text(db, "SELECT fingerprint || '/' || title || '/' || processors FROM machine",
                        "ci runner/ci runner/0");
    command_expect_integer(
        db,
        "SELECT count(*) FROM run WHERE options ->> '$.machine.processors' > 0 AND options "
        "->> '$.machine.kernel' GLOB 'Linux *'",
        2);
    command_succeed(command_run("compare", "1", "2", NULL));
    /* One without the name is another machine. */
    command_succeed(command_run("run", "-r", "6", "-n", "job", "--", "true", NULL));
    command_expect_integer(db, "SELECT count(*) FROM machine", 2);
    command_expect_error(command_run("compare", "1", "3", NULL), 3, "are of different machines");
    /* A suspicion is measured once more where the machine is the same in truth. */
    command_succeed(command_run("delete", "3", NULL));
    command_execute(db, "UPDATE sample SET wall_ns = 1000 + sequence WHERE measurement = 1");
    Outcome outcome = command_run("check", NULL);
    assert_null(strstr(outcome.err, "could not be measured"));
    assert_non_null(strstr(outcome.out, "by run 4"));
    command_free(&outcome);
    command_expect_error(command_run("run", "--machine", " ", "--", "true", NULL), 2, "--machine is empty");
    /* Names that begin alike are not made one by cutting them. */
    char name[129];
    memset(name, 'm', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    command_expect_error(command_run("run", "--machine", name, "--", "true", NULL), 2, "at most 127");
    command_expect_error(command_run("import", "f.json", "--machine", name, NULL), 2, "at most 127");
}

static void imported_files_are_of_that_machine(void **state)
{
    (void)state;
    static const char text[] =
        "{\"context\":{\"date\":\"2026-01-0%dT00:00:00+00:00\",\"host_name\":\"pod-%d\","
        "\"num_cpus\":%d},\"benchmarks\":[{\"name\":\"f\",\"run_type\":\"iteration\","
        "\"iterations\":1,\"real_time\":5,\"cpu_time\":5,\"time_unit\":\"ms\"}]}";
    char file[1000];
    for (int i = 1; i <= 2; i++) {
        snprintf(file, sizeof file, text, i, i, 2 * i);
        command_write_file("f.json", file);
        command_succeed(command_run("import", "f.json", NULL));
        snprintf(file, sizeof file, text, i + 2, i, 2 * i);
        command_write_file("f.json", file);
        command_succeed(command_run("import", "f.json", "--machine", "pods", NULL));
    }
    command_expect_integer(db, "SELECT count(*) FROM machine", 3);
    command_expect_text(
        db, "SELECT group_concat(host) FROM run JOIN machine USING (machine) WHERE title = 'pods'",
        "pod-1,pod-2");
    command_succeed(command_run("compare", "2", "4", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_of_one_name_are_compared, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(imported_files_are_of_that_machine, command_setup, command_teardown),
    };
    return cmocka_run_group_tests_name("cli machines", tests, NULL, NULL);
}
