#include <limits.h>
#include <stdio.h>

#include "cli/measure/python_experiment.h"
#include "cli/sampling/interruption.h"
#include "cli/sampling/python_bench.h"
#include "cli/system/extension.h"
#include "cli/system/machine.h"
#include "cli/system/work_tree.h"

enum { PUBLISHED_ROWS = 20 };

static const char *const names[PYTHON_FUNCTIONS] = {"increase_price in Python",
                                                    "increase_price_crazy in Python"};

static int record(PythonBench *bench, int64_t workers, const RecordingSettings *settings,
                  const char *extension, History *history, int64_t *run, Failure *failure)
{
    SamplingSubject subjects[PYTHON_SUBJECTS];
    HistoryBenchmark benchmarks[PYTHON_SUBJECTS];
    Machine machine = {0};
    WorkTree tree;
    Interruption *interruption;
    if (interruption_begin(&interruption, failure))
        return -1;
    machine_read(&machine);
    work_tree_read(&tree);
    for (size_t i = 0; i < PYTHON_SUBJECTS; i++) {
        const size_t way = i % PYTHON_WAYS;
        subjects[i] = python_bench_subject(bench, i);
        benchmarks[i] = (HistoryBenchmark){.name = names[i / PYTHON_WAYS],
                                           .executor = python_bench_way(way),
                                           .workers = python_bench_has_workers(way) ? workers : 0};
    }
    const RecordingPlan plan = {.run = {.verb = "experiment",
                                        .label = settings->label,
                                        .repeats = settings->repeats,
                                        .machine = &machine,
                                        .machine_name = settings->machine,
                                        .tree = &tree,
                                        .rules = &settings->rules,
                                        .extension = extension,
                                        .arguments = settings->arguments,
                                        .benchmarks = benchmarks,
                                        .count = PYTHON_SUBJECTS},
                                .subjects = subjects,
                                .rows = PUBLISHED_ROWS,
                                .stop = python_bench_stop,
                                .context = bench};
    int result = recording_perform(&plan, history, interruption, run, failure);
    interruption_end(&interruption);
    return result;
}

int python_experiment_measure(int64_t workers, const RecordingSettings *settings, History *history,
                              int64_t *run, char version[PYTHON_VERSION_SIZE], Failure *failure)
{
    char script[PATH_MAX], extension[PATH_MAX];
    PythonBench *bench;
    *run = 0;
    version[0] = '\0';
    if (extension_find_published(script, sizeof script, failure) ||
        extension_find(extension, sizeof extension, failure) ||
        python_bench_open(&bench, script, extension, workers, failure))
        return -1;
    snprintf(version, PYTHON_VERSION_SIZE, "%s", python_bench_version(bench));
    int result = record(bench, workers, settings, extension, history, run, failure);
    python_bench_close(&bench);
    return result;
}
