#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/base/query.h"
#include "cli/base/unicode.h"
#include "cli/judging/comparison.h"
#include "cli/measure/commit_walk.h"
#include "cli/measure/measure.h"
#include "cli/output/measurements.h"
#include "cli/output/output.h"
#include "cli/report/shortened.h"
#include "cli/sampling/interruption.h"
#include "cli/system/commit_folder.h"
#include "cli/system/commit_line.h"
#include "cli/verbs/commits.h"
#include "cli/verbs/verb.h"
#include "sql/sql.h"

/* Digits of a commit in messages. */
enum { SHORT = 9 };

/* A ratio of medians from which on a benchmark has changed, unless its threshold says otherwise. */
static const double usual_threshold = 1.05;

/* The commits of a range while they are measured. */
typedef struct Walk {
    const Options *options;
    const CommandSet *set;
    CommandBench *bench;
    CommitFolder *folder;
    Interruption *interruption;
    History *history;
    CommitLine line;
    /* States, one for each commit, and `benchmark_count` figures for each. */
    CommitState *states;
    double *figures;
    HistoryBenchmark *benchmarks;
    /* Numbers in the history, 0: not there yet; and thresholds. */
    int64_t *ids;
    double *thresholds;
    size_t benchmark_count;
    /* Commits that were measured in this call, also those that failed, and the run of the last one. */
    int64_t steps, last;
} Walk;

void commits_check(struct argp_state *state, const Options *options)
{
    if (!options->walk.range && (options->walk.steps > 0 || options->walk.bisect || options->walk.again))
        argp_error(state,
                   "--steps, --bisect and --again go with --commits: give a range, as in main~5..main");
    if (options->walk.range && !commands_wished(&options->command))
        argp_error(state, "--commits is for commands: give one after --");
    if (options->walk.range && options->charts.plot)
        argp_error(state, "--plot: leave it out with --commits, and give pricereport plot afterwards");
}

static int allocate(Walk *walk, Failure *failure)
{
    walk->benchmarks = measure_benchmarks(walk->set, &walk->benchmark_count, failure);
    if (!walk->benchmarks)
        return -1;
    const size_t commits = walk->line.count, benchmarks = walk->benchmark_count;
    walk->states = calloc(commits, sizeof *walk->states);
    walk->figures = calloc(commits * benchmarks, sizeof *walk->figures);
    walk->ids = calloc(benchmarks, sizeof *walk->ids);
    walk->thresholds = calloc(benchmarks, sizeof *walk->thresholds);
    if (!walk->states || !walk->figures || !walk->ids || !walk->thresholds)
        return failure_set(failure, "out of memory for %zu commits", commits);
    for (size_t i = 0; i < commits * benchmarks; i++)
        walk->figures[i] = NAN;
    for (size_t i = 0; i < benchmarks; i++)
        walk->thresholds[i] = usual_threshold;
    return 0;
}

/* Learns which numbers and thresholds the benchmarks have, once all of them are in the history. */
static int find_benchmarks(Walk *walk, Failure *failure)
{
    sqlite3 *db = history_db(walk->history);
    if (walk->ids[walk->benchmark_count - 1] > 0)
        return 0;
    if (history_find_benchmarks(walk->history, walk->benchmarks, walk->benchmark_count, walk->ids, failure))
        return -1;
    for (size_t i = 0; i < walk->benchmark_count; i++)
        if (walk->ids[i] == 0) {
            walk->ids[walk->benchmark_count - 1] = 0;
            return 0;
        }
    for (size_t i = 0; i < walk->benchmark_count; i++) {
        int64_t threshold = 0;
        if (query_run(db, NULL, failure, sql_walk_add_benchmark, "ii", walk->ids[i], (int64_t)i) ||
            query_run(db, &threshold, failure, sql_walk_threshold, "i", walk->ids[i]))
            return -1;
        if (threshold > 0)
            walk->thresholds[i] = 1 + (double)threshold / 100000;
    }
    return 0;
}

