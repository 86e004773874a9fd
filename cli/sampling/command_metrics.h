/* Metrics of a command beside its time: numbers that it prints, its peak memory, the size of a file. */
#ifndef PRICEREPORT_COMMAND_METRICS_H
#define PRICEREPORT_COMMAND_METRICS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/base/failure.h"

enum { COMMAND_METRICS_MAX = 16 };

typedef enum CommandMetricKind { METRIC_PRINTED, METRIC_PEAK_MEMORY, METRIC_FILE_SIZE } CommandMetricKind;

typedef struct CommandMetric {
    CommandMetricKind kind;
    /* Name and unit, to be freed; the unit is NULL where it has none, and "B" for bytes. */
    char *name, *unit;
    bool more_is_better;
    /* Pattern that finds the number, for METRIC_PRINTED. */
    regex_t pattern;
    /* File whose size is measured, for METRIC_FILE_SIZE; borrowed. */
    const char *file;
} CommandMetric;

/* Reads NAME=REGEX, NAME [UNIT]=REGEX or NAME [UNIT, more]=REGEX, an extended POSIX expression whose first
 * group, or else the whole of what it matches, is the number. Returns 0, or -1 with the failure set. */
int command_metric_parse(CommandMetric *metric, const char *text, Failure *failure);

/* The peak memory, in bytes. Returns 0, or -1 with the failure set. */
int command_metric_memory(CommandMetric *metric, Failure *failure);

/* The size of a file when the command has ended, in bytes. Returns as above. */
int command_metric_file(CommandMetric *metric, const char *file, Failure *failure);

void command_metric_free(CommandMetric *metric);

/* Reads the figures of an execution in `folder`, NULL: the current one. `output` is a file with all that was
 * printed; -1: no metric needs it. A figure that is not there is a failure, or NAN where `lenient`, as for a
 * command that may fail. Returns 0, or -1 with the failure set. */
int command_metrics_read(const CommandMetric *metrics, size_t count, const char *folder, int output,
                         int64_t peak_memory_kib, bool lenient, double *figures, Failure *failure);

#endif
