#include <stdbool.h>
#include <stdlib.h>

#include "cli/base/query.h"
#include "cli/base/unicode.h"
#include "cli/judging/judge.h"
#include "cli/judging/ranking.h"
#include "cli/statistics/bootstrap.h"
#include "cli/statistics/statistics.h"
#include "sql/sql.h"

/* Fewer samples have no interval of their median. */
enum { LEAST_SAMPLES = 6 };

/* The samples of a command, sorted; seconds, to be freed. */
typedef struct Samples {
    double *seconds;
    size_t count;
} Samples;

static int read_samples(sqlite3 *db, int64_t measurement, Samples *samples, Failure *failure)
{
    if (query_numbers(db, &samples->seconds, &samples->count, failure, sql_history_counted_seconds,
                      measurement))
        return -1;
    statistics_sort(samples->seconds, samples->count);
    return 0;
}

static void print_name(const char *name, FILE *file)
{
    putc('\'', file);
    unicode_print(name, "", "", file);
    putc('\'', file);
}

/* Prints a line for a command beside the fastest one. */
static int print_line(const Samples *fastest, const char *fastest_name, const Samples *other,
                      const char *name, FILE *file, Failure *failure)
{
    double low = 0, high = 0,
           ratio = statistics_quantile(other->seconds, other->count, 0.5) /
                   statistics_quantile(fastest->seconds, fastest->count, 0.5);
    const bool known = fastest->count >= LEAST_SAMPLES && other->count >= LEAST_SAMPLES;
    if (known && bootstrap_median_ratio(other->seconds, other->count, fastest->seconds, fastest->count,
                                        &judge_rules_default.bootstrap, &low, &high, failure))
        return -1;
    const bool apart = !known || low > 1;
    print_name(fastest_name, file);
    if (apart)
        fputs(" is ", file);
    else {
        fputs(" and ", file);
        print_name(name, file);
        fputs(" cannot be told apart: ", file);
    }
    fprintf(file, "%.2f", ratio);
    if (known)
        fprintf(file, " (%.2f … %.2f)", low, high);
    if (apart) {
        fputs(" times as fast as ", file);
        print_name(name, file);
    }
    fputs(known ? "\n" : ", of too few samples for an interval\n", file);
    return 0;
}

static int print_others(sqlite3 *db, sqlite3_stmt *statement, FILE *file, Failure *failure)
{
    Samples fastest = {0};
    char *name = NULL;
    int result;
    while ((result = query_next(statement, failure)) > 0) {
        int64_t measurement = sqlite3_column_int64(statement, 0);
        const char *text = (const char *)sqlite3_column_text(statement, 1);
        if (!name) {
            name = sqlite3_mprintf("%s", text);
            result = name ? read_samples(db, measurement, &fastest, failure)
                          : failure_set(failure, "out of memory for a name");
        } else {
            Samples other = {0};
            result = read_samples(db, measurement, &other, failure);
            if (result == 0)
                result = print_line(&fastest, name, &other, text, file, failure);
            free(other.seconds);
        }
        if (result)
            break;
    }
    sqlite3_free(name);
    free(fastest.seconds);
    return result;
}

int ranking_print(sqlite3 *db, int64_t run, FILE *file, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_judging_ranking, "i", run))
        return -1;
    int result = print_others(db, statement, file, failure);
    sqlite3_finalize(statement);
    return result;
}
