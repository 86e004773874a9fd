/* The published experiment in Python, sampled: its maps by pricemap and by Python's own means, in one
 * interpreter.
 *
 * The maps are those of python/pricemap/published.py, which is started as a process for each of the two
 * sides. */
#ifndef PRICEREPORT_PYTHON_BENCH_H
#define PRICEREPORT_PYTHON_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/sampling/sampling.h"

typedef struct PythonBench PythonBench;

/* Subjects: each function in each way, the serial map by pricemap first. */
enum { PYTHON_WAYS = 6, PYTHON_FUNCTIONS = 2, PYTHON_SUBJECTS = PYTHON_WAYS * PYTHON_FUNCTIONS };

/* Starts the interpreter: $PRICEMAP_PYTHON, else that of $VIRTUAL_ENV, else python3. `script` and `extension`
 * are paths. Returns 0, or -1 with the failure set and NULL. */
int python_bench_open(PythonBench **bench, const char *script, const char *extension, int64_t workers,
                      Failure *failure);

/* Ends the processes and waits for them. Sets the pointer to NULL; NULL is allowed. */
void python_bench_close(PythonBench **bench);

/* The version of the interpreter, "3.11.2". */
const char *python_bench_version(const PythonBench *bench);

/* Whether a way has workers, and its name, an executor of pricemap or what Python calls it. */
int python_bench_has_workers(size_t way);
const char *python_bench_way(size_t way);

/* A map as something to be sampled, valid until the bench is closed. */
SamplingSubject python_bench_subject(PythonBench *bench, size_t subject);

/* Ends what is being sampled. May be called on any thread. */
void python_bench_stop(void *bench);

#endif
