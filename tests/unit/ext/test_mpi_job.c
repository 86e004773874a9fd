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

/* Whether a job that failed with these words leads to a machine that is left out; `rank`: the one that is
 * lost, of a job that was ready (-1: none is, -2: the job was not). */
static bool loses(LostMachines *lost, const MachineSettings *settings, int rank, const char *words)
{
    JobRank ranks[2] = {{.machine = "first.cluster"}, {.machine = "other-2"}};
    Job job;
    job_init(&job);
    job.ranks = ranks;
    job.rank_count = 2;
    job.was_ready = rank > -2;
    job.lost_rank = rank < 0 ? -1 : rank;
    snprintf(job.error, sizeof job.error, "%s", words);
    return machines_lose(lost, settings, &job);
}

static void machines_that_are_left_out(void **state)
{
    (void)state;
    char here[256] = "", hosts[512], words[512], expected[512];
    gethostname(here, sizeof here - 1);
    snprintf(hosts, sizeof hosts, "%s:4,other-1:4,other-2", here);
    const MachineSettings settings = {.hosts = hosts};
    LostMachines lost = {.names = ""};
    /* A launcher begins with the name of its own machine. */
    snprintf(words, sizeof words, "[mpiexec@%s] cannot reach other-2", here);
    assert_true(loses(&lost, &settings, -2, words));
    assert_string_equal(lost.names, "other-2,");
    assert_false(loses(&lost, &settings, -2, "other-2 and other-11"));
    snprintf(words, sizeof words, "machine %s gave no sign of life", here);
    assert_true(loses(&lost, &settings, -2, words));
    snprintf(expected, sizeof expected, "other-2,%s,", here);
    assert_string_equal(lost.names, expected);
    /* One machine is left. */
    assert_false(loses(&lost, &settings, -2, "other-1"));
    char *list = machines_list(&settings, &lost);
    assert_string_equal(list, "other-1:4");
    free(list);
}

/* What a job that was ready ends with is a suspicion, unless a rank is lost; addresses are those of ranks in
 * their order. */
static void machines_of_ready_jobs(void **state)
{
    (void)state;
    char hosts[] = "10.0.0.1:4,10.0.0.2", names[] = "other-1,other-2:2,first";
    const MachineSettings by_address = {.hosts = hosts}, by_name = {.hosts = names};
    LostMachines lost = {.names = ""};
    assert_true(loses(&lost, &by_address, 1, "no sign of life"));
    assert_string_equal(lost.names, "10.0.0.2,");
    lost = (LostMachines){.names = ""};
    assert_false(
        loses(&lost, &by_name, -1, "ORTE has lost communication with a remote daemon on node other-2"));
    assert_false(loses(&lost, &by_name, -1, "killed on node other-1"));
    assert_string_equal(lost.suspect, "other-2");
    assert_string_equal(lost.names, "");
    assert_true(loses(&lost, &by_name, -2, "unable to reliably start one or more daemons"));
    assert_string_equal(lost.names, "other-2,");
    assert_false(loses(&lost, &by_name, -2, "unable to reliably start one or more daemons"));
    assert_true(loses(&lost, &by_name, 0, "no sign of life"));
    assert_string_equal(lost.names, "other-2,first,");
}

/* A file of machines has comments, slots, and spaces. */
static void machines_of_a_file(void **state)
{
    (void)state;
    static char path[] = "/tmp/pricemap-machines-XXXXXX";
    int file = mkstemp(path);
    const char text[] = "# all\n\n a slots=2\nb:4 # last\n#c\n\td";
    assert_true(file >= 0);
    assert_int_equal(write(file, text, sizeof text - 1), sizeof text - 1);
    close(file);
    const MachineSettings settings = {.hostfile = path}, none = {.hosts = NULL};
    LostMachines lost = {.names = "a,"};
    char *list = machines_list(&settings, &lost);
    assert_string_equal(list, "b:4,d");
    free(list);
    unlink(path);
    list = machines_list(&settings, &lost);
    assert_string_equal(list, "");
    free(list);
    list = machines_list(&none, &lost);
    assert_string_equal(list, "");
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_launcher_that_hangs),
        cmocka_unit_test(machines_that_are_left_out),
        cmocka_unit_test(machines_of_ready_jobs),
        cmocka_unit_test(machines_of_a_file),
    };
    return cmocka_run_group_tests_name("mpi_job", tests, mark, NULL);
}
