/* Samples on their way into the history. They are committed at once, or, where they are shorter than a tenth
 * of a second, together ten times a second: a commit for each of many short ones would cost more than they
 * take, and disturb the next. Of every benchmark of the run, times and metrics, the figures so far are kept
 * for its summary. */
#ifndef PRICEREPORT_SAMPLE_BUFFER_H
#define PRICEREPORT_SAMPLE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"

typedef struct SampleBuffer SampleBuffer;

/* A sample of a benchmark. */
typedef struct BufferedSample {
    /* Index among the measurements of the buffer. */
    size_t benchmark;
    const Sample *sample;
    /* Seconds of one loop, or the figure of a metric; NAN: the sample has none, and only how it ended counts.
     */
    double figure;
    /* Rows of one execution; negative: not known. */
    int64_t rows;
    /* Reason why sampling ended; NULL: it goes on. */
    const char *stopped;
} BufferedSample;

/* Makes an empty buffer for the measurements, which outlive it. Returns 0, or -1 with the failure set and
 * NULL. */
int sample_buffer_make(SampleBuffer **buffer, History *history, const int64_t *measurements, size_t count,
                       Failure *failure);

/* Frees what is not yet recorded, too. Sets the pointer to NULL. NULL is allowed. */
void sample_buffer_free(SampleBuffer **buffer);

/* Adds a sample, which is copied. Returns 0, or -1 with the failure set. */
int sample_buffer_add(SampleBuffer *buffer, const BufferedSample *added, Failure *failure);

/* Records what waits, if that is due. Returns as above. */
int sample_buffer_record_due(SampleBuffer *buffer, Failure *failure);

/* Records what waits. Returns as above. */
int sample_buffer_record(SampleBuffer *buffer, Failure *failure);

#endif
