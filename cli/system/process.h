/* Other programs, started directly and never through a shell. */
#ifndef PRICEREPORT_PROCESS_H
#define PRICEREPORT_PROCESS_H

#include <stddef.h>

enum { PROCESS_NOT_STARTED = -1, PROCESS_SIGNALED = 1000 };

/* Runs argv[0], searched in PATH, and waits for its end. `directory` is where it runs, NULL for here. Its
 * standard input is empty. Of the descriptor `captured` (1 or 2) up to size - 1 bytes come into `output`,
 * NUL-terminated, the rest is dropped; the other of the two goes to /dev/null. Returns its exit status,
 * PROCESS_SIGNALED plus the signal that ended it, or PROCESS_NOT_STARTED with errno set (ENOENT: there is no
 * such program). */
int process_run(char *const argv[], const char *directory, int captured, char *output, size_t size);

#endif
