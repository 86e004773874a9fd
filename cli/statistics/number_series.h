/* Numbers that are kept as they come, to be summarized after each. One thread at a time. */
#ifndef PRICEREPORT_NUMBER_SERIES_H
#define PRICEREPORT_NUMBER_SERIES_H

#include "cli/base/failure.h"
#include "cli/statistics/statistics.h"

/* Empty when zeroed. */
typedef struct NumberSeries {
    double *values;
    /* Working space as large as `values`. */
    double *scratch;
    size_t count, capacity;
} NumberSeries;

/* Adds a number. Returns 0, or -1 with the failure set: then the series is as it was. */
int number_series_add(NumberSeries *series, double value, Failure *failure);

/* Summarizes all; their order is not kept. */
void number_series_summarize(NumberSeries *series, Summary *summary);

/* Frees what the series owns, and makes it empty. */
void number_series_free(NumberSeries *series);

#endif
