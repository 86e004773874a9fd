/* The recording half of history.h. */
#include <math.h>
#include <string.h>

#include "cli/history/history.h"
#include "cli/base/query.h"
#include "cli/history/summarize.h"
#include "sql/sql.h"

/* Runs a statement whose parameters are the fingerprint of a machine. */
static int run_on_machine(sqlite3 *db, int64_t *id, const char *sql, const Machine *machine, Failure *failure)
{
    return query_run(db, id, failure, sql, "tititttt", machine->processor, machine->processors,
                     machine->architecture, machine->memory_gib, machine->kernel, machine->sqlite,
                     machine->compiler, machine->flags);
}

int history_find_machine(sqlite3 *db, const Machine *machine, int64_t *id, Failure *failure)
{
    *id = 0;
    return run_on_machine(db, id, sql_history_find_machine, machine, failure);
}

/* Maps 0 (unknown) to -1, which query_run binds as NULL. */
static int64_t known(int64_t number)
{
    return number > 0 ? number : -1;
}

/* `object`, a JSON object with an array "arguments", with the texts at the end of that array; to be freed
 * with sqlite3_free also after a failure. */
static int list_arguments(sqlite3 *db, const char *object, char *const *arguments, char **list,
                          Failure *failure)
{
    *list = sqlite3_mprintf("%s", object);
    int result = *list ? 0 : failure_set(failure, "out of memory");
    for (; *arguments && result == 0; arguments++) {
        char *shorter = *list;
        result = query_text(db, list, failure, sql_history_add_argument, "tt", shorter, *arguments);
        sqlite3_free(shorter);
    }
    return result;
}

/* The settings and the command line as JSON, to be freed with sqlite3_free also after a failure. */
static int describe_options(sqlite3 *db, const HistoryRun *description, char **options, Failure *failure)
{
    const SamplingRules *rules = description->rules;
    char *settings;
    *options = NULL;
    if (query_text(db, &settings, failure, sql_history_options, "iiiddddittitit", rules->warmup,
                   rules->min_samples, rules->max_samples, rules->min_seconds, rules->max_seconds,
                   rules->precision, rules->sample_seconds, (int64_t)rules->seed, description->extension,
                   description->machine_name ? description->machine->processor : NULL,
                   description->machine->processors, description->machine->architecture,
                   description->machine->memory_gib, description->machine->kernel))
        return -1;
    int result = list_arguments(db, settings, description->arguments, options, failure);
    sqlite3_free(settings);
    return result;
}

static int insert_run(sqlite3 *db, const HistoryRun *description, const char *options, int64_t *run,
                      Failure *failure)
{
    const WorkTree *tree = description->tree;
    Machine known_as = *description->machine;
    int64_t machine;
    if (description->machine_name)
        machine_name(&known_as, description->machine_name);
    if (run_on_machine(db, NULL, sql_history_insert_machine, &known_as, failure) ||
        history_find_machine(db, &known_as, &machine, failure))
        return -1;
    return query_run(db, run, failure, sql_history_insert_run, "tittttottdo", description->verb, machine,
                     description->machine->host, description->label, tree->commit[0] ? tree->commit : NULL,
                     tree->branch[0] ? tree->branch : NULL, (int64_t)(tree->commit[0] ? tree->dirty : -1),
                     PRICEMAP_VERSION, options, machine_load(), known(description->repeats));
}

/* The benchmark's parameters as JSON, to be freed with sqlite3_free also after a failure. */
static int describe_parameters(sqlite3 *db, const HistoryBenchmark *benchmark, char **parameters,
                               Failure *failure)
{
    char *command = NULL;
    int result = benchmark->command
                     ? list_arguments(db, "{\"arguments\":[]}", benchmark->command, &command, failure)
                     : 0;
    *parameters = NULL;
    if (result == 0)
        result = query_text(db, parameters, failure, sql_history_parameters, "tootttoottttt",
                            benchmark->executor, known(benchmark->workers), known(benchmark->chunk),
                            benchmark->database, benchmark->source, benchmark->map, known(benchmark->rows),
                            known(benchmark->rounds), command, benchmark->query, benchmark->metric,
                            benchmark->unit, benchmark->more_is_better ? "more" : NULL);
    sqlite3_free(command);
    return result;
}

static int insert_measurement(sqlite3 *db, const HistoryBenchmark *benchmark, int64_t run, int64_t position,
                              int64_t *id, Failure *failure)
{
    char *parameters;
    int result = describe_parameters(db, benchmark, &parameters, failure);
    if (result == 0)
        result =
            query_run(db, NULL, failure, sql_history_insert_benchmark, "tt", benchmark->name, parameters);
    if (result == 0)
        result = query_run(db, id, failure, sql_history_insert_measurement, "itti", run, benchmark->name,
                           parameters, position);
    sqlite3_free(parameters);
    return result;
}

