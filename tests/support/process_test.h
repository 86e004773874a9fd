/*
 * Help for the tests of the process executor: a fixture with an executor of fake workers (fake_runner.c),
 * which ends with the closing checks, and what a map's run does with tasks. Include the cmocka headers before
 * this one. With FAKE_WORKER, the path of their program.
 */
#ifndef PRICEMAP_PROCESS_TEST_H
#define PRICEMAP_PROCESS_TEST_H

#include "ext/base/clock.h"
#include "ext/executors/processes/processes.h"
#include "tests/support/leftovers.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { process_test_sanitized = 1 };
#else
enum { process_test_sanitized = 0 };
#endif

/* Longer than anything takes that does not hang. */
static const int64_t process_test_hang_ns = 60 * INT64_C(1000000000);

typedef struct ProcessTest {
    Leftovers before;
    Executor *executor;
    char folder[64]; /* a fresh one, for what the runners leave */
    char log[96];
} ProcessTest;

/* What came of some tasks. */
typedef struct ProcessOutcome {
    int rc;
    char message[TASK_MESSAGE_SIZE];
    int64_t rows; /* that came */
    int64_t last_value;
    int64_t bytes;  /* of their texts */
    bool as_serial; /* each in its order and with its value, as far as it is the row's own */
    uint32_t retries;
} ProcessOutcome;

/* For the whole group: sets the API pointer, marks this process. */
int process_test_attach(void **state);
/* For each test: its state is a ProcessTest. */
int process_test_setup(void **state);
int process_test_teardown(void **state);

/* An executor of the worker program at `path`, with two retries. */
Executor *process_test_create(const char *path);
void process_test_ensure(Executor *executor, int workers);

/* A recipe for the fake runner; `file` may be "". */
Recipe *process_test_recipe(const char *select, const char *file, bool partial);

/* A task of `rows` rows whose values are their positions. */
Task *process_test_task(const Recipe *recipe, uint64_t position, uint32_t rows);
void process_test_wait(Executor *executor, Task *task);

/* Adds the rows of a done task to the outcome. */
void process_test_count(const Task *task, ProcessOutcome *outcome);

/* What a map's run does: keeps `depth` tasks in flight, reads them in order, comes back for the rest of each.
 */
ProcessOutcome process_test_drive(Executor *executor, const Recipe *recipe, int chunks, uint32_t rows,
                                  int depth, double timeout);
/* The same with the fixture's executor and log, two tasks in flight per worker. */
ProcessOutcome process_test_run(const ProcessTest *test, const char *select, int chunks, uint32_t rows,
                                double timeout);

void process_test_as_serial(const ProcessOutcome *outcome, int64_t rows);
/* After whatever happened: the executor still works, and all its workers. */
void process_test_works(const ProcessTest *test, int workers);
void process_test_contains(const char *text, const char *part);

/* Different processes that evaluated something, as the runners logged them. */
int process_test_logged(const ProcessTest *test);

/* A process gets its name a moment after it was forked: waits until there are `least` of this name. Their
 * number. */
int process_test_find(const char *name, int least, pid_t *pids, int room);
/* Sends a signal to all of this name; there is at least one. */
void process_test_kill(const char *name, int number);

#endif
