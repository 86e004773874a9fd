/* What pricereport doctor finds on machines that are made up: folders with their own /proc and /sys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/system/disturbances.h"

typedef struct Made {
    char root[64];
} Made;

static int setup(void **state)
{
    Made *made = calloc(1, sizeof *made);
    strcpy(made->root, "/tmp/pricereport-machine-XXXXXX");
    if (!mkdtemp(made->root))
        return -1;
    *state = made;
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int teardown(void **state)
{
    Made *made = *state;
    int failed = nftw(made->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(made);
    return failed ? -1 : 0;
}

/* Writes a file of the machine, with the folders above it. */
static void has(void **state, const char *name, const char *text)
{
    Made *made = *state;
    char path[512];
    snprintf(path, sizeof path, "%s%s", made->root, name);
    for (char *slash = strchr(path + strlen(made->root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        assert_true(mkdir(path, 0777) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* What the machine is found to be in one check; its text has `part`, and its advice, where it has one,
 * `advice`. */
static void expect(void **state, const char *check, DisturbanceState expected, const char *part,
                   const char *advice)
{
    Made *made = *state;
    Disturbance findings[DISTURBANCES];
    disturbances_examine(made->root, findings);
    for (size_t i = 0; i < DISTURBANCES; i++) {
        if (strcmp(findings[i].check, check) != 0)
            continue;
        if (findings[i].state != expected || !strstr(findings[i].found, part))
            fail_msg("%s is %s: %s", check, disturbances_state_name(findings[i].state), findings[i].found);
        assert_int_equal(findings[i].advice != NULL, expected == DISTURBANCE_WARNING);
        if (advice && !strstr(findings[i].advice, advice))
            fail_msg("%s advises: %s", check, findings[i].advice);
        return;
    }
    fail_msg("there is no check %s", check);
}

static void has_four_processors(void **state)
{
    has(state, "/proc/stat",
        "cpu  100 0 100 10000 0 0 0 0 0 0\ncpu0 1 2\ncpu1 1 2\ncpu2 1 2\ncpu3 1 2\nintr 5\n");
}

static void a_machine_that_tells_nothing(void **state)
{
    Made *made = *state;
    Disturbance findings[DISTURBANCES];
    static const char *const unknown[] = {"governor", "turbo",  "load",    "steal", "virtual",
                                          "affinity", "memory", "threads", "clock"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        expect(state, unknown[i], DISTURBANCE_UNKNOWN, "not known", NULL);
    expect(state, "battery", DISTURBANCE_OK, "no battery", NULL);
    expect(state, "quota", DISTURBANCE_OK, "no quota", NULL);
    disturbances_examine(made->root, findings);
    for (size_t i = 0; i < DISTURBANCES; i++)
        assert_true(*findings[i].found && *findings[i].check);
}

static void governors(void **state)
{
    has(state, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    has(state, "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n");
    expect(state, "governor", DISTURBANCE_OK, "performance on all 2 processors", NULL);
    has(state, "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
    expect(state, "governor", DISTURBANCE_WARNING, "powersave on 1 of 2 processors",
           "cpupower frequency-set");
}

static void turbo_of_either_maker(void **state)
{
    has(state, "/sys/devices/system/cpu/cpufreq/boost", "0\n");
    expect(state, "turbo", DISTURBANCE_OK, "off", NULL);
    has(state, "/sys/devices/system/cpu/cpufreq/boost", "1\n");
    expect(state, "turbo", DISTURBANCE_WARNING,
           "on: ", "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost");
    has(state, "/sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
    expect(state, "turbo", DISTURBANCE_OK, "off", NULL);
    has(state, "/sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
    expect(state, "turbo", DISTURBANCE_WARNING, "on: ", "echo 1 | sudo tee");
}

static void load_by_processor(void **state)
{
    has_four_processors(state);
    has(state, "/proc/loadavg", "0.95 3.00 4.00 1/100 1234\n");
    expect(state, "load", DISTURBANCE_OK, "load average 0.95 over the last minute, on 4 processors", NULL);
    has(state, "/proc/loadavg", "1.05 0.00 0.00 1/100 1234\n");
    expect(state, "load", DISTURBANCE_WARNING, "load average 1.05 over the last minute, on 4 processors",
           "end what else runs");
    has(state, "/proc/loadavg", "nonsense\n");
    expect(state, "load", DISTURBANCE_UNKNOWN, "not known", NULL);
}

static void stolen_time(void **state)
{
    has(state, "/proc/stat", "cpu  900 0 95 100000 50 0 0 5 0 0\ncpu0 1\n");
    expect(state, "steal", DISTURBANCE_OK, "0.5 %", NULL);
    has(state, "/proc/stat", "cpu  900 0 50 100000 50 0 0 50 0 0\ncpu0 1\n");
    expect(state, "steal", DISTURBANCE_WARNING, "5.0 %", "other virtual machines");
    /* A machine that has just started. */
    has(state, "/proc/stat", "cpu  0 0 0 0 0 0 0 0 0 0\n");
    expect(state, "steal", DISTURBANCE_OK, "0.0 %", NULL);
    has(state, "/proc/stat", "cpu  1 2 3\n");
    expect(state, "steal", DISTURBANCE_UNKNOWN, "not known", NULL);
}

static void virtual_machines(void **state)
{
    has(state, "/proc/cpuinfo", "model name\t: X\nflags\t\t: fpu sse2\n");
    expect(state, "virtual", DISTURBANCE_OK, "no virtual machine", NULL);
    has(state, "/proc/cpuinfo", "model name\t: X\nflags\t\t: fpu hypervisor sse2\n");
    expect(state, "virtual", DISTURBANCE_WARNING, "a virtual machine", "within one run");
}

static void quotas_of_version_2(void **state)
{
    has_four_processors(state);
    has(state, "/proc/self/cgroup", "0::/box/inner\n");
    has(state, "/sys/fs/cgroup/box/inner/cpu.max", "max 100000\n");
    expect(state, "quota", DISTURBANCE_OK, "no quota below the 4 processors", NULL);
    has(state, "/sys/fs/cgroup/box/inner/cpu.max", "400000 100000\n");
    expect(state, "quota", DISTURBANCE_OK, "no quota", NULL);
    has(state, "/sys/fs/cgroup/box/inner/cpu.max", "250000 100000\n");
    expect(state, "quota", DISTURBANCE_WARNING, "2.50 processors of 4", "whole processors");
    /* What is above allows less. */
    has(state, "/sys/fs/cgroup/box/cpu.max", "50000 100000\n");
    expect(state, "quota", DISTURBANCE_WARNING, "0.50 processors of 4", NULL);
}

static void quotas_where_the_group_is_the_root(void **state)
{
    has_four_processors(state);
    has(state, "/proc/self/cgroup", "0::/\n");
    has(state, "/sys/fs/cgroup/cpu.max", "150000 100000\n");
    expect(state, "quota", DISTURBANCE_WARNING, "1.50 processors of 4", NULL);
}

static void quotas_of_version_1(void **state)
{
    has_four_processors(state);
    has(state, "/proc/self/cgroup", "3:cpu,cpuacct:/box\n0::/\n");
    has(state, "/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    has(state, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    expect(state, "quota", DISTURBANCE_OK, "no quota", NULL);
    has(state, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "120000\n");
    expect(state, "quota", DISTURBANCE_WARNING, "1.20 processors of 4", NULL);
}

static void affinity(void **state)
{
    has_four_processors(state);
    has(state, "/proc/self/status",
        "Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3\nMems_allowed:\t1\n");
    expect(state, "affinity", DISTURBANCE_OK, "all 4 processors", NULL);
    has(state, "/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-1,3\nMems_allowed:\t1\n");
    expect(state, "affinity", DISTURBANCE_WARNING, "3 of 4 processors", "--workers");
    has(state, "/proc/self/status", "Name:\tx\nCpus_allowed_list:\tx\n");
    expect(state, "affinity", DISTURBANCE_WARNING, "0 of 4", NULL);
}

static void cores_that_are_shared(void **state)
{
    has(state, "/sys/devices/system/cpu/smt/active", "0\n");
    expect(state, "threads", DISTURBANCE_OK, "a core of its own", NULL);
    has(state, "/sys/devices/system/cpu/smt/active", "1\n");
    expect(state, "threads", DISTURBANCE_WARNING, "share a core", "smt/control");
}

static void batteries(void **state)
{
    has(state, "/sys/class/power_supply/AC/online", "1\n");
    expect(state, "battery", DISTURBANCE_OK, "no battery", NULL);
    has(state, "/sys/class/power_supply/BAT0/status", "Charging\n");
    expect(state, "battery", DISTURBANCE_OK, "plugged in", NULL);
    has(state, "/sys/class/power_supply/BAT1/status", "Discharging\n");
    expect(state, "battery", DISTURBANCE_WARNING, "running on battery", "plug it in");
}

static void memory(void **state)
{
    has(state, "/proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\nMemAvailable:    8388608 kB\n");
    expect(state, "memory", DISTURBANCE_OK, "8.0 GiB of 16.0 GiB", NULL);
    has(state, "/proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\nMemAvailable:    1048576 kB\n");
    expect(state, "memory", DISTURBANCE_WARNING, "1.0 GiB of 16.0 GiB", "end what holds it");
    has(state, "/proc/meminfo", "MemTotal:       16777216 kB\n");
    expect(state, "memory", DISTURBANCE_UNKNOWN, "not known", NULL);
}

static void clocks(void **state)
{
    static const char file[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    has(state, file, "tsc\n");
    expect(state, "clock", DISTURBANCE_OK, "tsc", NULL);
    has(state, file, "hpet\n");
    expect(state, "clock", DISTURBANCE_WARNING, "hpet", "clocksource=tsc");
}

static void gnuplot_in_the_path(void **state)
{
    Made *made = *state;
    char *before = strdup(getenv("PATH")), path[256], file[256];
    has(state, "/bin/gnuplot", "");
    snprintf(path, sizeof path, "/nonexistent::%s/bin", made->root);
    setenv("PATH", path, 1);
    expect(state, "gnuplot", DISTURBANCE_WARNING, "not in PATH", "gnuplot-nox");
    snprintf(file, sizeof file, "%s/bin/gnuplot", made->root);
    assert_int_equal(chmod(file, 0777), 0);
    expect(state, "gnuplot", DISTURBANCE_OK, file, NULL);
    unsetenv("PATH");
    expect(state, "gnuplot", DISTURBANCE_WARNING, "not in PATH", NULL);
    setenv("PATH", before, 1);
    free(before);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_machine_that_tells_nothing),
        CASE(governors),
        CASE(turbo_of_either_maker),
        CASE(load_by_processor),
        CASE(stolen_time),
        CASE(virtual_machines),
        CASE(quotas_of_version_2),
        CASE(quotas_where_the_group_is_the_root),
        CASE(quotas_of_version_1),
        CASE(affinity),
        CASE(cores_that_are_shared),
        CASE(batteries),
        CASE(memory),
        CASE(clocks),
        CASE(gnuplot_in_the_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
