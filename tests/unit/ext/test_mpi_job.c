/* The MPI job without MPI: a launcher that never gets its ranks ready ends with its last words in the error,
 * and what a launcher says leads to the machine that is to be left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "ext/executors/mpi/command.h"
#include "tests/support/leftovers.h"

enum { PUMP_MILLISECONDS = 10, HANG_PUMPS = 6000 };

static int mark(void **state)
{
    (void)state;
    leftovers_mark();
    return 0;
}

/* A start of a command, which is a script of the shell. */
static JobCommand shell(const char *script)
{
    JobCommand command = {.local = true};
    int size = snprintf(command.words, sizeof command.words, "sh%c-c%c%s", 0, 0, script);
    command.size = (uint32_t)size + 1;
    return command;
}

static void a_launcher_that_hangs(void **state)
{
    (void)state;
    static char folder[] = "/tmp/pricemap-job-test-XXXXXX";
    Leftovers before = leftovers_look();
    MachineSettings settings = {.heartbeat_seconds = 10};
    char said[64], script[256];
    Job job;
    assert_non_null(mkdtemp(folder));
    snprintf(said, sizeof said, "%s/said", folder);
    snprintf(script, sizeof script,
             "echo 'ssh: Could not resolve hostname nowhere' >&2; : >%s; while :; do sleep 1; done", said);
    JobCommand command = shell(script);
    job_start(&job, &(JobStart){
                        .guard = FAKE_WORKER, .command = &command, .settings = &settings, .left_folder = ""});
    for (int i = 0; i < HANG_PUMPS && access(said, F_OK) != 0; i++)
        assert_null(job_pump(&job, PUMP_MILLISECONDS));
    assert_int_equal(job.state, JOB_LAUNCHED);
    job.ready_by = 0;
    for (int i = 0; i < HANG_PUMPS && job.state == JOB_LAUNCHED; i++)
        assert_null(job_pump(&job, PUMP_MILLISECONDS));
    assert_int_equal(job.state, JOB_FAILED);
    assert_string_equal(job.error, "parallel_map: the ranks did not get ready within 60 s: ssh: Could not "
                                   "resolve hostname nowhere: name machines in mpi_hosts that `ssh NAME` "
                                   "reaches");
    job_end(&job);
    unlink(said);
    assert_int_equal(rmdir(folder), 0);
    leftovers_check(&before);
}

static void machines_that_are_left_out(void **state)
{
    (void)state;
    char here[256] = "", hosts[512], words[512], expected[512], without[1024] = "";
    gethostname(here, sizeof here - 1);
    snprintf(hosts, sizeof hosts, "%s:4,other-1:4,other-2", here);
    const MachineSettings settings = {.hosts = hosts};
    /* A launcher begins with the name of its own machine. */
    snprintf(words, sizeof words, "[mpiexec@%s] cannot reach other-2", here);
    assert_true(mpi_command_leave_out(&settings, words, without, sizeof without));
    assert_string_equal(without, "other-2,");
    assert_false(mpi_command_leave_out(&settings, "other-2 and other-11", without, sizeof without));
    snprintf(words, sizeof words, "machine %s gave no sign of life", here);
    assert_true(mpi_command_leave_out(&settings, words, without, sizeof without));
    snprintf(expected, sizeof expected, "other-2,%s,", here);
    assert_string_equal(without, expected);
    /* One machine is left. */
    assert_false(mpi_command_leave_out(&settings, "other-1", without, sizeof without));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_launcher_that_hangs),
        cmocka_unit_test(machines_that_are_left_out),
    };
    return cmocka_run_group_tests_name("mpi_job", tests, mark, NULL);
}
