#include "query_set.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/base/clock.h"
#include "tests/bench/bench_sql.h"
#include "cli/base/query.h"
#include "cli/sampling/query_job.h"
#include "figures.h"
#include "mapping.h"
#include "query_folder.h"
#include "query_rows.h"

/* The ways in which a query is executed; each has a connection of its own. */
enum { PLAIN, DIVIDED, AUTOMATIC, WAYS };

static const char *const executors[WAYS] = {"serial", "processes", "auto"};

enum { REASON_SIZE = 160, REMARK_SIZE = 400, LEAST_ROUNDS = 6, MOST_ROUNDS = 31, PLANNINGS = 11 };

/* `auto` may cost so much of a query, or so many seconds. */
static const double automatic_fraction = 0.05, automatic_seconds = 0.001;

/* Sums are within so much of SQLite's own. Before 3.43 those of TPC-H's query 1 are off by 2e-12: 600 000
   discounts of 0.01 to 0.1, of which ours is the exact sum. */
static double tolerance(void)
{
    enum { EXACT_SUMS_FROM = 3043000 };
    return sqlite3_libversion_number() >= EXACT_SUMS_FROM ? 1e-12 : 1e-11;
}

/* A sample of a short query is repeated until so many seconds. */
static const double sample_seconds = 0.002;

/* One query in all ways. */
typedef struct Query {
    const FolderQuery *source;
    size_t number;
    sqlite3_stmt *statements[WAYS];
} Query;

typedef struct Figures {
    bool divided, equal;
    char reason[REASON_SIZE];
    /* Seconds of the plain query and of planning; plain by divided, and `auto` less plain. */
    double plain, planning;
    Estimate ratio, automatic_ratio, automatic_difference;
} Figures;

typedef struct QuerySetRun {
    Bench *bench;
    const QuerySet *set;
    sqlite3 *dbs[WAYS];
    QueryFolder folder;
    Figures figures[QUERIES_MAX];
} QuerySetRun;

static double scale_of(const Bench *bench)
{
    return bench->settings.scale > 0 ? bench->settings.scale : bench->settings.quick ? 0.02 : 0.2;
}

/* ---- the database ---- */

static int fill(const QuerySetRun *run, sqlite3 *db, Failure *failure)
{
    if (query_script(db, bench_sql_fast_writes, failure) || query_script(db, "BEGIN", failure) ||
        run->set->make(db, scale_of(run->bench), failure) || query_script(db, "COMMIT", failure))
        return -1;
    return run->set->analyzed ? query_script(db, "ANALYZE", failure) : 0;
}

static int make_database(const QuerySetRun *run, char path[PATH_SIZE], Failure *failure)
{
    sqlite3 *db = NULL;
    int result;
    snprintf(path, PATH_SIZE, "%s/%s%s.db", run->bench->folder, run->set->name,
             run->set->analyzed ? "-analyzed" : "");
    if (sqlite3_open(path, &db) != SQLITE_OK)
        result = failure_set(failure, "cannot make the database %s: %s", path, sqlite3_errmsg(db));
    else
        result = fill(run, db, failure);
    sqlite3_close(db);
    return result;
}

static int open_ways(QuerySetRun *run, Failure *failure)
{
    char path[PATH_SIZE];
    if (make_database(run, path, failure))
        return -1;
    const MappingPlace place = {path, run->bench->extension, run->bench->settings.workers};
    for (int i = 0; i < WAYS; i++)
        if (mapping_connect(&place, &run->dbs[i], failure) ||
            query_run(run->dbs[i], NULL, failure, bench_sql_keep_pool, ""))
            return -1;
    return 0;
}

/* ---- one query ---- */

static int fail_named(const Query *query, Failure *failure)
{
    Failure why = *failure;
    return failure_set(failure, "query %s: %s", query->source->name, why.text);
}

static void close_query(Query *query)
{
    for (int i = 0; i < WAYS; i++)
        sqlite3_finalize(query->statements[i]);
}

static int open_query(const QuerySetRun *run, Query *query, const char *text, size_t number, Failure *failure)
{
    for (int i = 0; i < WAYS; i++) {
        const QueryJob job = {.query = text,
                              .executor = executors[i],
                              .workers = i == PLAIN ? 0 : run->bench->settings.workers,
                              .number = number};
        if (query_job_prepare(run->dbs[i], &job, &query->statements[i], failure))
            return fail_named(query, failure);
    }
    return 0;
}

/* Executes it in all ways, and compares. *seconds is the time of all. */
static int compare(const Query *query, bool *equal, double *seconds, Failure *failure)
{
    QueryRows rows[WAYS] = {{0}};
    int64_t start = clock_ns();
    int result = 0;
    *equal = true;
    for (int i = 0; i < WAYS && result == 0; i++)
        result = query_rows_read(query->statements[i], &rows[i], failure);
    *seconds = (double)(clock_ns() - start) / 1e9;
    for (int i = 1; i < WAYS && result == 0; i++)
        *equal &= query_rows_equal(&rows[PLAIN], &rows[i], tolerance());
    for (int i = 0; i < WAYS; i++)
        query_rows_free(&rows[i]);
    return result ? fail_named(query, failure) : 0;
}

