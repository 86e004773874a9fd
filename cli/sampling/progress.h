/* A line on standard error that shows how far a run is, where that is a terminal; else nothing. */
#ifndef PRICEREPORT_PROGRESS_H
#define PRICEREPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/sampling/sampling.h"

typedef struct Progress {
    bool shown;
    /* Time at which the line was written last, CLOCK_MONOTONIC. */
    int64_t last_ns;
} Progress;

void progress_begin(Progress *progress);

/* Whether standard error is a terminal on which a line can be written again. */
bool progress_possible(void);

/* Rewrites the line, at most ten times a second. `name` and `variant` are those of the benchmark that was
 * just sampled. */
void progress_show(Progress *progress, const char *name, const char *variant, const SamplingEvent *event);

/* The same for a table `name` that is filled: rows that are done, of `wanted`, and rows a second. */
void progress_show_rows(Progress *progress, const char *name, int64_t done, int64_t wanted, double rate);

/* Removes the line. */
void progress_end(Progress *progress);

#endif
