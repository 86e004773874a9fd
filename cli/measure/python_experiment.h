/* The published experiment in Python from begin to end. */
#ifndef PRICEREPORT_PYTHON_EXPERIMENT_H
#define PRICEREPORT_PYTHON_EXPERIMENT_H

#include <stddef.h>
#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"
#include "cli/measure/recording.h"

enum { PYTHON_VERSION_SIZE = 64 };

/* Measures with so many workers, and records every sample as it is taken; the result is that of measure().
 * `version` becomes that of the interpreter, "" where none was started. */
int python_experiment_measure(int64_t workers, const RecordingSettings *settings, History *history,
                              int64_t *run, char version[PYTHON_VERSION_SIZE], Failure *failure);

#endif
