/* Large tables and maps that are not crazy: where handing rows out costs as much as the map, and where texts
 * meet SQLite's allocator lock. */
#include <stdio.h>

#include "price_lists.h"
#include "figures.h"

enum { ACCESS_COLUMN = 1 };

/* One line of the report: a subject against another, and how its rows were read. */
typedef struct Figure {
    size_t over, under;
    const char *what;
    Bar bar;
    bool tells_access;
    size_t accessed; /* of which subject */
} Figure;

static int report_figures(Bench *bench, MappingSet *set, const Measurement *measurement,
                          const Figure *figures, size_t count, int64_t rows, Failure *failure)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        const Figure *figure = &figures[i];
        char access[32] = "", what[256], remark[64];
        if (figure->tells_access)
            result =
                mapping_ran(&set->mappings[figure->accessed], ACCESS_COLUMN, access, sizeof access, failure);
        snprintf(what, sizeof what, "%lld rows: %s", (long long)rows, figure->what);
        snprintf(remark, sizeof remark, "access %s", access);
        if (result == 0)
            result = report_result(bench, what, measurement_ratio(measurement, figure->over, figure->under),
                                   UNIT_TIMES, figure->bar, figure->tells_access ? remark : NULL, failure);
    }
    return result;
}

static int measure(Bench *bench, const MappingTask *task, const MappingWay *ways, size_t way_count,
                   const Effort *effort, const Figure *figures, size_t figure_count, int64_t rows,
                   Failure *failure)
{
    MappingSet set;
    Subject subjects[MEASURED_MAX];
    Measurement measurement;
    if (mapping_set_open(&set, bench, task, ways, way_count, true, failure))
        return -1;
    int result = measurement_take(bench, subjects, mapping_set_subjects(&set, subjects), effort, &measurement,
                                  failure);
    if (result == 0) {
        result = report_figures(bench, &set, &measurement, figures, figure_count, rows, failure);
        measurement_free(&measurement);
    }
    mapping_set_blame(&set, bench);
    mapping_set_close(&set);
    return result;
}

int work_sum(Bench *bench, Failure *failure)
{
    enum { PLAIN, PART_THREADS, PART_PROCESSES, OUT_THREADS, OUT_PROCESSES, FED_THREADS, FED_PROCESSES };
    static const MappingWay ways[] = {
        [PLAIN] = {.executor = NULL},
        [PART_THREADS] = {.executor = "threads", .partial = true},
        [PART_PROCESSES] = {.executor = "processes", .partial = true},
        [OUT_THREADS] = {.executor = "threads"},
        [OUT_PROCESSES] = {.executor = "processes"},
        [FED_THREADS] = {.executor = "threads", .fed = true},
        [FED_PROCESSES] = {.executor = "processes", .fed = true},
    };
    const Bar faster = {.kind = BAR_AT_LEAST, .limit = 1.75};
    const Bar not_slower = {.kind = BAR_AT_MOST, .limit = 1.0};
    const Bar fed = {.kind = BAR_AT_MOST, .limit = 2.0};
    const Figure figures[] = {
        {PLAIN, PART_THREADS, "partial = 1, threads, times as fast as the plain SELECT", faster, true,
         PART_THREADS},
        {PLAIN, PART_PROCESSES, "partial = 1, processes, times as fast as the plain SELECT", faster, true,
         PART_PROCESSES},
        {OUT_THREADS, PLAIN, "every row out, threads, over the plain SELECT", not_slower, true, OUT_THREADS},
        {OUT_PROCESSES, PLAIN, "every row out, processes, over the plain SELECT", not_slower, true,
         OUT_PROCESSES},
        {FED_THREADS, PLAIN, "every row out of a SELECT, threads, over the plain SELECT", fed, true,
         FED_THREADS},
        {FED_PROCESSES, PLAIN, "every row out of a SELECT, processes, over the plain SELECT", fed, true,
         FED_PROCESSES},
    };
    static const Effort effort = {.rounds = 9, .quick_rounds = 6, .warm = true};
    int64_t rows = bench->settings.quick ? 500000 : 5000000;
    char table[TABLE_NAME_SIZE];
    if (price_list(bench, rows, table, failure))
        return -1;
    const MappingTask task = {.source = table, .map = "increase_price(p)"};
    return measure(bench, &task, ways, sizeof ways / sizeof *ways, &effort, figures,
                   sizeof figures / sizeof *figures, rows, failure);
}

int work_text(Bench *bench, Failure *failure)
{
    enum { PLAIN, SERIAL, THREADS, PROCESSES, AUTO };
    static const MappingWay ways[] = {[PLAIN] = {.executor = NULL},
                                      [SERIAL] = {.executor = "serial"},
                                      [THREADS] = {.executor = "threads"},
                                      [PROCESSES] = {.executor = "processes"},
                                      [AUTO] = {.executor = "auto"}};
    const Figure figures[] = {
        {PLAIN,
         PROCESSES,
         "processes, times as fast as the plain SELECT",
         {.kind = BAR_AT_LEAST, .limit = 1.8},
         false,
         0},
        {AUTO, PROCESSES, "auto over processes", {.kind = BAR_AT_MOST, .limit = 1.10}, false, 0},
        {PLAIN, THREADS, "threads, times as fast as the plain SELECT", {.kind = BAR_NONE}, false, 0},
        {SERIAL, PLAIN, "executor serial over the plain SELECT", {.kind = BAR_NONE}, false, 0},
    };
    static const Effort effort = {.rounds = 7, .quick_rounds = 6, .warm = true};
    int64_t rows = bench->settings.quick ? 100000 : 1000000;
    char table[TABLE_NAME_SIZE];
    if (price_list(bench, rows, table, failure))
        return -1;
    const MappingTask task = {.source = table, .map = TEXT_MAP, .text = true};
    return measure(bench, &task, ways, sizeof ways / sizeof *ways, &effort, figures,
                   sizeof figures / sizeof *figures, rows, failure);
}
