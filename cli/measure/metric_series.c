#include <math.h>
#include <stdlib.h>

#include "cli/measure/metric_series.h"
#include "cli/statistics/statistics.h"

/* The counted figures of one metric of one subject. */
typedef struct Figures {
    double *values;
    /* Working space as large as `values`. */
    double *scratch;
    size_t count, capacity;
} Figures;

struct MetricSeries {
    size_t count, metrics;
    Figures figures[];
};

int metric_series_make(MetricSeries **series, size_t subjects, size_t metrics, Failure *failure)
{
    size_t count = subjects * metrics;
    *series = calloc(1, sizeof **series + count * sizeof(Figures));
    if (!*series)
        return failure_set(failure, "out of memory for %zu metrics", count);
    (*series)->count = count;
    (*series)->metrics = metrics;
    return 0;
}

void metric_series_free(MetricSeries **series)
{
    for (size_t i = 0; *series && i < (*series)->count; i++) {
        free((*series)->figures[i].values);
        free((*series)->figures[i].scratch);
    }
    free(*series);
    *series = NULL;
}

static int keep(Figures *figures, double value, Failure *failure)
{
    if (figures->count == figures->capacity) {
        size_t capacity = figures->capacity > 0 ? 2 * figures->capacity : 64;
        double *values = realloc(figures->values, capacity * sizeof *values);
        if (values)
            figures->values = values;
        double *scratch = realloc(figures->scratch, capacity * sizeof *scratch);
        if (scratch)
            figures->scratch = scratch;
        if (!values || !scratch)
            return failure_set(failure, "out of memory after %zu figures of a metric", figures->count);
        figures->capacity = capacity;
    }
    figures->values[figures->count++] = value;
    return 0;
}

int metric_series_record(MetricSeries *series, const SamplingEvent *event, const double *figures,
                         History *history, const int64_t *measurements, Failure *failure)
{
    for (size_t i = 0; i < series->metrics; i++) {
        Figures *own = &series->figures[event->subject * series->metrics + i];
        Sample sample = *event->sample;
        Summary summary;
        sample.value = figures[i];
        if (isnan(figures[i]))
            continue;
        if (!sample.warmup && keep(own, figures[i], failure))
            return -1;
        statistics_summarize(own->values, own->scratch, own->count, &summary);
        if (history_record(history, measurements[i], &sample, &summary, -1, event->stopped, failure))
            return -1;
    }
    return 0;
}
