#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cli/base/clock.h"
#include "cli/measure/sample_buffer.h"
#include "cli/statistics/number_series.h"

enum { PAUSE_NS = 100000000 };

/* A benchmark while it is measured. */
typedef struct Series {
    /* Counted figures. */
    NumberSeries figures;
    Summary summary;
    int64_t rows;
    const char *stopped;
    /* Whether there is news that is not recorded. */
    bool changed;
} Series;

struct SampleBuffer {
    History *history;
    const int64_t *measurements;
    /* Samples that wait. */
    HistorySample *waiting;
    size_t waiting_count, capacity;
    /* Times at which samples were recorded last, and added last; 0: never. */
    int64_t recorded_ns, added_ns;
    /* Longest time between two samples, what is done around them included. */
    int64_t longest_ns;
    /* Summaries to record, with room for all benchmarks. */
    HistorySummary *summaries;
    size_t count;
    /* Series, one for each benchmark. */
    Series series[];
};

int sample_buffer_make(SampleBuffer **buffer, History *history, const int64_t *measurements, size_t count,
                       Failure *failure)
{
    *buffer = calloc(1, sizeof **buffer + count * sizeof(Series));
    if (*buffer)
        (*buffer)->summaries = calloc(count, sizeof *(*buffer)->summaries);
    if (!*buffer || !(*buffer)->summaries) {
        sample_buffer_free(buffer);
        return failure_set(failure, "out of memory for %zu benchmarks", count);
    }
    (*buffer)->history = history;
    (*buffer)->measurements = measurements;
    (*buffer)->count = count;
    return 0;
}

void sample_buffer_free(SampleBuffer **buffer)
{
    if (!*buffer)
        return;
    for (size_t i = 0; i < (*buffer)->count; i++)
        number_series_free(&(*buffer)->series[i].figures);
    free((*buffer)->waiting);
    free((*buffer)->summaries);
    free(*buffer);
    *buffer = NULL;
}

static int wait_with(SampleBuffer *buffer, const BufferedSample *added, Failure *failure)
{
    if (buffer->waiting_count == buffer->capacity) {
        size_t capacity = buffer->capacity > 0 ? 2 * buffer->capacity : 64;
        HistorySample *waiting = realloc(buffer->waiting, capacity * sizeof *waiting);
        if (!waiting)
            return failure_set(failure, "out of memory for samples");
        buffer->waiting = waiting;
        buffer->capacity = capacity;
    }
    buffer->waiting[buffer->waiting_count++] =
        (HistorySample){.measurement = buffer->measurements[added->benchmark], .sample = *added->sample};
    return 0;
}

int sample_buffer_add(SampleBuffer *buffer, const BufferedSample *added, Failure *failure)
{
    Series *series = &buffer->series[added->benchmark];
    series->stopped = added->stopped;
    series->rows = added->rows;
    series->changed = true;
    if (isnan(added->figure))
        return 0;
    if (!added->sample->warmup && number_series_add(&series->figures, added->figure, failure))
        return -1;
    return wait_with(buffer, added, failure);
}

int sample_buffer_record_due(SampleBuffer *buffer, Failure *failure)
{
    const int64_t now = clock_ns();
    if (buffer->added_ns > 0 && now - buffer->added_ns > buffer->longest_ns)
        buffer->longest_ns = now - buffer->added_ns;
    buffer->added_ns = now;
    /* Where one benchmark is long, none of the others' samples shall wait for that. */
    const bool due =
        buffer->recorded_ns == 0 || buffer->longest_ns >= PAUSE_NS || now - buffer->recorded_ns >= PAUSE_NS;
    return due ? sample_buffer_record(buffer, failure) : 0;
}

int sample_buffer_record(SampleBuffer *buffer, Failure *failure)
{
    size_t summaries = 0;
    for (size_t i = 0; i < buffer->count; i++) {
        Series *series = &buffer->series[i];
        if (!series->changed)
            continue;
        number_series_summarize(&series->figures, &series->summary);
        buffer->summaries[summaries++] = (HistorySummary){.measurement = buffer->measurements[i],
                                                          .summary = &series->summary,
                                                          .rows = series->rows,
                                                          .stopped = series->stopped};
        series->changed = false;
    }
    if (summaries > 0 && history_record(buffer->history, buffer->waiting, buffer->waiting_count,
                                        buffer->summaries, summaries, failure))
        return -1;
    buffer->waiting_count = 0;
    buffer->recorded_ns = clock_ns();
    return 0;
}
