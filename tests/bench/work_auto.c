/* `auto` over a grid of tables and costs: is it ever slower than serial, and how far from the best of the
 * three? */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "calibration.h"
#include "price_lists.h"
#include "figures.h"

enum { PLAIN, SERIAL, THREADS, PROCESSES, AUTO, WAYS };
enum { COMPUTING = 5, WAITING = 4, COSTS = COMPUTING + WAITING, LENGTHS = 4, CELLS = COSTS * LENGTHS };
enum { EXECUTOR_COLUMN = 0 };

static const MappingWay ways[WAYS] = {[PLAIN] = {.executor = NULL},
                                      [SERIAL] = {.executor = "serial"},
                                      [THREADS] = {.executor = "threads"},
                                      [PROCESSES] = {.executor = "processes"},
                                      [AUTO] = {.executor = "auto"}};
static const int64_t lengths[LENGTHS] = {20, 1000, 100000, 5000000};

/* What a serial pass of a cell may take; tables are cut to it. */
static const double most_seconds = 0.65, most_seconds_quick = 0.03;

typedef struct Cost {
    const char *name;
    double row_seconds; /* roughly, for the first two; they only decide how far tables are cut */
    bool text;
    int workers; /* 0: as many as the bench was given */
    char map[128];
} Cost;

/* What the whole grid comes to. */
typedef struct Grid {
    double regrets[CELLS];
    size_t cells, beyond; /* measured; and of these, slower than serial by more than both 5 % and 300 µs */
    double worst_excess, worst_regret;
    char worst_excess_cell[64], worst_regret_cell[64];
} Grid;

static void make_costs(Cost costs[COSTS])
{
    double round_seconds = calibration_round_seconds();
    costs[0] = (Cost){.name = "native, cheap", .row_seconds = 0.13e-6, .map = "increase_price(p)"};
    costs[1] = (Cost){.name = "text-heavy", .row_seconds = 0.9e-6, .text = true, .map = TEXT_MAP};
    costs[2] = (Cost){.name = "10 µs", .row_seconds = 10e-6};
    costs[3] = (Cost){.name = "300 µs", .row_seconds = 300e-6};
    costs[4] = (Cost){.name = "20 ms", .row_seconds = 20e-3};
    for (size_t i = 2; i < COMPUTING; i++)
        calibration_map(round_seconds, costs[i].row_seconds, costs[i].map);
}

