/* pricereport without memory: each verb with one allocation after another that fails, alone or with all after
 * it. It says so and ends with status 3, or does without; it never crashes, and the history stays whole.
 * PRICEMAP_FAULTS=all: every allocation, and not a choice of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/command.h"
#include "tests/support/disk.h"
#include "tests/support/recorded.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

enum { PLAN_SIZE = 64, CHOSEN = 24 /* allocations of a verb, where not all are wanted */ };

static const char db[] = "pricereport.db";
static char plan[PLAN_SIZE];

static void preload(void)
{
    const char *module = getenv("PRICEREPORT_MEMORY_FAULTS");
    if (!module || setenv("LD_PRELOAD", module, 1) || setenv("MEMORY_FAULTS", plan, 1))
        abort();
}

static Outcome run_with(const char *fault, long call, const char *const *arguments)
{
    snprintf(plan, sizeof plan, "%s %ld", fault, call);
    command_prepare(preload);
    Outcome outcome = command_run_list(arguments);
    command_prepare(NULL);
    return outcome;
}

static long count_calls(const char *const *arguments, int *status)
{
    Outcome outcome = run_with("count", 0, arguments);
    *status = outcome.status;
    if (outcome.status == 2)
        fail_msg("%s", outcome.err);
    command_free(&outcome);
    char *text = command_read_file("memory.calls");
    long calls = strtol(text, NULL, 10);
    free(text);
    assert_true(calls > 10);
    return calls;
}

/* `good` is the exit status with all the memory there is. */
static void expect_told(const Outcome *outcome, int good, const char *fault, long call)
{
    if (outcome->status == good)
        return;
    if (outcome->status != 3 || strncmp(outcome->err, "pricereport: ", 13) != 0 || !outcome->err[13])
        fail_msg("%s %ld: status %d: %s", fault, call, outcome->status, outcome->err);
}

static void fail_at_allocations(const char *const *arguments)
{
    static const char *const faults[] = {"once", "from"};
    int good;
    long calls = count_calls(arguments, &good), told = 0, step = disk_all() ? 1 : calls / CHOSEN + 1;
    for (int i = 0; i < 2; i++)
        /* Not the same ones of both kinds. */
        for (long call = 1 + i * (step / 2); call <= calls; call += step) {
            Outcome outcome = run_with(faults[i], call, arguments);
            expect_told(&outcome, good, faults[i], call);
            told += outcome.status != good;
            command_free(&outcome);
        }
    assert_true(good == 3 || told > 0);
    recorded_expect_sound(db);
}

static void setup_history(void)
{
    if (SANITIZED)
        skip();
    command_make_prices();
    recorded_run(db);
    recorded_run(db);
}

static void verbs_that_read(void **state)
{
    (void)state;
    static const char *const verbs[][8] = {
        {"list"},
        {"show"},
        {"compare", "1", "2"},
        {"check", "1"},
        {"history"},
        {"export"},
        {"threshold"},
        {"plot"},
        {"report"},
        {"doctor"},
        {"export", "--format", "benchstat"},
        {"export", "--format", "openmetrics"},
    };
    setup_history();
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        fail_at_allocations(verbs[i]);
}

static void verbs_that_write(void **state)
{
    (void)state;
    static const char *const verbs[][16] = {
        {"run", "--in", "prices.db", "--source", "prices", "--map", "p", "--executor", "serial", "--samples",
         "2", "--warmup", "0"},
        {"run", "--in", "prices.db", "--source", "prices", "--map", "increase_price(p)", "--executor",
         "threads", "--samples", "2"},
        {"run", "--samples", "2", "--", "true"},
        {"import", "times.json"},
        {"import", "bench.txt"},
        {"import", "results"},
        {"merge", "other.db"},
        {"exclude", "1", "--reason", "r"},
    };
    setup_history();
    recorded_run("other.db");
    command_write_file("times.json", "{\"results\": [{\"command\": \"c\", \"times\": [0.1, 0.2, 0.3]}]}");
    command_write_file("bench.txt", "pkg: a/b\nBenchmarkX 10 5 ns/op\nBenchmarkX 10 6 ns/op\n");
    assert_int_equal(mkdir("results", 0777) | mkdir("results/m", 0777), 0);
    command_write_file("results/benchmarks.json", "{\"a\": {\"unit\": \"seconds\"}}");
    command_write_file("results/m/machine.json", "{\"machine\": \"m\"}");
    command_write_file(
        "results/m/x.json",
        "{\"commit_hash\": \"0123456\", \"results\": {\"a\": {\"result\": [1.5], \"samples\": [[1.5]]}}}");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        fail_at_allocations(verbs[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(verbs_that_read, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(verbs_that_write, command_setup, command_teardown),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
