#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/query.h"
#include "cli/base/unicode.h"
#include "cli/judging/judge.h"
#include "cli/judging/ranking.h"
#include "cli/statistics/bootstrap.h"
#include "cli/statistics/statistics.h"
#include "sql/sql.h"

/* Fewer samples have no interval of their median. */
enum { LEAST_SAMPLES = 6 };

/* A command's figures of the time or of a metric. */
typedef struct Ranked {
    /* Samples, sorted; seconds or figures, to be freed. */
    double *samples;
    size_t count;
    /* Name of the command, to be freed with sqlite3_free. */
    char *name;
    /* Metric, to be freed with sqlite3_free; NULL: the time. */
    char *metric;
    bool more_is_better;
} Ranked;

static void ranked_free(Ranked *ranked)
{
    free(ranked->samples);
    sqlite3_free(ranked->name);
    sqlite3_free(ranked->metric);
    *ranked = (Ranked){0};
}

static int ranked_read(Ranked *ranked, sqlite3 *db, sqlite3_stmt *row, Failure *failure)
{
    const char *metric = (const char *)sqlite3_column_text(row, 2);
    *ranked = (Ranked){.name = sqlite3_mprintf("%s", (const char *)sqlite3_column_text(row, 1)),
                       .metric = metric ? sqlite3_mprintf("%s", metric) : NULL,
                       .more_is_better = sqlite3_column_int(row, 3)};
    if (!ranked->name || (metric && !ranked->metric))
        return failure_set(failure, "out of memory for a name");
    if (query_numbers(db, &ranked->samples, &ranked->count, failure, sql_history_counted_seconds,
                      sqlite3_column_int64(row, 0)))
        return -1;
    statistics_sort(ranked->samples, ranked->count);
    return 0;
}

static void print_quoted(const char *text, FILE *file)
{
    putc('\'', file);
    unicode_print(text, "", "", file);
    putc('\'', file);
}

/* Words before and after the ratio, where the best is ahead of the other; %M is the metric's name. */
typedef struct Words {
    const char *before, *after;
} Words;

static Words words_for(const Ranked *best)
{
    if (!best->metric)
        return (Words){" is ", " times as fast as "};
    if (strcmp(best->metric, "peak memory") == 0)
        return (Words){" uses ", " times less memory than "};
    return best->more_is_better ? (Words){" has ", " times as much %M as "}
                                : (Words){" has ", " times less %M than "};
}

static void print_words(const char *words, const char *metric, FILE *file)
{
    const char *place = strstr(words, "%M");
    if (!place) {
        fputs(words, file);
        return;
    }
    fprintf(file, "%.*s", (int)(place - words), words);
    print_quoted(metric, file);
    fputs(place + 2, file);
}

/* Prints a line for a command beside the best one. */
static int print_line(const Ranked *best, const Ranked *other, FILE *file, Failure *failure)
{
    const Ranked *greater = best->more_is_better ? best : other, *less = best->more_is_better ? other : best;
    double low = 0, high = 0,
           ratio = statistics_quantile(greater->samples, greater->count, 0.5) /
                   statistics_quantile(less->samples, less->count, 0.5);
    const bool known = best->count >= LEAST_SAMPLES && other->count >= LEAST_SAMPLES;
    if (known && bootstrap_median_ratio(greater->samples, greater->count, less->samples, less->count,
                                        &judge_rules_default.bootstrap, &low, &high, failure))
        return -1;
    const bool apart = known ? low > 1 : ratio > 1 || !best->metric;
    const Words words = words_for(best);
    print_quoted(best->name, file);
    if (apart) {
        print_words(words.before, best->metric, file);
    } else {
        fputs(" and ", file);
        print_quoted(other->name, file);
        fputs(" cannot be told apart", file);
        if (best->metric) {
            fputs(" by ", file);
            print_quoted(best->metric, file);
        }
        fputs(": ", file);
    }
    fprintf(file, "%.2f", ratio);
    if (known)
        fprintf(file, " (%.2f … %.2f)", low, high);
    if (apart) {
        print_words(words.after, best->metric, file);
        print_quoted(other->name, file);
    }
    fputs(known ? "\n" : ", of too few samples for an interval\n", file);
    return 0;
}

static bool is_same_metric(const Ranked *one, const Ranked *other)
{
    return one->metric && other->metric ? strcmp(one->metric, other->metric) == 0
                                        : one->metric == other->metric;
}

static int print_others(sqlite3 *db, sqlite3_stmt *statement, FILE *file, Failure *failure)
{
    Ranked best = {0};
    int result;
    while ((result = query_next(statement, failure)) > 0) {
        Ranked next;
        result = ranked_read(&next, db, statement, failure);
        const bool beside = result == 0 && best.name && is_same_metric(&best, &next);
        if (beside)
            result = print_line(&best, &next, file, failure);
        if (result == 0 && !beside) {
            ranked_free(&best);
            best = next;
        } else {
            ranked_free(&next);
        }
        if (result)
            break;
    }
    ranked_free(&best);
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
