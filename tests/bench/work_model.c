/* What this machine is too small to show: a prediction for more processors, from what the host itself has to
 * do.
 *
 * Measured, per way of reading:
 *   h  processor seconds of the host's thread per row      } a line through the host's processor time per row
 * of a c  processor seconds of the host's thread per chunk    } cheap map with k rows per chunk: h + c / k,
 * for several k w  seconds of a plain SELECT per row The cheap map stands for all: it keeps the workers ahead
 * of the host, so that the host hardly ever waits, and what the host computes itself, where it helps, makes h
 * larger, not smaller.
 *
 * Predicted for P processors, one of which the host shares with a worker, and a table long enough that start
 * and end do not count: seconds per row  t(P) = max(h + c / k, (w + h + c / k) / P) speed-up         w / t(P)
 * The first term is the host, which cannot be shared; the second is all work spread evenly. Assumed is that
 * workers do not slow each other down: no shared lock, enough memory bandwidth, the same clock however many
 * run. k is what the planner aims at, chunks of 1 ms. The host is full, and more processors do not help, at w
 * / (h + c / k) of them. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "calibration.h"
#include "price_lists.h"
#include "figures.h"

static const double chunk_seconds = 1e-3;
static const int64_t chunks[] = {64, 128, 512, 4096};
enum { CHUNKS = sizeof chunks / sizeof *chunks };

typedef struct HostCost {
    double row, chunk; /* seconds */
} HostCost;

/* Least squares of seconds = row + chunk * x, where x is chunks per row. What noise makes negative is
 * nothing. */
static HostCost fit(const double *x, const double *seconds, size_t count)
{
    double mean_x = 0, mean_y = 0, products = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        mean_x += x[i] / (double)count;
        mean_y += seconds[i] / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        products += (x[i] - mean_x) * (seconds[i] - mean_y);
        squares += (x[i] - mean_x) * (x[i] - mean_x);
    }
    HostCost cost = {.chunk = fmax(products / squares, 0)};
    cost.row = fmax(mean_y - cost.chunk * mean_x, 0);
    return cost;
}

static int measure_host(Bench *bench, const MappingWay *way, HostCost *cost, Failure *failure)
{
    static const Effort effort = {.rounds = 9, .quick_rounds = 5};
    int64_t rows = bench->settings.quick ? 20000 : 100000;
    MappingWay ways[1 + CHUNKS] = {{.executor = NULL}};
    Subject subjects[1 + CHUNKS];
    char table[TABLE_NAME_SIZE];
    MappingSet set;
    Measurement measurement;
    for (size_t i = 0; i < CHUNKS; i++) {
        ways[1 + i] = *way;
        ways[1 + i].chunk = chunks[i];
    }
    if (price_list(bench, rows, table, failure))
        return -1;
    const MappingTask task = {.source = table, .map = "increase_price(p)"};
    if (mapping_set_open(&set, bench, &task, ways, 1 + CHUNKS, true, failure))
        return -1;
    mapping_set_subjects(&set, subjects);
    for (size_t i = 1; i <= CHUNKS; i++) {
        subjects[i].sampled.take = mapping_take_host;
        snprintf(subjects[i].label, LABEL_SIZE, "host's processor time, %s", set.mappings[i].label);
    }
    int result = measurement_take(bench, subjects + 1, CHUNKS, &effort, &measurement, failure);
    mapping_set_blame(&set, bench);
    mapping_set_close(&set);
    if (result)
        return result;
    double x[CHUNKS], seconds[CHUNKS];
    for (size_t i = 0; i < CHUNKS; i++) {
        x[i] = 1 / (double)chunks[i];
        seconds[i] = measurement_time(&measurement, i).median / (double)rows;
    }
    *cost = fit(x, seconds, CHUNKS);
    measurement_free(&measurement);
    return 0;
}

static void predict(const HostCost *host, double row_seconds, ModelLine *line)
{
    line->row_seconds = row_seconds;
    line->chunk = fmax(round(chunk_seconds / row_seconds), 1);
    double h = host->row + host->chunk / line->chunk;
    line->limit_processors = row_seconds / h;
    for (size_t i = 0; i < MODEL_POINTS; i++) {
        double processors = (double)(2u << i);
        line->predicted[i] = row_seconds / fmax(h, (row_seconds + h) / processors);
    }
}

/* One line: a cost per row, measured with the bench's workers beside what is predicted. */
static int model_line(Bench *bench, const MappingWay *way, const HostCost *host, const char *name,
                      double wanted, double round_seconds, Failure *failure)
{
    static const Effort effort = {.rounds = 5, .quick_rounds = 3, .untold = true};
    const MappingWay ways[] = {{.executor = NULL}, *way};
    char map[CALIBRATED_MAP_SIZE], table[TABLE_NAME_SIZE], access[64];
    Measurement measurement;
    int64_t rows = (int64_t)fmax(round((bench->settings.quick ? 0.05 : 0.4) / wanted), 8);
    calibration_map(round_seconds, wanted, map);
    if (price_list(bench, rows, table, failure))
        return -1;
    const MappingTask task = {.source = table, .map = map};
    if (mapping_set_measure(bench, &task, ways, 2, &effort, &measurement, failure))
        return -1;
    snprintf(access, sizeof access, "%s, %s", way->executor, way->partial ? "partial = 1" : "every row out");
    ModelLine line = {.access = access, .cost = name};
    line.measured = bench->settings.workers == 2 ? measurement_ratio(&measurement, 0, 1).median : NAN;
    predict(host, measurement_time(&measurement, 0).median / (double)rows, &line);
    measurement_free(&measurement);
    return report_model(bench, &line, failure);
}

int work_model(Bench *bench, Failure *failure)
{
    static const struct {
        const char *name;
        double seconds;
    } costs[] = {{"1 µs", 1e-6}, {"10 µs", 10e-6}, {"300 µs", 300e-6}, {"20 ms", 20e-3}};
    static const MappingWay ways[] = {{.executor = "threads"},
                                      {.executor = "processes"},
                                      {.executor = "threads", .partial = true},
                                      {.executor = "processes", .partial = true}};
    double round_seconds = calibration_round_seconds();
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        HostCost host;
        char name[96], value[96];
        if (measure_host(bench, &ways[i], &host, failure))
            return -1;
        snprintf(name, sizeof name, "host, %s, %s", ways[i].executor,
                 ways[i].partial ? "partial = 1" : "every row out");
        snprintf(value, sizeof value, "%.1f ns per row, %.2f µs per chunk", host.row * 1e9, host.chunk * 1e6);
        if (report_fact(bench, name, value, failure))
            return -1;
        for (size_t j = 0; j < sizeof costs / sizeof *costs; j++)
            if (model_line(bench, &ways[i], &host, costs[j].name, costs[j].seconds, round_seconds, failure))
                return -1;
    }
    return 0;
}