/* Notes the run that a commit has, and its figures. */
static int note_run(Walk *walk, size_t index, int64_t run, bool known, bool failed, Failure *failure)
{
    sqlite3 *db = history_db(walk->history);
    sqlite3_stmt *statement;
    walk->states[index] = failed ? COMMIT_FAILED : COMMIT_MEASURED;
    if (query_run(db, NULL, failure, sql_walk_set_run, "iii", (int64_t)index, run, (int64_t)known) ||
        query_prepare(db, &statement, failure, sql_walk_figures, "i", run))
        return -1;
    int result;
    while ((result = query_next(statement, failure)) > 0)
        walk->figures[index * walk->benchmark_count + (size_t)sqlite3_column_int64(statement, 0)] =
            sqlite3_column_double(statement, 1);
    sqlite3_finalize(statement);
    return result;
}

/* Finds the run that a commit has already; none where the user wishes all of them measured again. */
static int find_known(Walk *walk, size_t index, int64_t machine, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(history_db(walk->history), &statement, failure, sql_walk_known_run, "ti",
                      walk->line.commits[index].id, machine))
        return -1;
    int result = query_next(statement, failure);
    int64_t run = result > 0 ? sqlite3_column_int64(statement, 0) : 0;
    const bool failed = result > 0 && sqlite3_column_int(statement, 1);
    sqlite3_finalize(statement);
    return result > 0 ? note_run(walk, index, run, true, failed, failure) : result;
}

static int find_all_known(Walk *walk, Failure *failure)
{
    Machine machine = {0};
    int64_t id;
    machine_read(&machine);
    if (walk->options->sampling.machine)
        machine_name(&machine, walk->options->sampling.machine);
    if (find_benchmarks(walk, failure) ||
        history_find_machine(history_db(walk->history), &machine, &id, failure))
        return -1;
    if (id == 0 || walk->ids[walk->benchmark_count - 1] == 0 || walk->options->walk.again)
        return 0;
    for (size_t i = 0; i < walk->line.count; i++)
        if (find_known(walk, i, id, failure))
            return -1;
    return 0;
}

static int begin(Walk *walk, Failure *failure)
{
    sqlite3 *db = history_db(walk->history);
    CommitRange range;
    Failure cause;
    if (commit_range_find(&range, walk->options->walk.range, failure))
        return -1;
    if (commit_line_read(&walk->line, &range, &cause))
        return failure_set(failure, "--commits %s: %s", walk->options->walk.range, cause.text);
    if (allocate(walk, failure) || query_script(db, sql_walk_setup, failure))
        return -1;
    for (size_t i = 0; i < walk->line.count; i++)
        if (query_run(db, NULL, failure, sql_walk_add_commit, "itt", (int64_t)i, walk->line.commits[i].id,
                      walk->line.commits[i].subject))
            return -1;
    return find_all_known(walk, failure);
}

static void show_progress(const Walk *walk, size_t index)
{
    const LineCommit *commit = &walk->line.commits[index];
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "commit %.*s ", SHORT, commit->id);
    unicode_print(commit->subject, "", "", stderr);
    putc('\n', stderr);
}

static void report_failed(const Walk *walk, size_t index, int64_t run, const Failure *failure)
{
    Failure whole;
    failure_write(&whole, "commit %.*s failed, recorded as run %" PRId64 ", and is passed over: %s", SHORT,
                  walk->line.commits[index].id, run, failure->text);
    failure_print(&whole);
}

/* Measures one commit in its work tree, which is removed again. A commit that fails is recorded so, and is no
 * failure here. */
static int measure_one(Walk *walk, size_t index, Failure *failure)
{
    WorkTree tree = {0};
    RecordingSettings settings = options_recording(walk->options);
    Failure cause, second;
    int64_t run = 0;
    snprintf(tree.commit, sizeof tree.commit, "%s", walk->line.commits[index].id);
    settings.tree = &tree;
    show_progress(walk, index);
    int result = commit_folder_check_out(walk->folder, tree.commit, &cause);
    if (result && !interruption_requested(walk->interruption))
        measure_record_failed(walk->bench, walk->set, &settings, walk->history, walk->interruption, &run,
                              &cause);
    else if (result == 0)
        result = measure_commit(walk->bench, walk->set, &settings, walk->history, walk->interruption, &run,
                                &cause);
    if (commit_folder_clear(walk->folder, &second))
        failure_print(&second);
    walk->steps++;
    walk->last = run;
    if (run > 0 &&
        (find_benchmarks(walk, failure) ||
         note_run(walk, index, run, false, result < 0 || result == RECORDING_INTERRUPTED, failure)))
        return -1;
    if (interruption_requested(walk->interruption) || (result && run == 0))
        return failure_set(failure, "%s", result ? cause.text : "interrupted");
    if (result == RECORDING_UNCLEAN)
        failure_print(&cause);
    else if (result)
        report_failed(walk, index, run, &cause);
    return 0;
}

