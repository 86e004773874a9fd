/* The crazy raise: threads and processes against executor serial, and against the floor. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/base/clock.h"
#include "ext/functions/price.h"
#include "floor.h"
#include "price_lists.h"
#include "figures.h"

enum { PLAIN, SERIAL, THREADS, PROCESSES, MAPPED, FLOOR = MAPPED };

static const MappingWay ways[MAPPED] = {
    {.executor = NULL}, {.executor = "serial"}, {.executor = "threads"}, {.executor = "processes"}};

static int report_speed_ups(Bench *bench, const Measurement *measurement, int64_t rows, const double bars[2],
                            Failure *failure)
{
    int result = 0;
    for (size_t i = 0; i < 2 && result == 0; i++) {
        char what[128];
        snprintf(what, sizeof what, "%lld prices: %s, times as fast as executor serial", (long long)rows,
                 ways[THREADS + i].executor);
        result = report_result(bench, what, measurement_ratio(measurement, SERIAL, THREADS + i), UNIT_TIMES,
                               (Bar){.kind = BAR_AT_LEAST, .limit = bars[i]}, NULL, failure);
    }
    return result;
}

int work_crazy_200(Bench *bench, Failure *failure)
{
    enum { ROWS = 200 };
    static const Effort effort = {.rounds = 31, .quick_rounds = 9, .warm = true};
    static const double bars[2] = {1.85, 1.85};
    char table[TABLE_NAME_SIZE];
    Measurement measurement;
    if (price_list(bench, ROWS, table, failure))
        return -1;
    const MappingTask task = {.source = table, .map = "increase_price_crazy(p)"};
    if (mapping_set_measure(bench, &task, ways, MAPPED, &effort, &measurement, failure))
        return -1;
    int result = report_speed_ups(bench, &measurement, ROWS, bars, failure);
    measurement_free(&measurement);
    return result;
}

typedef struct Floor {
    Bench *bench;
    double *prices, *raised;
    size_t count;
    MappingAnswer expected;
} Floor;

static int take_floor(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    Floor *f = context;
    int error = 0;
    int64_t start = clock_ns();
    for (int64_t i = 0; i < loops && !error; i++)
        error = floor_map(f->prices, f->raised, f->count, PRICE_DEFAULT_ROUNDS, f->bench->settings.workers);
    sample->wall_ns = clock_ns() - start;
    if (error)
        return failure_set(failure, "the floor: %s", strerror(error));
    double sum = 0;
    for (size_t i = 0; i < f->count; i++)
        sum += f->raised[i];
    if (sum == f->expected.sum && (int64_t)f->count == f->expected.rows)
        return 0;
    f->bench->wrong = true;
    return failure_set(failure, "the floor's sum is %.17g, the plain SELECT's is %.17g", sum,
                       f->expected.sum);
}

static int floor_open(Floor *f, Bench *bench, size_t count, const MappingAnswer *expected, Failure *failure)
{
    *f = (Floor){.bench = bench,
                 .prices = malloc(count * sizeof(double)),
                 .raised = calloc(count, sizeof(double)),
                 .count = count,
                 .expected = *expected};
    if (!f->prices || !f->raised)
        return failure_set(failure, "out of memory for %zu prices", count);
    for (size_t i = 0; i < count; i++)
        f->prices[i] = floor_price(i + 1);
    return 0;
}

static int report_against_floor(Bench *bench, const Measurement *measurement, Failure *failure)
{
    int result = 0;
    for (size_t i = THREADS; i <= PROCESSES && result == 0; i++) {
        char what[128];
        snprintf(what, sizeof what, "the same: %s over the floor, plain C with %d pthreads", ways[i].executor,
                 bench->settings.workers);
        result = report_result(bench, what, measurement_ratio(measurement, i, FLOOR), UNIT_TIMES,
                               (Bar){.kind = BAR_AT_MOST, .limit = 1.03}, NULL, failure);
    }
    return result;
}

int work_crazy_2000(Bench *bench, Failure *failure)
{
    enum { ROWS = 2000 };
    static const Effort effort = {.rounds = 15, .quick_rounds = 6, .warm = true};
    static const double bars[2] = {1.95, 1.93};
    char table[TABLE_NAME_SIZE];
    MappingSet set;
    Floor f = {0};
    Subject subjects[MAPPED + 1];
    Measurement measurement;
    if (price_list(bench, ROWS, table, failure))
        return -1;
    const MappingTask task = {.source = table, .map = "increase_price_crazy(p)"};
    if (mapping_set_open(&set, bench, &task, ways, MAPPED, true, failure))
        return -1;
    mapping_set_subjects(&set, subjects);
    snprintf(subjects[FLOOR].label, LABEL_SIZE, "floor");
    subjects[FLOOR].sampled = (SamplingSubject){take_floor, &f};
    int result = floor_open(&f, bench, ROWS, &set.mappings[PLAIN].expected, failure);
    if (result == 0)
        result = measurement_take(bench, subjects, MAPPED + 1, &effort, &measurement, failure);
    mapping_set_blame(&set, bench);
    mapping_set_close(&set);
    free(f.prices);
    free(f.raised);
    if (result)
        return result;
    result = report_speed_ups(bench, &measurement, ROWS, bars, failure);
    if (result == 0)
        result = report_against_floor(bench, &measurement, failure);
    measurement_free(&measurement);
    return result;
}