/* Rows that wait, with few and with many workers. */
static void make_waiting(Cost costs[WAITING])
{
    static const struct {
        const char *name;
        int milliseconds, workers;
    } waits[WAITING] = {{"sleep 1 ms, 2 workers", 1, 2},
                        {"sleep 1 ms, 32 workers", 1, 32},
                        {"sleep 10 ms, 2 workers", 10, 2},
                        {"sleep 10 ms, 32 workers", 10, 32}};
    for (size_t i = 0; i < WAITING; i++) {
        costs[i] = (Cost){
            .name = waits[i].name, .row_seconds = waits[i].milliseconds * 1e-3, .workers = waits[i].workers};
        snprintf(costs[i].map, sizeof costs[i].map, "sleep_ms(%d + 0 * p)", waits[i].milliseconds);
    }
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static void judge_cell(Grid *grid, const Cost *cost, const Measurement *measurement, Cell *cell)
{
    size_t best = SERIAL;
    for (size_t i = THREADS; i <= PROCESSES; i++)
        if (measurement_time(measurement, i).median < measurement_time(measurement, best).median)
            best = i;
    double later = measurement_difference(measurement, AUTO, SERIAL).median;
    cell->plain = measurement_time(measurement, PLAIN).median;
    cell->serial = measurement_time(measurement, SERIAL).median;
    cell->threads = measurement_time(measurement, THREADS).median;
    cell->processes = measurement_time(measurement, PROCESSES).median;
    cell->automatic = measurement_time(measurement, AUTO).median;
    cell->regret = measurement_ratio(measurement, AUTO, best).median - 1;
    cell->over_serial = measurement_ratio(measurement, AUTO, SERIAL).median - 1;
    grid->beyond += cell->over_serial > 0.05 && later > 300e-6;
    if (grid->cells == 0 || cell->regret > grid->worst_regret) {
        grid->worst_regret = cell->regret;
        snprintf(grid->worst_regret_cell, sizeof grid->worst_regret_cell, "%s × %" PRId64 " rows", cost->name,
                 cell->rows);
    }
    if (later > 300e-6 && cell->over_serial > grid->worst_excess) {
        grid->worst_excess = cell->over_serial;
        snprintf(grid->worst_excess_cell, sizeof grid->worst_excess_cell, "%s × %" PRId64 " rows", cost->name,
                 cell->rows);
    }
    grid->regrets[grid->cells++] = cell->regret;
}

static int measure_cell(Bench *bench, Grid *grid, const Cost *cost, Cell *cell, Failure *failure)
{
    static const Effort effort = {.rounds = 7, .quick_rounds = 6, .sample_seconds = 0.002, .untold = true};
    char table[TABLE_NAME_SIZE], chosen[32];
    MappingSet set;
    Subject subjects[WAYS];
    Measurement measurement;
    if (price_list(bench, cell->rows, table, failure))
        return -1;
    const MappingTask task = {.source = table,
                              .map = cost->map,
                              .text = cost->text,
                              .functions = cost->workers ? BENCH_WAITING_EXTENSION : NULL,
                              .workers = cost->workers};
    if (mapping_set_open(&set, bench, &task, ways, WAYS, false, failure))
        return -1;
    mapping_set_subjects(&set, subjects);
    int result = measurement_take(bench, subjects, WAYS, &effort, &measurement, failure);
    if (result == 0) {
        judge_cell(grid, cost, &measurement, cell);
        measurement_free(&measurement);
        result = mapping_ran(&set.mappings[AUTO], EXECUTOR_COLUMN, chosen, sizeof chosen, failure);
        cell->chosen = chosen;
    }
    if (result == 0)
        result = report_cell(bench, cell, failure);
    mapping_set_blame(&set, bench);
    mapping_set_close(&set);
    return result;
}

/* All lengths of one cost. A table that would take too long is cut; one that would then hardly be larger than
 * the one before is skipped. */
static int measure_cost(Bench *bench, Grid *grid, const Cost *cost, Failure *failure)
{
    double most = bench->settings.quick ? most_seconds_quick : most_seconds;
    int64_t allowed = (int64_t)larger(bench->settings.workers, most / cost->row_seconds);
    int64_t before = 0;
    for (size_t i = 0; i < LENGTHS; i++) {
        char note[128] = "";
        Cell cell = {.cost = cost->name, .rows_wanted = lengths[i], .rows = -1};
        cell.plain = cell.serial = cell.threads = cell.processes = cell.automatic = NAN;
        cell.regret = cell.over_serial = NAN;
        cell.note = note;
        int64_t rows = lengths[i] < allowed ? lengths[i] : allowed;
        if (rows < 2 * before) {
            snprintf(note, sizeof note, "skipped: a serial pass takes %.3g s",
                     (double)lengths[i] * cost->row_seconds);
            if (report_cell(bench, &cell, failure))
                return -1;
            continue;
        }
        if (rows < lengths[i])
            snprintf(note, sizeof note, "of %" PRId64 ", to save time", lengths[i]);
        cell.rows = before = rows;
        snprintf(bench->title, sizeof bench->title, "%s: %s × %" PRId64, bench->work, cost->name, rows);
        if (measure_cell(bench, grid, cost, &cell, failure))
            return -1;
    }
    return 0;
}

static int report_grid(Bench *bench, Grid *grid, Failure *failure)
{
    char what[128], remark[160];
    const double none = INFINITY;
    Estimate worst_excess = {grid->worst_excess, -none, none, grid->cells};
    Estimate worst_regret = {grid->worst_regret, -none, none, grid->cells};
    snprintf(what, sizeof what, "%zu cells: slower than executor serial, at the worst", grid->cells);
    snprintf(remark, sizeof remark, "%zu cells beyond%s%s", grid->beyond,
             grid->worst_excess_cell[0] ? "; " : "", grid->worst_excess_cell);
    int result = report_result(
        bench, what, worst_excess, UNIT_FRACTION,
        (Bar){.kind = BAR_JUDGED, .text = "≤ 5 % or 300 µs, every cell", .reached = grid->beyond == 0},
        remark, failure);
    Estimate median = estimate(grid->regrets, grid->cells);
    median.low = -none;
    median.high = none;
    snprintf(what, sizeof what, "%zu cells: regret against the best of three, median", grid->cells);
    if (result == 0)
        result = report_result(bench, what, median, UNIT_FRACTION, (Bar){.kind = BAR_AT_MOST, .limit = 0.05},
                               NULL, failure);
    snprintf(what, sizeof what, "%zu cells: regret against the best of three, worst", grid->cells);
    if (result == 0)
        result = report_result(bench, what, worst_regret, UNIT_FRACTION,
                               (Bar){.kind = BAR_AT_MOST, .limit = 0.20}, grid->worst_regret_cell, failure);
    return result;
}

int work_auto(Bench *bench, Failure *failure)
{
    Cost costs[COSTS];
    Grid grid = {0};
    make_costs(costs);
    make_waiting(costs + COMPUTING);
    for (size_t i = 0; i < COSTS; i++)
        if (measure_cost(bench, &grid, &costs[i], failure))
            return -1;
    return report_grid(bench, &grid, failure);
}