/* Which rows a LIMIT takes of those that its order leaves equal is open: compared are all of them then. */
static int compare_without_limit(const QuerySetRun *run, const Query *query, bool *equal, Failure *failure)
{
    Query whole = {.source = query->source};
    const char *limit = NULL;
    for (const char *found = query->source->text; (found = strstr(found, " LIMIT ")); found++)
        limit = found;
    if (!limit)
        return 0;
    double seconds;
    char *text = sqlite3_mprintf("%.*s", (int)(limit - query->source->text), query->source->text);
    int result = text ? open_query(run, &whole, text, query->number + QUERIES_MAX, failure)
                      : failure_set(failure, "out of memory");
    if (result == 0)
        result = compare(&whole, equal, &seconds, failure);
    close_query(&whole);
    sqlite3_free(text);
    return result;
}

static int take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    sqlite3_stmt *statement = context;
    int64_t start = clock_ns();
    for (int64_t i = 0; i < loops; i++)
        if (query_job_execute(statement) < 0)
            return query_fail(sqlite3_db_handle(statement), failure);
    sample->wall_ns = clock_ns() - start;
    return 0;
}

static int measure_ways(const QuerySetRun *run, const Query *query, double seconds, Figures *figures,
                        Failure *failure)
{
    const double budget = run->bench->settings.quick ? 0.5 : 5;
    Subject subjects[WAYS];
    Measurement measurement;
    for (int i = 0; i < WAYS; i++) {
        snprintf(subjects[i].label, sizeof subjects[i].label, "%s %s", query->source->name, executors[i]);
        subjects[i].sampled = (SamplingSubject){take, query->statements[i]};
    }
    int rounds = (int)fmin(fmax(budget / seconds, LEAST_ROUNDS), MOST_ROUNDS);
    const Effort effort = {.rounds = rounds,
                           .quick_rounds = rounds,
                           .sample_seconds = sample_seconds,
                           .warm = true,
                           .untold = true};
    if (measurement_take(run->bench, subjects, WAYS, &effort, &measurement, failure))
        return -1;
    figures->plain = measurement_time(&measurement, PLAIN).median;
    figures->ratio = measurement_ratio(&measurement, PLAIN, DIVIDED);
    figures->automatic_ratio = measurement_ratio(&measurement, PLAIN, AUTOMATIC);
    figures->automatic_difference = measurement_difference(&measurement, AUTOMATIC, PLAIN);
    measurement_free(&measurement);
    return 0;
}

/* The median of a few plannings on the connection of `auto`. */
static int measure_planning(const QuerySetRun *run, const Query *query, Figures *figures, Failure *failure)
{
    double seconds[PLANNINGS];
    for (int i = 0; i < PLANNINGS; i++) {
        int64_t start = clock_ns();
        if (query_run(run->dbs[AUTOMATIC], NULL, failure, bench_sql_query_plan, "t", query->source->text))
            return fail_named(query, failure);
        seconds[i] = (double)(clock_ns() - start) / 1e9;
    }
    figures->planning = estimate(seconds, PLANNINGS).median;
    return 0;
}

static int report_query(const QuerySetRun *run, const Query *query, const Figures *figures, Failure *failure)
{
    char remark[REMARK_SIZE];
    snprintf(remark, sizeof remark, "%s%s; whole %.3g ms, auto %.2f × (%.2f … %.2f), planning %.2f ms%s",
             figures->divided ? "divided" : "whole: ", figures->divided ? "" : figures->reason,
             1000 * figures->plain, figures->automatic_ratio.median, figures->automatic_ratio.low,
             figures->automatic_ratio.high, 1000 * figures->planning, figures->equal ? "" : "; OTHER ROWS");
    return report_result(run->bench, query->source->name, figures->ratio, UNIT_TIMES, (Bar){.kind = BAR_NONE},
                         remark, failure);
}

static int measure_query(QuerySetRun *run, size_t number, Failure *failure)
{
    Query query = {.source = &run->folder.queries[number], .number = number};
    Figures *figures = &run->figures[number];
    double seconds = 0;
    int result = open_query(run, &query, query.source->text, number, failure);
    if (result == 0)
        result = compare(&query, &figures->equal, &seconds, failure);
    if (result == 0)
        result = query_job_whole(run->dbs[DIVIDED], figures->reason, sizeof figures->reason, failure);
    figures->divided = !*figures->reason;
    if (result == 0 && !figures->equal)
        result = compare_without_limit(run, &query, &figures->equal, failure);
    if (result == 0)
        result = measure_ways(run, &query, seconds, figures, failure);
    if (result == 0)
        result = measure_planning(run, &query, figures, failure);
    close_query(&query);
    return result ? -1 : report_query(run, &query, figures, failure);
}

