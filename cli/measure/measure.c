#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/system/extension.h"
#include "cli/sampling/interruption.h"
#include "cli/measure/measure.h"
#include "cli/measure/recording.h"

enum { REASON_SIZE = 512 };

static void describe_map(const MapJob *job, const char *database, bool named, HistoryBenchmark *benchmark)
{
    *benchmark = (HistoryBenchmark){.name = job->name,
                                    .executor = job->executor,
                                    .workers = job->workers,
                                    .chunk = job->chunk,
                                    .rows = job->rows,
                                    .rounds = job->rounds,
                                    .database = named ? NULL : database,
                                    .source = named ? NULL : job->source,
                                    .map = named ? NULL : job->map,
                                    .query = named ? NULL : job->query};
}

static int record(RecordingPlan *plan, const char *machine_name, History *history, Interruption *interruption,
                  int64_t *run, Failure *failure)
{
    Machine machine = {0};
    WorkTree tree;
    machine_read(&machine);
    if (!plan->run.tree)
        work_tree_read(&tree);
    plan->run.machine = &machine;
    plan->run.machine_name = machine_name;
    if (!plan->run.tree)
        plan->run.tree = &tree;
    return recording_perform(plan, history, interruption, run, failure);
}

static int record_maps(const MeasurePlan *plan, History *history, MapBench *maps, Interruption *interruption,
                       int64_t *run, Failure *failure)
{
    SamplingSubject *subjects = calloc(plan->count, sizeof *subjects);
    HistoryBenchmark *benchmarks = calloc(plan->count, sizeof *benchmarks);
    int result = -1;
    if (subjects && benchmarks) {
        const char *file = plan->database.file, *slash = file ? strrchr(file, '/') : NULL;
        for (size_t i = 0; i < plan->count; i++) {
            subjects[i] = map_bench_subject(maps, i);
            describe_map(map_bench_job(maps, i), slash ? slash + 1 : file, plan->named, &benchmarks[i]);
        }
        RecordingPlan recording = {.run = {.verb = plan->verb,
                                           .label = plan->recording.label,
                                           .repeats = plan->recording.repeats,
                                           .rules = &plan->recording.rules,
                                           .extension = plan->database.extension,
                                           .arguments = plan->recording.arguments,
                                           .benchmarks = benchmarks,
                                           .count = plan->count},
                                   .subjects = subjects,
                                   .maps = maps,
                                   .stop = map_bench_stop,
                                   .context = maps};
        result = record(&recording, plan->recording.machine, history, interruption, run, failure);
    } else
        failure_set(failure, "out of memory for %zu benchmarks", plan->count);
    free(subjects);
    free(benchmarks);
    return result;
}

/* Says which executors ran a query whole, which makes them no faster; once for each reason. */
static int note_whole(const MapBench *maps, size_t count, Failure *failure)
{
    char reason[REASON_SIZE], last[REASON_SIZE] = "";
    for (size_t i = 0; i < count; i++) {
        if (map_bench_whole(maps, i, reason, sizeof reason, failure))
            return -1;
        if (*reason && strcmp(reason, last) != 0)
            fprintf(stderr, "pricereport: %s ran the query whole: %s\n", map_bench_job(maps, i)->executor,
                    reason);
        memcpy(last, reason, sizeof last);
    }
    return 0;
}

/* Compares the maps' rows with those of the serial executor, where the plan says so. That takes long, so that
 * an interruption ends it, as it ends the run. */
static int prepare_maps(const MeasurePlan *plan, MapBench *maps, Interruption *interruption, Failure *failure)
{
    if (!plan->verify)
        return 0;
    interruption_set_stop(interruption, map_bench_stop, maps);
    int result = map_bench_verify(maps, failure);
    interruption_set_stop(interruption, NULL, NULL);
    if (result && interruption_requested(interruption))
        return failure_set(failure, "interrupted before anything was measured");
    return result;
}

int measure(const MeasurePlan *plan, History *history, int64_t *run, Failure *failure)
{
    char extension[PATH_MAX];
    *run = 0;
    if (extension_find(extension, sizeof extension, failure))
        return -1;
    MeasurePlan complete = *plan;
    complete.database.extension = extension;
    Interruption *interruption;
    if (interruption_begin(&interruption, failure))
        return -1;
    MapBench *maps;
    int result = map_bench_open(&maps, &complete.database, plan->jobs, plan->count, failure);
    if (result == 0)
        result = prepare_maps(&complete, maps, interruption, failure);
    if (result == 0)
        result = record_maps(&complete, history, maps, interruption, run, failure);
    if (result == 0)
        result = note_whole(maps, plan->count, failure);
    map_bench_close(&maps);
    interruption_end(&interruption);
    return result;
}

