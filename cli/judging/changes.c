#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "cli/statistics/change_points.h"
#include "cli/judging/changes.h"
#include "cli/base/query.h"
#include "sql/sql.h"

/* The medians of one benchmark on one machine, oldest first. */
typedef struct Series {
    int64_t benchmark, machine;
    ChangeRules rules;
    double *medians;
    int64_t *measurements;
    size_t count, capacity;
} Series;

static int reserve(Series *series, Failure *failure)
{
    if (series->count < series->capacity)
        return 0;
    size_t capacity = series->capacity > 0 ? 2 * series->capacity : 256;
    double *medians = realloc(series->medians, capacity * sizeof *medians);
    if (medians)
        series->medians = medians;
    int64_t *measurements = realloc(series->measurements, capacity * sizeof *measurements);
    if (measurements)
        series->measurements = measurements;
    if (!medians || !measurements)
        return failure_set(failure, "out of memory for a history of %zu runs", capacity);
    series->capacity = capacity;
    return 0;
}

/* Keeps the change points of the series, and empties it for the next. */
static int finish(sqlite3 *db, Series *series, Failure *failure)
{
    ChangePoint *points;
    size_t count;
    if (!series->medians || !series->measurements)
        return 0; /* nothing was ever added */
    if (change_points_find(series->medians, series->count, &series->rules, &points, &count, failure))
        return -1;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = query_run(db, NULL, failure, sql_judging_insert_change, "idddi",
                           series->measurements[points[i].index], points[i].before, points[i].after,
                           points[i].p, (int64_t)points[i].confirmed);
    free(points);
    series->count = 0;
    return result;
}

static int add_row(sqlite3 *db, Series *series, sqlite3_stmt *row, Failure *failure)
{
    int64_t benchmark = sqlite3_column_int64(row, 0), machine = sqlite3_column_int64(row, 1);
    bool another = benchmark != series->benchmark || machine != series->machine;
    if ((another && finish(db, series, failure)) || reserve(series, failure))
        return -1;
    series->benchmark = benchmark;
    series->machine = machine;
    series->rules = change_rules_default;
    series->rules.change = sqlite3_column_double(row, 4) / 100;
    series->measurements[series->count] = sqlite3_column_int64(row, 2);
    series->medians[series->count++] = sqlite3_column_double(row, 3);
    return 0;
}

int changes_find(sqlite3 *db, Failure *failure)
{
    sqlite3_stmt *rows;
    if (query_script(db, sql_judging_changes_setup, failure) ||
        query_prepare(db, &rows, failure, sql_judging_series, ""))
        return -1;
    Series series = {.rules = change_rules_default};
    int rc = SQLITE_DONE, result = 0;
    while (result == 0 && (rc = sqlite3_step(rows)) == SQLITE_ROW)
        result = add_row(db, &series, rows, failure);
    if (result == 0 && rc != SQLITE_DONE)
        result = query_fail(db, failure);
    if (result == 0)
        result = finish(db, &series, failure);
    free(series.medians);
    free(series.measurements);
    sqlite3_finalize(rows);
    return result;
}
