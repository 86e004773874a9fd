/* Help for the tests of the executor mpi: connections whose ranks are all on this machine, and ranks that are
 * found. Include the cmocka headers before this one. */
#ifndef MPI_TEST_H
#define MPI_TEST_H

#include "tests/support/crash_test.h"

/* Ranks of every test's job, with one worker each. */
enum { MPI_TEST_RANKS = 3 };

/* A test of this executor. */
#define MPI_TEST(test) MAP_TEST_WITH(test, "mpi")

/* For each program: what MPI leaves in files is in a folder of its own, which is removed at the end. Group
 * fixtures. */
int mpi_test_begin(void **state);
int mpi_test_end(void **state);

/* For each test: skips it where pricemap was built without MPI. */
void mpi_test_need(void);

/* Makes t(a), 1 … rows; has workers load the extensions that misbehave and wait; 10 rows a task; the ranks
 * are MPI_TEST_RANKS on this machine, over TCP. */
void mpi_test_prepare(sqlite3 *db, int rows);

/* A map of t whose rows take 3 ms each and give their own value, so that it is under way when something
 * happens. */
extern const char mpi_test_map[];

/* Reads that map of so many rows, has something happen after a third of them, and expects each row once, in
 * order. */
void mpi_test_map_with(sqlite3 *db, int rows, void (*happen)(void));

/* The process of a rank, once there is one; 0: there was none for a minute. */
pid_t mpi_test_rank(int number);

/* A process of ours of this name, once there is one. */
pid_t mpi_test_process(const char *name);

/* Whether no process of ours is there any more but this one, after three seconds at the most, and no folder
 * of an MPI job. */
void mpi_test_nothing_left(void);

/* The last run's number of tasks that were done again. */
sqlite3_int64 mpi_test_retries(sqlite3 *db);

#endif
