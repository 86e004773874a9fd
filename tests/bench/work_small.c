/* Twenty prices and a cheap map: what it costs to use parallel_map at all, warm and for the first time. */
#include <math.h>
#include <stdio.h>

#include "ext/base/clock.h"
#include "tests/bench/bench_sql.h"
#include "price_lists.h"
#include "cli/base/query.h"
#include "figures.h"

static const MappingTask cheap = {.source = "published", .map = "increase_price(p)"};

/* Warm, `auto` may be 5 % or 20 µs slower than a plain SELECT. */
static int report_auto(Bench *bench, const Measurement *measurement, size_t automatic, size_t plain,
                       Failure *failure)
{
    Estimate ratio = measurement_ratio(measurement, automatic, plain);
    Estimate more = measurement_difference(measurement, automatic, plain);
    char remark[64];
    snprintf(remark, sizeof remark, "%+.1f µs", more.median * 1e6);
    Bar bar = {.kind = BAR_JUDGED,
               .text = "≤ 1.05 × or + 20 µs",
               .reached = ratio.median <= 1.05 || more.median <= 20e-6};
    return report_result(bench, "20 prices, warm: auto over the plain SELECT", ratio, UNIT_TIMES, bar, remark,
                         failure);
}

int work_cheap(Bench *bench, Failure *failure)
{
    enum { PLAIN, AUTO, THREADS, PROCESSES };
    static const MappingWay ways[] = {
        {.executor = NULL}, {.executor = "auto"}, {.executor = "threads"}, {.executor = "processes"}};
    static const Effort effort = {.rounds = 201, .quick_rounds = 51, .sample_seconds = 0.002};
    static const struct {
        size_t subject;
        const char *what;
        double bar;
    } figures[] = {
        {PROCESSES, "20 prices, warm pool: processes, in all", 200e-6},
        {PROCESSES, "20 prices, warm pool: processes, in all (first bar)", 1e-3},
        {THREADS, "20 prices, warm pool: threads, in all", 150e-6},
        {THREADS, "20 prices, warm pool: threads, in all (first bar)", 0.5e-3},
    };
    Measurement measurement;
    int result = published_list(bench, failure);
    if (result == 0)
        result = mapping_set_measure(bench, &cheap, ways, sizeof ways / sizeof *ways, &effort, &measurement,
                                     failure);
    if (result)
        return result;
    for (size_t i = 0; i < sizeof figures / sizeof *figures && result == 0; i++)
        result =
            report_result(bench, figures[i].what, measurement_time(&measurement, figures[i].subject),
                          UNIT_SECONDS, (Bar){.kind = BAR_AT_MOST, .limit = figures[i].bar}, NULL, failure);
    if (result == 0)
        result = report_auto(bench, &measurement, AUTO, PLAIN, failure);
    measurement_free(&measurement);
    return result;
}

/* The first map of a connection, again and again. */
typedef struct FirstMap {
    Bench *bench;
    const char *executor;
    MappingAnswer expected;
} FirstMap;

/* From preparing to finalizing; the connection is opened before, and closed after. */
static int map_first(const FirstMap *first, sqlite3 *db, int64_t *ns, Failure *failure)
{
    sqlite3_stmt *statement;
    MappingAnswer answer = {-1, NAN};
    int64_t start = clock_ns();
    if (query_prepare(db, &statement, failure, bench_sql_first, "ttti", cheap.source, cheap.map,
                      first->executor, (int64_t)first->bench->settings.workers))
        return -1;
    if (sqlite3_step(statement) == SQLITE_ROW)
        answer = (MappingAnswer){sqlite3_column_int64(statement, 0), sqlite3_column_double(statement, 1)};
    if (sqlite3_finalize(statement) != SQLITE_OK)
        return query_fail(db, failure);
    *ns += clock_ns() - start;
    if (answer.rows == first->expected.rows && answer.sum == first->expected.sum)
        return 0;
    first->bench->wrong = true;
    return failure_set(failure, "the first map by %s: %lld rows with sum %.17g, the plain SELECT gives %.17g",
                       first->executor, (long long)answer.rows, answer.sum, first->expected.sum);
}

static int take_first(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    const FirstMap *first = context;
    const Bench *bench = first->bench;
    const MappingPlace place = {bench->database, bench->extension, bench->settings.workers};
    sample->wall_ns = 0;
    for (int64_t i = 0; i < loops; i++) {
        sqlite3 *db;
        if (mapping_connect(&place, &db, failure))
            return -1;
        int result = map_first(first, db, &sample->wall_ns, failure);
        sqlite3_close(db);
        if (result)
            return -1;
    }
    return 0;
}

int work_first(Bench *bench, Failure *failure)
{
    static const Effort effort = {.rounds = 101, .quick_rounds = 31};
    static const double bars[] = {1e-3, 5e-3};
    FirstMap firsts[] = {{.bench = bench, .executor = "threads"}, {.bench = bench, .executor = "processes"}};
    enum { COUNT = sizeof firsts / sizeof *firsts };
    Subject subjects[COUNT];
    Measurement measurement;
    int result = published_list(bench, failure);
    for (size_t i = 0; i < COUNT && result == 0; i++) {
        result = mapping_expect(bench, &cheap, &firsts[i].expected, failure);
        subjects[i].sampled = (SamplingSubject){take_first, &firsts[i]};
        snprintf(subjects[i].label, LABEL_SIZE, "%s, first map", firsts[i].executor);
    }
    if (result == 0)
        result = measurement_take(bench, subjects, COUNT, &effort, &measurement, failure);
    if (result)
        return result;
    for (size_t i = 0; i < COUNT && result == 0; i++) {
        char what[128];
        snprintf(what, sizeof what, "first map of a connection, 20 prices: %s, start included",
                 firsts[i].executor);
        result = report_result(bench, what, measurement_time(&measurement, i), UNIT_SECONDS,
                               (Bar){.kind = BAR_AT_MOST, .limit = bars[i]}, NULL, failure);
    }
    measurement_free(&measurement);
    return result;
}
