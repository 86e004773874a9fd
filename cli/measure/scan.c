#include <stdlib.h>
#include <string.h>

#include "cli/measure/scan.h"

#include "executor_list.h"

enum { MOST_JOBS = 10000 };

static size_t length(const NumberList *list)
{
    return list->count > 0 ? list->count : 1;
}

/* An empty list stands for one default value, 0. */
static int64_t number_at(const NumberList *list, size_t index)
{
    return list->count > 0 ? list->numbers[index] : 0;
}

typedef struct Jobs {
    MapJob *jobs;
    size_t count;
} Jobs;

/* All workers and chunks of one executor; false when there is no room. */
static bool add_executor(const Scan *scan, const MapJob *common, Jobs *jobs)
{
    size_t workers = strcmp(common->executor, "serial") == 0 ? 1 : length(&scan->workers);
    for (size_t w = 0; w < workers; w++)
        for (size_t c = 0; c < length(&scan->chunks); c++) {
            if (jobs->count == MOST_JOBS)
                return false;
            MapJob *job = &jobs->jobs[jobs->count++];
            *job = *common;
            job->workers = number_at(&scan->workers, w);
            job->chunk = number_at(&scan->chunks, c);
        }
    return true;
}

static bool add_map(const Scan *scan, const ScanMap *map, Jobs *jobs)
{
    static const char *const usual[] = {EXECUTOR_STRINGS};
    const char *const *executors = scan->executor_count > 0 ? scan->executors : usual;
    size_t executor_count = scan->executor_count > 0 ? scan->executor_count : sizeof usual / sizeof *usual;
    const bool has_rounds = map->map && strstr(map->map, MAP_ROUNDS);
    size_t rounds_count = has_rounds ? length(&scan->rounds) : 1;
    for (size_t i = 0; i < rounds_count; i++)
        for (size_t r = 0; r < length(&scan->rows); r++)
            for (size_t e = 0; e < executor_count; e++) {
                const MapJob common = {.name = map->name,
                                       .source = map->source,
                                       .map = map->map,
                                       .query = map->query,
                                       .executor = executors[e],
                                       .rows = number_at(&scan->rows, r),
                                       .rounds = has_rounds ? number_at(&scan->rounds, i) : 0};
                if (!add_executor(scan, &common, jobs))
                    return false;
            }
    return true;
}

int scan_jobs(const Scan *scan, const ScanMap *maps, size_t map_count, MapJob **jobs, size_t *count,
              Failure *failure)
{
    Jobs all = {.jobs = calloc(MOST_JOBS, sizeof *all.jobs)};
    int result = all.jobs ? 0 : failure_set(failure, "out of memory");
    for (size_t i = 0; i < map_count && result == 0; i++)
        if (!add_map(scan, &maps[i], &all))
            result = failure_set(failure, "these are more than %d combinations: give fewer at once",
                                 (int)MOST_JOBS);
    if (result) {
        free(all.jobs);
        all = (Jobs){0};
    }
    *jobs = all.jobs;
    *count = all.count;
    return result;
}

int64_t scan_most_rows(const Scan *scan)
{
    int64_t most = 0;
    for (size_t i = 0; i < scan->rows.count; i++)
        if (scan->rows.numbers[i] > most)
            most = scan->rows.numbers[i];
    return most;
}
