#include <stdlib.h>
#include <string.h>

#include "cli/measure/scan.h"

#include "executor_list.h"

enum { KEY_EXECUTOR = 700, KEY_WORKERS, KEY_CHUNK, KEY_ROWS, KEY_ROUNDS, MOST_JOBS = 10000 };

static const int64_t most_workers = 1024;
static const int64_t largest_chunk = INT32_MAX;
static const int64_t most_rows = INT32_MAX;
static const int64_t most_rounds = 1000000000; /* as increase_price_crazy has it */

static error_t parse(int key, char *argument, struct argp_state *state)
{
    Options *options = state->input;
    switch (key) {
    case KEY_EXECUTOR:
        options_executors(state, argument, options);
        return 0;
    case KEY_WORKERS:
        options_number_list(state, "--workers", argument, most_workers, &options->workers);
        return 0;
    case KEY_CHUNK:
        options_number_list(state, "--chunk", argument, largest_chunk, &options->chunks);
        return 0;
    case KEY_ROWS:
        options_number_list(state, "--rows", argument, most_rows, &options->rows);
        return 0;
    case KEY_ROUNDS:
        options_number_list(state, "--rounds", argument, most_rounds, &options->rounds);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"executor", KEY_EXECUTOR, "LIST", 0, "Of " EXECUTOR_CHOICES " (all but auto)", 0},
    {"workers", KEY_WORKERS, "LIST", 0, "Numbers of workers, such as 1,2,4-8", 0},
    {"chunk", KEY_CHUNK, "LIST", 0, "Rows of a task, such as 1,64,4096 (chosen by the extension)", 0},
    {"rows", KEY_ROWS, "LIST", 0, "Map only the first so many rows, such as 20-20000x10 (all)", 0},
    {"rounds", KEY_ROUNDS, "LIST", 0, "Rounds of increase_price_crazy: what {rounds} is in a map", 0},
    {0},
};

const struct argp options_scan = {.options = table, .parser = parse};

/* The numbers of a list; one zero where there are none. */
static size_t length(const NumberList *list)
{
    return list->count > 0 ? list->count : 1;
}

/* The zero beyond the end of an empty list is there: lists start as zeros. */
static int64_t number_at(const NumberList *list, size_t index)
{
    return list->count > 0 ? list->numbers[index] : 0;
}

typedef struct Jobs {
    MapJob *jobs;
    size_t count;
} Jobs;

/* All workers and chunks of one executor; false when there is no room. */
static bool add_executor(const Options *options, const MapJob *common, Jobs *jobs)
{
    size_t workers = strcmp(common->executor, "serial") == 0 ? 1 : length(&options->workers);
    for (size_t w = 0; w < workers; w++)
        for (size_t c = 0; c < length(&options->chunks); c++) {
            if (jobs->count == MOST_JOBS)
                return false;
            MapJob *job = &jobs->jobs[jobs->count++];
            *job = *common;
            job->workers = number_at(&options->workers, w);
            job->chunk = number_at(&options->chunks, c);
        }
    return true;
}

static bool add_map(const Options *options, const ScanMap *map, Jobs *jobs)
{
    static const char *const usual[] = {EXECUTOR_STRINGS};
    const char *const *executors = options->executor_count > 0 ? options->executors : usual;
    size_t executor_count =
        options->executor_count > 0 ? options->executor_count : sizeof usual / sizeof *usual;
    size_t rounds_count = strstr(map->map, MAP_ROUNDS) ? length(&options->rounds) : 1;
    for (size_t i = 0; i < rounds_count; i++)
        for (size_t r = 0; r < length(&options->rows); r++)
            for (size_t e = 0; e < executor_count; e++) {
                const MapJob common = {.name = map->name,
                                       .source = map->source,
                                       .map = map->map,
                                       .executor = executors[e],
                                       .rows = number_at(&options->rows, r),
                                       .rounds =
                                           strstr(map->map, MAP_ROUNDS) ? number_at(&options->rounds, i) : 0};
                if (!add_executor(options, &common, jobs))
                    return false;
            }
    return true;
}

int scan_jobs(const Options *options, const ScanMap *maps, size_t map_count, MapJob **jobs, size_t *count,
              Failure *failure)
{
    Jobs all = {.jobs = calloc(MOST_JOBS, sizeof *all.jobs)};
    int result = all.jobs ? 0 : failure_set(failure, "out of memory");
    for (size_t i = 0; i < map_count && result == 0; i++)
        if (!add_map(options, &maps[i], &all))
            result = failure_set(failure, "these are more than %d combinations: ask for fewer at once",
                                 (int)MOST_JOBS);
    if (result) {
        free(all.jobs);
        all = (Jobs){0};
    }
    *jobs = all.jobs;
    *count = all.count;
    return result;
}

int64_t scan_most_rows(const Options *options)
{
    int64_t most = 0;
    for (size_t i = 0; i < options->rows.count; i++)
        if (options->rows.numbers[i] > most)
            most = options->rows.numbers[i];
    return most;
}