/* ---- all of them ---- */

/* Whether `auto` takes longer than it may. */
static bool automatic_is_slow(const Figures *figures)
{
    return figures->automatic_difference.median >
           fmax(automatic_fraction * figures->plain, automatic_seconds);
}

/* Adds the name of a query to a list, as long as there is room. */
static void append(char list[REMARK_SIZE], const char *name)
{
    size_t length = strlen(list);
    snprintf(list + length, REMARK_SIZE - length, "%s%s", length ? ", " : "", name);
}

static int report_counts(QuerySetRun *run, Failure *failure)
{
    const QuerySet *set = run->set;
    char whole[REMARK_SIZE] = "", other[REMARK_SIZE] = "", slow[REMARK_SIZE] = "";
    int64_t divided = 0, different = 0, slower = 0;
    for (size_t i = 0; i < run->folder.count; i++) {
        const Figures *figures = &run->figures[i];
        const char *name = run->folder.queries[i].name;
        divided += figures->divided;
        different += !figures->equal;
        slower += automatic_is_slow(figures);
        if (!figures->divided)
            append(whole, name);
        if (!figures->equal)
            append(other, name);
        if (automatic_is_slow(figures))
            append(slow, name);
    }
    run->bench->wrong |= different > 0;
    char remark[REMARK_SIZE + 64];
    snprintf(remark, sizeof remark, "of %zu; whole: %s", run->folder.count, *whole ? whole : "none");
    const Estimate count = {.median = (double)divided, .low = -INFINITY, .high = INFINITY, .count = 1};
    const Bar bar = {.kind = set->least_divided ? BAR_AT_LEAST : BAR_NONE, .limit = set->least_divided};
    return report_result(run->bench, "queries that were divided", count, UNIT_COUNT, bar, remark, failure) ||
                   report_count(run->bench, "queries with other rows, sums within SQLite's error", different,
                                0, *other ? other : NULL, failure) ||
                   report_count(run->bench, "auto slower than whole by more than 5 % and 1 ms", slower, 0,
                                *slow ? slow : NULL, failure)
               ? -1
               : 0;
}

/* The median over the queries, whose interval says how much these differ. */
static int report_medians(QuerySetRun *run, Failure *failure)
{
    const QuerySet *set = run->set;
    double divided[QUERIES_MAX], automatic[QUERIES_MAX], planning[QUERIES_MAX];
    size_t count = 0, number = run->folder.count;
    for (size_t i = 0; i < number; i++) {
        planning[i] = run->figures[i].planning;
        if (run->figures[i].plain <= set->notable_seconds)
            continue;
        divided[count] = run->figures[i].ratio.median;
        automatic[count++] = run->figures[i].automatic_ratio.median;
    }
    const Bar bar = {.kind = set->least_ratio > 0 ? BAR_AT_LEAST : BAR_NONE, .limit = set->least_ratio};
    char what[REMARK_SIZE];
    snprintf(what, sizeof what, "median of the queries above %g ms, whole by divided",
             1000 * set->notable_seconds);
    if (count > 0 &&
        (report_result(run->bench, what, estimate(divided, count), UNIT_TIMES, bar, NULL, failure) ||
         report_result(run->bench, "the same under auto", estimate(automatic, count), UNIT_TIMES,
                       (Bar){.kind = BAR_NONE}, NULL, failure)))
        return -1;
    return report_result(run->bench, "planning", estimate(planning, number), UNIT_SECONDS,
                         (Bar){.kind = BAR_AT_MOST, .limit = 0.0005}, NULL, failure);
}

static int measure_all(QuerySetRun *run, Failure *failure)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/tests/bench/sql/%s", BENCH_SOURCES, run->set->name);
    if (query_folder_read(&run->folder, path, failure) || open_ways(run, failure))
        return -1;
    for (size_t i = 0; i < run->folder.count; i++)
        if (measurement_step(run->bench, (int64_t)i, (int64_t)run->folder.count, failure) ||
            measure_query(run, i, failure))
            return -1;
    return report_counts(run, failure) || report_medians(run, failure) ? -1 : 0;
}

int query_set_measure(Bench *bench, const QuerySet *set, Failure *failure)
{
    QuerySetRun *run = calloc(1, sizeof *run);
    if (!run)
        return failure_set(failure, "out of memory");
    run->bench = bench;
    run->set = set;
    int result = measure_all(run, failure);
    query_folder_free(&run->folder);
    for (int i = 0; i < WAYS; i++)
        sqlite3_close(run->dbs[i]);
    free(run);
    return result;
}
