/* Help for the tests of workers that die, stop or hang: crash_extension.c in the workers, the table t(a) with
 * the numbers from 1, processes that are found and killed. Include the cmocka headers before this one. */
#ifndef CRASH_TEST_H
#define CRASH_TEST_H

#include "tests/support/map_test.h"

/* What "at once" may take on a busy machine, under sanitizers. */
enum { CRASH_TEST_PROMPT_MS = 5000 };

/* Makes t(a), 1 … rows, and loads the extension into the connection's workers; 10 rows a task. */
void crash_test_prepare(sqlite3 *db, int rows);

/* Whether this test's executor is `name`. */
int crash_test_is(const MapTest *test, const char *name);

/* The map 'a + 1' over t gives what it should. */
void crash_test_still_works(sqlite3 *db);

/* Different processes in a file that note_process wrote; 0 when there is none. */
int crash_test_noted(const MapTest *test, const char *name);

/* Lines in such a file: times that it was noted. */
int crash_test_notes(const MapTest *test, const char *name);

/* Removes a file of the test's folder, if it is there. */
void crash_test_forget(const MapTest *test, const char *name);

/* Sends a signal to all processes of ours of that name. Their number. */
int crash_test_kill(const char *name, int number);

/* Interrupts the connection again and again, on a thread of its own, from the moment that `path` exists
 * (NULL: a twentieth of a second from now), until it is stopped. */
typedef struct Interrupter Interrupter;
Interrupter *crash_test_interrupt(sqlite3 *db, const char *path);
void crash_test_end_interrupt(Interrupter *interrupter);

/* Steps to the end. The last result code. */
int crash_test_run_out(sqlite3 *db, const char *sql);

#endif
