#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/sampling/progress.h"
#include "cli/measure/recording.h"
#include "cli/measure/sample_buffer.h"
#include "cli/measure/task_recorder.h"

enum { VARIANT_SIZE = 128 };

/* Context of the observer of the sampling. */
typedef struct Recording {
    const RecordingPlan *plan;
    History *history;
    Interruption *interruption;
    const int64_t *measurements;
    Progress progress;
    SampleBuffer *buffer;
} Recording;

/* Writes the parameters that distinguish a benchmark from others of its name, in few words: "threads × 2,
 * chunk 64, 1000 rows". */
static void describe_variant(const HistoryBenchmark *benchmark, char text[VARIANT_SIZE])
{
    char workers[32] = "", chunk[32] = "", rows[32] = "", rounds[32] = "";
    if (benchmark->workers > 0)
        snprintf(workers, sizeof workers, " × %" PRId64, benchmark->workers);
    if (benchmark->chunk > 0)
        snprintf(chunk, sizeof chunk, ", chunk %" PRId64, benchmark->chunk);
    if (benchmark->rows > 0)
        snprintf(rows, sizeof rows, ", %" PRId64 " rows", benchmark->rows);
    if (benchmark->rounds > 0)
        snprintf(rounds, sizeof rounds, ", %" PRId64 " rounds", benchmark->rounds);
    snprintf(text, VARIANT_SIZE, "%s%s%s%s%s", benchmark->executor ? benchmark->executor : "", workers, chunk,
             rows, rounds);
}

/* Hands the sample of a benchmark over, and those of its metrics. */
static int buffer_sample(Recording *recording, const SamplingEvent *event, Failure *failure)
{
    const RecordingPlan *plan = recording->plan;
    const size_t index = event->subject * (1 + plan->metrics);
    const double *figures = plan->metrics > 0 ? plan->figures(plan->context) : NULL;
    BufferedSample added = {.benchmark = index,
                            .sample = event->sample,
                            .figure = (double)event->sample->wall_ns / 1e9 / (double)event->sample->loops,
                            .rows = plan->maps       ? map_bench_rows(plan->maps, event->subject)
                                    : plan->rows > 0 ? plan->rows
                                                     : -1,
                            .stopped = event->stopped};
    if (sample_buffer_add(recording->buffer, &added, failure))
        return -1;
    Sample of_metric = *event->sample;
    added.sample = &of_metric;
    added.rows = -1;
    for (size_t i = 0; i < plan->metrics; i++) {
        added.benchmark = index + 1 + i;
        added.figure = of_metric.value = figures[i];
        if (sample_buffer_add(recording->buffer, &added, failure))
            return -1;
    }
    return sample_buffer_record_due(recording->buffer, failure);
}

static int sampled(void *context, const SamplingEvent *event, Failure *failure)
{
    Recording *recording = context;
    const RecordingPlan *plan = recording->plan;
    const size_t index = event->subject * (1 + plan->metrics);
    char variant[VARIANT_SIZE];
    describe_variant(&plan->run.benchmarks[index], variant);
    progress_show(&recording->progress, plan->run.benchmarks[index].name, variant, event);
    if (buffer_sample(recording, event, failure))
        return -1;
    if (event->stopped && plan->maps &&
        (sample_buffer_record(recording->buffer, failure) ||
         task_recorder_record(history_db(recording->history), recording->measurements[index],
                              event->summary->median, map_bench_db(plan->maps, event->subject), failure)))
        return -1;
    return interruption_requested(recording->interruption) ? failure_set(failure, "interrupted") : 0;
}

/* Samples all of the subjects, and records every sample also where that fails. */
static int sample_all(Recording *recording, Failure *failure)
{
    const RecordingPlan *plan = recording->plan;
    const SamplingObserver observer = {.sampled = sampled, .context = recording};
    Failure second;
    if (sample_buffer_make(&recording->buffer, recording->history, recording->measurements, plan->run.count,
                           failure))
        return -1;
    progress_begin(&recording->progress);
    interruption_set_stop(recording->interruption, plan->stop, plan->context);
    int result = sampling_run(plan->run.rules, plan->subjects, plan->run.count / (1 + plan->metrics),
                              &observer, failure);
    interruption_set_stop(recording->interruption, NULL, NULL);
    progress_end(&recording->progress);
    if (sample_buffer_record(recording->buffer, result ? &second : failure))
        result = -1;
    sample_buffer_free(&recording->buffer);
    return result;
}

/* Records the end of a run, also where it failed or was interrupted. The first failure is the one that is
 * reported. */
static int record_end(Recording *recording, int64_t run, int result, Failure *failure)
{
    Failure second;
    if (result == 0)
        return history_finish_run(recording->history, run, NULL, failure);
    if (!interruption_requested(recording->interruption)) {
        (void)history_finish_run(recording->history, run, failure->text, &second);
        return -1;
    }
    (void)history_interrupt_run(recording->history, run, &second);
    failure_set(failure, "interrupted: run %" PRId64 " of %s keeps what was measured until then", run,
                history_file(recording->history));
    return RECORDING_INTERRUPTED;
}

int recording_perform(const RecordingPlan *plan, History *history, Interruption *interruption, int64_t *run,
                      Failure *failure)
{
    *run = 0;
    int64_t *measurements = calloc(plan->run.count, sizeof *measurements);
    if (!measurements)
        return failure_set(failure, "out of memory for %zu benchmarks", plan->run.count);
    int result = history_begin_run(history, &plan->run, run, measurements, failure);
    if (result == 0) {
        Recording recording = {
            .plan = plan, .history = history, .interruption = interruption, .measurements = measurements};
        int sampled =
            plan->hindrance ? failure_set(failure, "%s", plan->hindrance) : sample_all(&recording, failure);
        result = record_end(&recording, *run, sampled, failure);
    }
    free(measurements);
    return result;
}
