/* Does memory grow with the number of rows? */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "peers.h"
#include "price_lists.h"
#include "figures.h"

enum { REPEATS_MAX = 100 };

/* A list, and what mapping it has to give. */
typedef struct List {
    int64_t rows;
    char table[TABLE_NAME_SIZE];
    MappingAnswer expected;
} List;

static int make_list(Bench *bench, List *list, Failure *failure)
{
    const MappingTask task = {.source = list->table, .map = "upper(name)", .text = true};
    return article_list(bench, list->rows, list->table, failure) ||
                   mapping_expect(bench, &task, &list->expected, failure)
               ? -1
               : 0;
}

static int measure_peak(Bench *bench, const char *executor, const List *list, double *kib, Failure *failure)
{
    char program[] = BENCH_MEMORY_HOST, workers[16], name[16], table[TABLE_NAME_SIZE], output[256];
    snprintf(workers, sizeof workers, "%d", bench->settings.workers);
    snprintf(name, sizeof name, "%s", executor);
    snprintf(table, sizeof table, "%s", list->table);
    char *const argv[] = {program, bench->database, bench->extension, name, workers, table, NULL};
    if (peer_run(argv, NULL, output, sizeof output, failure))
        return -1;
    int64_t rows, peak;
    double sum;
    if (sscanf(output, "%" SCNd64 " %lf %" SCNd64, &rows, &sum, &peak) != 3)
        return failure_set(failure, "memory_host printed '%s'", output);
    *kib = (double)peak;
    if (rows == list->expected.rows && sum == list->expected.sum)
        return 0;
    bench->wrong = true;
    return failure_set(
        failure, "%s over %s: %" PRId64 " rows with sum %.17g, the plain SELECT's are %" PRId64 ", %.17g",
        executor, list->table, rows, sum, list->expected.rows, list->expected.sum);
}

static int compare(Bench *bench, const char *executor, const List *small, const List *large, Failure *failure)
{
    size_t repeats = bench->settings.rounds ? (size_t)bench->settings.rounds : bench->settings.quick ? 1 : 3;
    double growths[REPEATS_MAX], before = NAN, after = NAN;
    repeats = repeats < REPEATS_MAX ? repeats : REPEATS_MAX;
    for (size_t i = 0; i < repeats; i++) {
        if (measure_peak(bench, executor, small, &before, failure) ||
            measure_peak(bench, executor, large, &after, failure))
            return -1;
        growths[i] = after / before - 1;
    }
    char what[160], remark[64];
    snprintf(what, sizeof what, "%s, peak of host and workers together, growth from %.0e to %.0e rows",
             executor, (double)small->rows, (double)large->rows);
    snprintf(remark, sizeof remark, "%.1f → %.1f MiB", before / 1024, after / 1024);
    return report_result(bench, what, estimate(growths, repeats), UNIT_FRACTION,
                         (Bar){.kind = BAR_AT_MOST, .limit = 0.05}, remark, failure);
}

int work_memory(Bench *bench, Failure *failure)
{
    List small = {.rows = 100000}, large = {.rows = bench->settings.quick ? 1000000 : 10000000};
    if (make_list(bench, &small, failure) || make_list(bench, &large, failure) ||
        compare(bench, "threads", &small, &large, failure))
        return -1;
    return compare(bench, "processes", &small, &large, failure);
}
