#include <stdlib.h>

#include "cli/statistics/number_series.h"

static int make_room(NumberSeries *series, Failure *failure)
{
    if (series->count < series->capacity)
        return 0;
    size_t capacity = series->capacity > 0 ? 2 * series->capacity : 64;
    double *values = realloc(series->values, capacity * sizeof *values);
    if (values)
        series->values = values;
    double *scratch = realloc(series->scratch, capacity * sizeof *scratch);
    if (scratch)
        series->scratch = scratch;
    if (!values || !scratch)
        return failure_set(failure, "out of memory after %zu samples", series->count);
    series->capacity = capacity;
    return 0;
}

int number_series_add(NumberSeries *series, double value, Failure *failure)
{
    if (make_room(series, failure))
        return -1;
    series->values[series->count++] = value;
    return 0;
}

void number_series_summarize(NumberSeries *series, Summary *summary)
{
    statistics_summarize(series->values, series->scratch, series->count, summary);
}

void number_series_free(NumberSeries *series)
{
    free(series->values);
    free(series->scratch);
    *series = (NumberSeries){0};
}
