#include <math.h>
#include <stdlib.h>

#include "cli/measure/metric_series.h"
#include "cli/statistics/number_series.h"

struct MetricSeries {
    size_t count, metrics;
    /* Counted figures of each metric of each subject, those of a subject together. */
    NumberSeries figures[];
};

int metric_series_make(MetricSeries **series, size_t subjects, size_t metrics, Failure *failure)
{
    size_t count = subjects * metrics;
    *series = calloc(1, sizeof **series + count * sizeof(NumberSeries));
    if (!*series)
        return failure_set(failure, "out of memory for %zu metrics", count);
    (*series)->count = count;
    (*series)->metrics = metrics;
    return 0;
}

void metric_series_free(MetricSeries **series)
{
    for (size_t i = 0; *series && i < (*series)->count; i++)
        number_series_free(&(*series)->figures[i]);
    free(*series);
    *series = NULL;
}

int metric_series_record(MetricSeries *series, const SamplingEvent *event, const double *figures,
                         History *history, const int64_t *measurements, Failure *failure)
{
    for (size_t i = 0; i < series->metrics; i++) {
        NumberSeries *own = &series->figures[event->subject * series->metrics + i];
        Sample sample = *event->sample;
        Summary summary;
        sample.value = figures[i];
        if (isnan(figures[i])) {
            if (event->stopped && history_stop_measurement(history, measurements[i], event->stopped, failure))
                return -1;
            continue;
        }
        if (!sample.warmup && number_series_add(own, figures[i], failure))
            return -1;
        number_series_summarize(own, &summary);
        if (history_record(history, measurements[i], &sample, &summary, -1, event->stopped, failure))
            return -1;
    }
    return 0;
}
