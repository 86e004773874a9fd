#include <limits.h>
#include <stdio.h>

#include "cli/filling/filling.h"
#include "cli/output/output.h"
#include "cli/sampling/interruption.h"
#include "cli/system/extension.h"
#include "cli/verbs/into.h"
#include "sql/sql.h"

void into_check(struct argp_state *state, const Options *options)
{
    const SamplingOptions *sampling = &options->sampling;
    const struct {
        const char *option;
        bool given;
    } of_timing[] = {
        {"--query", options->map.query},
        {"--verify", options->map.verify},
        {"--name", options->map.name},
        {"--rows", options->scan.rows.count > 0},
        {"--rounds", options->scan.rounds.count > 0},
        {"--samples", sampling->samples_given},
        {"--min-samples", sampling->min_samples_given},
        {"--max-samples", sampling->max_samples_given},
        {"--min-time", sampling->min_time_given},
        {"--max-time", sampling->max_time_given},
        {"--seed", sampling->seed_given},
        {"--warmup", sampling->warmup_given},
        {"--machine", sampling->machine},
        {"--label", sampling->label},
        {"--judged-run", sampling->repeats != 0},
        {"--plot", options->charts.plot},
        {"--chart", options->charts.wish.kinds != 0},
        {"--db", options->common.db},
    };
    for (size_t i = 0; i < sizeof of_timing / sizeof *of_timing; i++)
        if (of_timing[i].given)
            argp_error(state, "%s: --into fills a table and times nothing: leave one of them out",
                       of_timing[i].option);
    if (options->scan.executor_count > 1 || options->scan.workers.count > 1 || options->scan.chunks.count > 1)
        argp_error(state, "--into maps once: give one executor, one number of workers and one chunk");
}

static int fill_and_print(const Options *options, sqlite3 *db, Interruption *interruption, Failure *failure)
{
    static const OutputQuery filled = {sql_filling_filled, sql_filling_filled_table};
    const Scan *scan = &options->scan;
    const FillPlan plan = {.source = options->map.source,
                           .into = options->map.into,
                           .map = options->map.map,
                           .executor = scan->executor_count > 0 ? scan->executors[0] : "auto",
                           .workers = scan->workers.count > 0 ? scan->workers.numbers[0] : 0,
                           .chunk = scan->chunks.count > 0 ? scan->chunks.numbers[0] : 0,
                           .resume = options->map.resume};
    if (fill(db, &plan, interruption, failure) ||
        output_rows(db, &filled, 0, options->common.format, stdout, failure))
        return -1;
    return output_finish(stdout, failure);
}

int into_perform(const Options *options)
{
    Failure failure;
    char extension[PATH_MAX];
    Interruption *interruption;
    if (extension_find(extension, sizeof extension, &failure) || interruption_begin(&interruption, &failure))
        return failure_print(&failure);
    const MapDatabase database = {.file = options->map.in,
                                  .is_written = true,
                                  .extension = extension,
                                  .loads = options->map.loads,
                                  .load_count = options->map.load_count,
                                  .pythons = options->map.pythons,
                                  .python_count = options->map.python_count};
    sqlite3 *db;
    int result = map_database_open(&db, &database, &failure);
    if (result == 0)
        result = fill_and_print(options, db, interruption, &failure);
    sqlite3_close(db);
    interruption_end(&interruption);
    return result ? failure_print(&failure) : EXIT_DONE;
}