/* The benchmarks of a job: its time, and each metric. */
static void describe_command(const CommandSet *set, size_t job, const CommandWish *wish,
                             HistoryBenchmark *benchmarks)
{
    for (size_t i = 0; i <= wish->metric_count; i++)
        benchmarks[i] = (HistoryBenchmark){
            .name = commands_name(set, job),
            .command =
                commands_is_named(set, job) ? NULL : commands_jobs(set)[job].steps[COMMAND_TIMED].argv};
    for (size_t i = 0; i < wish->metric_count; i++) {
        benchmarks[1 + i].metric = wish->metrics[i].name;
        benchmarks[1 + i].unit = wish->metrics[i].unit;
        benchmarks[1 + i].more_is_better = wish->metrics[i].more_is_better;
    }
}

HistoryBenchmark *measure_benchmarks(const CommandSet *set, size_t *count, Failure *failure)
{
    const CommandWish *wish = commands_wish(set);
    const size_t each = 1 + wish->metric_count;
    *count = commands_count(set) * each;
    HistoryBenchmark *benchmarks = calloc(*count, sizeof *benchmarks);
    if (!benchmarks)
        failure_set(failure, "out of memory for %zu benchmarks", *count);
    for (size_t i = 0; benchmarks && i < commands_count(set); i++)
        describe_command(set, i, wish, &benchmarks[i * each]);
    return benchmarks;
}

/* Samples and records the commands; with a hindrance, that alone is recorded. */
static int record_commands(CommandBench *bench, const CommandSet *set, const RecordingSettings *settings,
                           const char *hindrance, History *history, Interruption *interruption, int64_t *run,
                           Failure *failure)
{
    const size_t count = commands_count(set), metrics = commands_wish(set)->metric_count;
    size_t benchmark_count;
    SamplingSubject *subjects = calloc(count, sizeof *subjects);
    HistoryBenchmark *benchmarks = measure_benchmarks(set, &benchmark_count, failure);
    int result = -1;
    if (subjects && benchmarks) {
        SamplingRules rules = settings->rules;
        rules.sample_seconds = 0; /* a sample is one execution, however short */
        for (size_t i = 0; i < count; i++)
            subjects[i] = command_bench_subject(bench, i);
        RecordingPlan recording = {.run = {.verb = "command",
                                           .label = settings->label,
                                           .repeats = settings->repeats,
                                           .rules = &rules,
                                           .arguments = settings->arguments,
                                           .tree = settings->tree,
                                           .benchmarks = benchmarks,
                                           .count = benchmark_count},
                                   .subjects = subjects,
                                   .hindrance = hindrance,
                                   .figures = command_bench_figures,
                                   .metrics = metrics,
                                   .stop = command_bench_stop,
                                   .context = bench};
        result = record(&recording, settings->machine, history, interruption, run, failure);
    } else
        failure_set(failure, "out of memory for %zu commands", count);
    free(subjects);
    free(benchmarks);
    return result;
}

static int set_up_commands(CommandBench *bench, Interruption *interruption, Failure *failure)
{
    interruption_set_stop(interruption, command_bench_stop, bench);
    int result = command_bench_perform(bench, COMMAND_SETUP, failure);
    interruption_set_stop(interruption, NULL, NULL);
    if (interruption_requested(interruption))
        return failure_set(failure, "interrupted before anything was measured");
    return result;
}

void measure_record_failed(CommandBench *bench, const CommandSet *set, const RecordingSettings *settings,
                           History *history, Interruption *interruption, int64_t *run, const Failure *failure)
{
    Failure second;
    (void)record_commands(bench, set, settings, failure->text, history, interruption, run, &second);
}

int measure_commit(CommandBench *bench, const CommandSet *set, const RecordingSettings *settings,
                   History *history, Interruption *interruption, int64_t *run, Failure *failure)
{
    Failure second;
    *run = 0;
    int result = set_up_commands(bench, interruption, failure);
    if (result == 0)
        result = record_commands(bench, set, settings, NULL, history, interruption, run, failure);
    else if (settings->tree && !interruption_requested(interruption))
        measure_record_failed(bench, set, settings, history, interruption, run, failure);
    if (command_bench_perform(bench, COMMAND_CLEANUP, result ? &second : failure) && result == 0)
        result = RECORDING_UNCLEAN;
    return result;
}

int measure_commands(CommandBench *bench, const CommandSet *set, const RecordingSettings *settings,
                     History *history, int64_t *run, Failure *failure)
{
    Interruption *interruption;
    *run = 0;
    if (interruption_begin(&interruption, failure))
        return -1;
    int result = measure_commit(bench, set, settings, history, interruption, run, failure);
    interruption_end(&interruption);
    return result;
}
