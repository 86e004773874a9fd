#include <stdlib.h>

#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/statistics/statistics.h"
#include "cli/history/summarize.h"

int summary_record(sqlite3 *db, int64_t measurement, const Summary *summary, int64_t rows,
                   const char *stopped, Failure *failure)
{
    return query_run(db, NULL, failure, sql_history_update_measurement, "iiotddddddddddddi", measurement,
                     (int64_t)summary->count, rows, stopped, summary->median, summary->low, summary->high,
                     summary->mean, summary->deviation, summary->mad, summary->minimum, summary->p5,
                     summary->p25, summary->p75, summary->p95, summary->maximum, (int64_t)summary->outliers);
}

int summarize_measurement(sqlite3 *db, int64_t measurement, Failure *failure)
{
    double *seconds, *scratch = NULL;
    size_t count;
    int result = query_numbers(db, &seconds, &count, failure, sql_history_counted_seconds, measurement);
    if (result == 0 && !(scratch = malloc((count + 1) * sizeof *scratch)))
        result = failure_set(failure, "out of memory for %zu samples", count);
    if (result == 0) {
        Summary summary;
        statistics_summarize(seconds, scratch, count, &summary);
        result = summary_record(db, measurement, &summary, -1, NULL, failure);
    }
    free(scratch);
    free(seconds);
    return result;
}
