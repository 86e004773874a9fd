/* The processors that this process may use follow its affinity mask and the quotas of its control groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "ext/base/processors.h"

static void affinity(void **state)
{
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    assert_int_equal(processors_affinity(), CPU_COUNT(&all));
    int available = processors_available();
    assert_true(available >= 1 && available <= CPU_COUNT(&all));
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &all))
            continue;
        CPU_ZERO(&one);
        CPU_SET(i, &one);
        assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
        assert_int_equal(processors_affinity(), 1);
        assert_int_equal(processors_available(), 1);
    }
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(processors_available(), available);
}

static char folder[] = "/tmp/pricemap-groups-XXXXXX";
static const char *const files[] = {
    "groups", "cpu.max", "a/cpu.max", "a/b/cpu.max", "cpu/a/cpu.cfs_quota_us", "cpu/a/cpu.cfs_period_us"};
static const char *const folders[] = {"a", "a/b", "cpu", "cpu/a"};

static void path_of(char path[128], const char *name)
{
    snprintf(path, 128, "%s/%s", folder, name);
}

/* Writes a file of the made control groups; NULL: there is none. */
static void set_file(const char *name, const char *text)
{
    char path[128];
    path_of(path, name);
    unlink(path);
    FILE *file = text ? fopen(path, "we") : NULL;
    if (!text)
        return;
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int quota(int processors)
{
    char path[128];
    path_of(path, "groups");
    return processors_quota(path, folder, processors);
}

static void forget_quotas(void)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        set_file(files[i], NULL);
}

static void quotas(void **state)
{
    (void)state;
    static const struct {
        const char *quota;
        int of_8;
    } cases[] = {{"150000 100000\n", 2}, {"100000 100000\n", 1}, {"1000 100000\n", 1}, {"100001 100000\n", 2},
                 {"800000 100000\n", 8}, {"900000 100000\n", 8}, {"max 100000\n", 8},  {"", 8},
                 {"nonsense", 8},        {"-1 100000\n", 8},     {"150000 0\n", 8},    {"25000 50000\n", 1}};
    set_file("groups", "0::/a/b\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_file("a/b/cpu.max", cases[i].quota);
        assert_int_equal(quota(8), cases[i].of_8);
        assert_int_equal(quota(1), 1);
    }
    /* The least of a group's and of those above it. */
    set_file("a/b/cpu.max", "400000 100000\n");
    set_file("a/cpu.max", "300000 100000\n");
    assert_int_equal(quota(8), 3);
    set_file("cpu.max", "150000 100000\n");
    assert_int_equal(quota(8), 2);
    set_file("groups", "0::/\n");
    assert_int_equal(quota(8), 2);
    forget_quotas();
    /* The older control groups, among groups of other controllers. */
    set_file("groups", "12:memory:/a\n4:cpu,cpuacct:/a\n1:name=systemd:/x\nnonsense\n");
    set_file("cpu/a/cpu.cfs_quota_us", "150000\n");
    set_file("cpu/a/cpu.cfs_period_us", "100000\n");
    assert_int_equal(quota(8), 2);
    set_file("cpu/a/cpu.cfs_quota_us", "-1\n");
    assert_int_equal(quota(8), 8);
    forget_quotas();
    assert_int_equal(quota(8), 8);
}

static int make_groups(void **state)
{
    (void)state;
    char path[128];
    int failed = mkdtemp(folder) == NULL;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        path_of(path, folders[i]);
        failed |= mkdir(path, 0700);
    }
    return failed;
}

static int remove_groups(void **state)
{
    (void)state;
    char path[128];
    int failed = 0;
    forget_quotas();
    for (size_t i = sizeof folders / sizeof *folders; i-- > 0;) {
        path_of(path, folders[i]);
        failed |= rmdir(path);
    }
    return failed | rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(affinity),
                                       cmocka_unit_test_setup_teardown(quotas, make_groups, remove_groups)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
