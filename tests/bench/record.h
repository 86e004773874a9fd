/* Recording in the history of pricereport. */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include "bench.h"

/* Lets `pricereport run` measure the crazy, the text-heavy and the cheap map with all executors, record them
 * in the history file, and draw its charts beside it, in FILE-charts. */
int record_maps(Bench *bench, const char *history, Failure *failure);

#endif
