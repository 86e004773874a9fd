#include <stdlib.h>

#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/statistics/statistics.h"
#include "cli/history/summarize.h"

typedef struct Numbers {
    double *numbers;
    size_t count, capacity;
} Numbers;

static int add(Numbers *numbers, double number)
{
    if (numbers->count == numbers->capacity) {
        size_t capacity = numbers->capacity > 0 ? 2 * numbers->capacity : 256;
        double *larger = realloc(numbers->numbers, capacity * sizeof *larger);
        if (!larger)
            return -1;
        numbers->numbers = larger;
        numbers->capacity = capacity;
    }
    numbers->numbers[numbers->count++] = number;
    return 0;
}

static int read_samples(sqlite3 *db, int64_t measurement, Numbers *numbers, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_history_counted_seconds, "i", measurement))
        return -1;
    int rc, failed = 0;
    while (!failed && (rc = sqlite3_step(statement)) == SQLITE_ROW)
        failed = add(numbers, sqlite3_column_double(statement, 0));
    int result = failed              ? failure_set(failure, "out of memory after %zu samples", numbers->count)
                 : rc == SQLITE_DONE ? 0
                                     : query_fail(db, failure);
    sqlite3_finalize(statement);
    return result;
}

static int update(sqlite3 *db, int64_t measurement, const Summary *summary, Failure *failure)
{
    return query_run(db, NULL, failure, sql_history_update_measurement, "iintddddddddddddi", measurement,
                     (int64_t)summary->count, (const char *)NULL, summary->median, summary->low,
                     summary->high, summary->mean, summary->deviation, summary->mad, summary->minimum,
                     summary->p5, summary->p25, summary->p75, summary->p95, summary->maximum,
                     (int64_t)summary->outliers);
}

int summarize_measurement(sqlite3 *db, int64_t measurement, Failure *failure)
{
    Numbers numbers = {0};
    int result = read_samples(db, measurement, &numbers, failure);
    double *scratch = result == 0 ? malloc((numbers.count + 1) * sizeof *scratch) : NULL;
    if (result == 0 && !scratch)
        result = failure_set(failure, "out of memory for %zu samples", numbers.count);
    if (result == 0) {
        Summary summary;
        statistics_summarize(numbers.numbers, scratch, numbers.count, &summary);
        result = update(db, measurement, &summary, failure);
    }
    free(scratch);
    free(numbers.numbers);
    return result;
}