int history_find_benchmarks(History *history, const HistoryBenchmark *benchmarks, size_t count, int64_t *ids,
                            Failure *failure)
{
    sqlite3 *db = history_db(history);
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        char *parameters;
        ids[i] = 0;
        result = describe_parameters(db, &benchmarks[i], &parameters, failure);
        if (result == 0)
            result = query_run(db, &ids[i], failure, sql_history_find_benchmark, "tt", benchmarks[i].name,
                               parameters);
        sqlite3_free(parameters);
    }
    return result;
}

/* The serial measurement that others are compared with: of the same name, rows and rounds, and of the same
 * chunk where there is one; 0 where there is none. */
static int64_t find_baseline(const HistoryRun *description, size_t index, const int64_t *measurements)
{
    const HistoryBenchmark *benchmark = &description->benchmarks[index];
    int64_t baseline = 0;
    for (size_t i = 0; i < description->count; i++) {
        const HistoryBenchmark *other = &description->benchmarks[i];
        if (!other->executor || strcmp(other->executor, "serial") != 0 ||
            strcmp(other->name, benchmark->name) != 0 || other->rows != benchmark->rows ||
            other->rounds != benchmark->rounds)
            continue;
        if (other->chunk == benchmark->chunk)
            return measurements[i];
        if (baseline == 0)
            baseline = measurements[i];
    }
    return baseline;
}

static int insert_all(sqlite3 *db, const HistoryRun *description, const char *options, int64_t *run,
                      int64_t *measurements, Failure *failure)
{
    if (insert_run(db, description, options, run, failure))
        return -1;
    for (size_t i = 0; i < description->count; i++)
        if (insert_measurement(db, &description->benchmarks[i], *run, (int64_t)i, &measurements[i], failure))
            return -1;
    for (size_t i = 0; i < description->count; i++) {
        int64_t baseline = find_baseline(description, i, measurements);
        if (baseline > 0 &&
            query_run(db, NULL, failure, sql_history_update_baseline, "ii", measurements[i], baseline))
            return -1;
    }
    return 0;
}

int history_begin_run(History *history, const HistoryRun *description, int64_t *run, int64_t *measurements,
                      Failure *failure)
{
    sqlite3 *db = history_db(history);
    char *options;
    int result = describe_options(db, description, &options, failure);
    if (result == 0)
        result = query_begin(db, failure);
    if (result == 0)
        result = query_end(db, insert_all(db, description, options, run, measurements, failure), failure);
    sqlite3_free(options);
    return result;
}

static void bind_known(sqlite3_stmt *statement, int parameter, int64_t number)
{
    if (number < 0)
        sqlite3_bind_null(statement, parameter);
    else
        sqlite3_bind_int64(statement, parameter, number);
}

static int insert_sample(sqlite3_stmt *statement, const HistorySample *recorded, Failure *failure)
{
    const Sample *sample = &recorded->sample;
    const int64_t numbers[] = {recorded->measurement, sample->sequence, sample->round,   sample->warmup,
                               sample->loops,         sample->wall_ns,  sample->user_ns, sample->system_ns};
    const int count = sizeof numbers / sizeof *numbers;
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(statement, 1 + i, numbers[i]);
    bind_known(statement, count + 1, sample->peak_memory_kib);
    if (isfinite(sample->value))
        sqlite3_bind_double(statement, count + 2, sample->value);
    else
        sqlite3_bind_null(statement, count + 2);
    int result = query_next(statement, failure);
    sqlite3_reset(statement);
    return result;
}

static int record_all(sqlite3 *db, const HistorySample *samples, size_t sample_count,
                      const HistorySummary *summaries, size_t summary_count, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_history_insert_sample, ""))
        return -1;
    int result = 0;
    for (size_t i = 0; i < sample_count && result == 0; i++)
        result = insert_sample(statement, &samples[i], failure);
    sqlite3_finalize(statement);
    for (size_t i = 0; i < summary_count && result == 0; i++)
        result = summary_record(db, summaries[i].measurement, summaries[i].summary, summaries[i].rows,
                                summaries[i].stopped, failure);
    return result;
}

int history_record(History *history, const HistorySample *samples, size_t sample_count,
                   const HistorySummary *summaries, size_t summary_count, Failure *failure)
{
    sqlite3 *db = history_db(history);
    if (query_begin(db, failure))
        return -1;
    return query_end(db, record_all(db, samples, sample_count, summaries, summary_count, failure), failure);
}

static int end_run(History *history, int64_t run, const char *error, bool interrupted, Failure *failure)
{
    return query_run(history_db(history), NULL, failure, sql_history_finish_run, "itdii", run, error,
                     machine_load(), machine_peak_memory_kib(), (int64_t)interrupted);
}

int history_finish_run(History *history, int64_t run, const char *error, Failure *failure)
{
    return end_run(history, run, error, false, failure);
}

int history_interrupt_run(History *history, int64_t run, Failure *failure)
{
    return end_run(history, run, NULL, true, failure);
}