static int measure_all(Walk *walk, Failure *failure)
{
    const WalkRules rules = {.benchmarks = walk->benchmark_count,
                             .thresholds = walk->thresholds,
                             .bisect = walk->options->walk.bisect};
    const int64_t most = walk->options->walk.steps;
    while (most == 0 || walk->steps < most) {
        size_t next = commit_walk_next(walk->states, walk->figures, walk->line.count, &rules);
        if (next == walk->line.count)
            return 0;
        if (measure_one(walk, next, failure))
            return -1;
    }
    return 0;
}

static int print_largest(sqlite3 *db, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_walk_largest, ""))
        return -1;
    int result;
    bool any = false;
    putchar('\n');
    for (; (result = query_next(statement, failure)) > 0; any = true) {
        unicode_print((const char *)sqlite3_column_text(statement, 0), "", "", stdout);
        putchar('\n');
    }
    if (!any && result == 0)
        puts("No commit changed a benchmark by its threshold.");
    sqlite3_finalize(statement);
    return result;
}

/* Prints every commit of the range, and those of the largest changes. */
static int print_summary(Walk *walk, Failure *failure)
{
    static const OutputQuery query = {sql_walk_summary, sql_walk_summary_table};
    sqlite3 *db = history_db(walk->history);
    const OutputFormat format = walk->options->common.format;
    size_t measured = 0;
    for (size_t i = 0; i < walk->line.count; i++)
        measured += walk->states[i] == COMMIT_MEASURED;
    if (shortened_register(db) != SQLITE_OK)
        return query_fail(db, failure);
    if (comparison_judge_pairs(db, sql_walk_pairs, 0, sql_walk_set_change, failure) ||
        output_rows(db, &query, 0, format, stdout, failure))
        return -1;
    if (format == OUTPUT_TABLE && measured > 1 && print_largest(db, failure))
        return -1;
    if (format == OUTPUT_TABLE) {
        printf("\n%zu of %zu commits have figures in %s\n", measured, walk->line.count,
               history_file(walk->history));
        if (measurements_note_load(db, walk->last, stdout, failure))
            return -1;
    }
    return measured > 0 ? 0
                        : failure_set(failure, "none of the commits of %s could be measured",
                                      walk->options->walk.range);
}

static int perform(History *history, const Options *options, void *context, Failure *failure)
{
    Walk *walk = context;
    Failure second;
    (void)options;
    walk->history = history;
    int result = begin(walk, failure);
    const bool begun = result == 0;
    if (result == 0)
        result = measure_all(walk, failure);
    if (begun && print_summary(walk, result ? &second : failure))
        result = -1;
    return result;
}

int commits_perform(const Options *options, const CommandBenchPlan *plan, const CommandSet *set)
{
    Failure failure;
    Walk walk = {.options = options, .set = set};
    CommandBenchPlan own = *plan;
    int status;
    /* A signal must not leave the folder, from before it is made until it is removed. */
    if (interruption_begin(&walk.interruption, &failure))
        return failure_print(&failure);
    if (commit_folder_open(&walk.folder, &failure)) {
        interruption_end(&walk.interruption);
        return failure_print(&failure);
    }
    own.folder = commit_folder_path(walk.folder);
    own.mask = interruption_previous_mask(walk.interruption);
    if (command_bench_open(&walk.bench, &own, &failure))
        status = failure_print(&failure);
    else
        status = verb_on_history(options, HISTORY_RECORD, perform, &walk);
    command_bench_close(&walk.bench);
    commit_folder_close(&walk.folder);
    interruption_end(&walk.interruption);
    commit_line_free(&walk.line);
    free(walk.states);
    free(walk.figures);
    free(walk.benchmarks);
    free(walk.ids);
    free(walk.thresholds);
    return status;
}
