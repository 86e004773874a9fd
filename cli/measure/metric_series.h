/* The figures of metrics while a run is measured: for each subject as many benchmarks as there are metrics,
 * whose samples and summaries are recorded beside those of its time. */
#ifndef PRICEREPORT_METRIC_SERIES_H
#define PRICEREPORT_METRIC_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"
#include "cli/sampling/sampling.h"

typedef struct MetricSeries MetricSeries;

/* Makes empty series, one for each metric of each subject; freed with metric_series_free. Returns 0, or -1
 * with the failure set and NULL. */
int metric_series_make(MetricSeries **series, size_t subjects, size_t metrics, Failure *failure);

/* Sets the pointer to NULL. NULL is allowed. */
void metric_series_free(MetricSeries **series);

/* Records the figures of a sample; NAN: the sample has none. `measurements` are those of the subject's
 * metrics. Returns 0, or -1 with the failure set. */
int metric_series_record(MetricSeries *series, const SamplingEvent *event, const double *figures,
                         History *history, const int64_t *measurements, Failure *failure);

#endif
