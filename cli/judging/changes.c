#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "cli/statistics/change_points.h"
#include "cli/history/commit_order.h"
#include "cli/judging/changes.h"
#include "cli/base/query.h"
#include "sql/sql.h"

/* The medians of one benchmark on one machine, oldest first. */
typedef struct Series {
    int64_t benchmark, machine;
    ChangeRules rules;
    double *medians;
    int64_t *measurements;
    size_t count;
} Series;

/* Keeps the change points of the series, and empties it for the next. */
static int finish(sqlite3 *db, Series *series, Failure *failure)
{
    ChangePoint *points;
    size_t count;
    if (series->count == 0)
        return 0;
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
    if (another && finish(db, series, failure))
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
    sqlite3_stmt *statement;
    size_t rows, added = 0;
    if (commit_order_read(db, failure) || query_script(db, sql_judging_changes_setup, failure) ||
        query_prepare(db, &statement, failure, sql_judging_series, ""))
        return -1;
    Series series = {.rules = change_rules_default};
    int result = query_count(statement, &rows, failure);
    if (result == 0) {
        series.medians = calloc(rows + 1, sizeof *series.medians);
        series.measurements = calloc(rows + 1, sizeof *series.measurements);
        if (!series.medians || !series.measurements)
            result = failure_set(failure, "out of memory for a history of %zu runs", rows);
    }
    while (result == 0 && added++ < rows && (result = query_next(statement, failure)) > 0)
        result = add_row(db, &series, statement, failure);
    if (result == 0)
        result = finish(db, &series, failure);
    free(series.medians);
    free(series.measurements);
    sqlite3_finalize(statement);
    return result;
}
