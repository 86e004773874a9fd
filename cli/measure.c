#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "extension.h"
#include "measure.h"
#include "progress.h"

/* What the observer of the sampling needs. */
typedef struct Recording {
    History *history;
    const MapBench *bench;
    const int64_t *measurements;
    Progress progress;
} Recording;

static int sampled(void *context, const SamplingEvent *event, Failure *failure)
{
    Recording *recording = context;
    const MapJob *job = map_bench_job(recording->bench, event->subject);
    progress_show(&recording->progress, job->name, job->executor, event);
    return history_record(recording->history, recording->measurements[event->subject], event->sample,
                          event->summary, map_bench_rows(recording->bench, event->subject), event->stopped,
                          failure);
}

static int sample_all(const MeasurePlan *plan, Recording *recording, MapBench *bench, Failure *failure)
{
    SamplingSubject *subjects = calloc(plan->count, sizeof *subjects);
    if (!subjects)
        return failure_set(failure, "out of memory for %zu benchmarks", plan->count);
    for (size_t i = 0; i < plan->count; i++)
        subjects[i] = map_bench_subject(bench, i);
    const SamplingObserver observer = {.sampled = sampled, .context = recording};
    progress_begin(&recording->progress);
    int result = sampling_run(&plan->options->rules, subjects, plan->count, &observer, failure);
    progress_end(&recording->progress);
    free(subjects);
    return result;
}

static int begin(const MeasurePlan *plan, History *history, const MapBench *bench, int64_t *run,
                 int64_t *measurements, Failure *failure)
{
    Machine machine;
    WorkTree tree;
    machine_read(&machine);
    work_tree_read(&tree);
    const char *slash = plan->database.file ? strrchr(plan->database.file, '/') : NULL;
    const HistoryRun description = {.verb = plan->verb,
                                    .label = plan->options->label,
                                    .machine = &machine,
                                    .tree = &tree,
                                    .rules = &plan->options->rules,
                                    .extension = plan->database.extension,
                                    .arguments = plan->arguments,
                                    .database = slash ? slash + 1 : plan->database.file,
                                    .bench = bench,
                                    .count = plan->count};
    return history_begin_run(history, &description, run, measurements, failure);
}

/* What failed is recorded, too. The first failure is the one that is reported. */
static int record_end(History *history, int64_t run, int result, Failure *failure)
{
    Failure second;
    if (result == 0)
        return history_finish_run(history, run, NULL, failure);
    (void)history_finish_run(history, run, failure->text, &second);
    return -1;
}

static int measure_bench(const MeasurePlan *plan, History *history, MapBench *bench, int64_t *run,
                         Failure *failure)
{
    if (plan->verify && map_bench_verify(bench, failure))
        return -1;
    int64_t *measurements = calloc(plan->count, sizeof *measurements);
    if (!measurements)
        return failure_set(failure, "out of memory for %zu benchmarks", plan->count);
    int result = begin(plan, history, bench, run, measurements, failure);
    if (result == 0) {
        Recording recording = {.history = history, .bench = bench, .measurements = measurements};
        result = record_end(history, *run, sample_all(plan, &recording, bench, failure), failure);
    }
    free(measurements);
    return result;
}

int measure(const MeasurePlan *plan, History *history, int64_t *run, Failure *failure)
{
    char extension[PATH_MAX];
    if (extension_find(extension, sizeof extension, failure))
        return -1;
    MapDatabase database = plan->database;
    database.extension = extension;
    MeasurePlan complete = *plan;
    complete.database = database;
    MapBench *bench;
    if (map_bench_open(&bench, &database, plan->jobs, plan->count, failure))
        return -1;
    int result = measure_bench(&complete, history, bench, run, failure);
    map_bench_close(&bench);
    return result;
}
