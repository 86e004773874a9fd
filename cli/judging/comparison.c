#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/history/commit_order.h"
#include "cli/judging/comparison.h"
#include "cli/judging/judge.h"
#include "cli/base/query.h"
#include "sql/sql.h"

/* A benchmark that is judged, and its measurement now. */
typedef struct Case {
    int64_t benchmark, now;
} Case;

/* The cases of a suite, with a pair and a judgement for each. */
typedef struct Suite {
    Case *cases;
    JudgePair *pairs;
    Judgement *judgements;
    size_t count;
} Suite;

static void suite_free(Suite *suite)
{
    for (size_t i = 0; i < suite->count; i++) {
        free(suite->pairs[i].base);
        free(suite->pairs[i].now);
    }
    free(suite->cases);
    free(suite->pairs);
    free(suite->judgements);
}

/* Adds a pair as the query gives it: benchmark, base, now, threshold, whether more is better. */
static int suite_add(Suite *suite, sqlite3 *db, sqlite3_stmt *row, Failure *failure)
{
    JudgePair *pair = &suite->pairs[suite->count];
    const Case added = {.benchmark = sqlite3_column_int64(row, 0), .now = sqlite3_column_int64(row, 2)};
    suite->cases[suite->count++] = added;
    pair->threshold = sqlite3_column_double(row, 3);
    pair->more_is_better = sqlite3_column_int(row, 4);
    if (query_numbers(db, &pair->base, &pair->base_count, failure, sql_history_counted_seconds,
                      sqlite3_column_int64(row, 1)))
        return -1;
    return query_numbers(db, &pair->now, &pair->now_count, failure, sql_history_counted_seconds, added.now);
}

/* Reads the pairs that the query gives, of which ?1 is `run`. */
static int suite_read(Suite *suite, sqlite3 *db, const char *pairs_sql, int64_t run, Failure *failure)
{
    sqlite3_stmt *statement;
    size_t rows;
    if (query_prepare(db, &statement, failure, pairs_sql, "i", run))
        return -1;
    int result = query_count(statement, &rows, failure);
    if (result == 0) {
        *suite = (Suite){.cases = calloc(rows + 1, sizeof *suite->cases),
                         .pairs = calloc(rows + 1, sizeof *suite->pairs),
                         .judgements = calloc(rows + 1, sizeof *suite->judgements)};
        if (!suite->cases || !suite->pairs || !suite->judgements)
            result = failure_set(failure, "out of memory for %zu benchmarks", rows);
    }
    while (result == 0 && suite->count < rows && (result = query_next(statement, failure)) > 0)
        result = suite_add(suite, db, statement, failure);
    sqlite3_finalize(statement);
    return result;
}

static int suite_write(const Suite *suite, sqlite3 *db, const char *sql, Failure *failure)
{
    for (size_t i = 0; i < suite->count; i++) {
        const Judgement *judgement = &suite->judgements[i];
        if (query_run(db, NULL, failure, sql, "iidddddddti", suite->cases[i].benchmark, suite->cases[i].now,
                      judgement->median, judgement->base_median, judgement->ratio, judgement->low,
                      judgement->high, judgement->p, judgement->adjusted_p, verdict_name(judgement->verdict),
                      (int64_t)judgement->needed))
            return -1;
    }
    return 0;
}

int comparison_judge_pairs(sqlite3 *db, const char *pairs_sql, int64_t run, const char *write_sql,
                           Failure *failure)
{
    Suite suite = {0};
    int result = suite_read(&suite, db, pairs_sql, run, failure);
    if (result == 0)
        result = judge(&judge_rules_default, suite.pairs, suite.count, suite.judgements, failure);
    if (result == 0)
        result = suite_write(&suite, db, write_sql, failure);
    suite_free(&suite);
    return result;
}

static int count_pairs(sqlite3 *db, int64_t *pairs, Failure *failure)
{
    *pairs = 0;
    return query_run(db, pairs, failure, sql_judging_count_pairs, "");
}

static int pair_runs(sqlite3 *db, const ComparisonPlan *plan, Failure *failure)
{
    int64_t base = plan->base.run, now = plan->now.run, pairs;
    char *difference;
    if (base == now)
        return failure_set(failure, "this is run %" PRId64 " on both sides: name two different runs", base);
    if (query_text(db, &difference, failure, sql_judging_machines_differ, "ii", base, now))
        return -1;
    if (difference && !plan->any_machine)
        failure_set(failure,
                    "runs %" PRId64 " and %" PRId64
                    " are of different machines (%s), which says nothing of the "
                    "code: measure both on one, or give --any-machine",
                    base, now, difference);
    int refused = difference && !plan->any_machine;
    sqlite3_free(difference);
    if (refused || query_run(db, NULL, failure, sql_judging_pair_runs, "ii", base, now) ||
        count_pairs(db, &pairs, failure))
        return -1;
    if (pairs == 0)
        return failure_set(failure, "runs %" PRId64 " and %" PRId64 " have no benchmark in common", base,
                           now);
    return 0;
}

static int pair_chosen(sqlite3 *db, const ComparisonPlan *plan, Failure *failure)
{
    bool run_is_base = plan->base.kind == CHOICE_RUN;
    const RunChoice *fixed = run_is_base ? &plan->base : &plan->now;
    const RunChoice *chosen = run_is_base ? &plan->now : &plan->base;
    const char *which = chosen->kind == CHOICE_BEST ? "best" : "previous";
    int64_t pairs, elsewhere = 0;
    if (commit_order_ancestors(db, fixed->run, failure) ||
        query_run(db, NULL, failure, sql_judging_pair_chosen, "itii", fixed->run, which,
                  (int64_t)plan->any_machine, (int64_t)run_is_base) ||
        count_pairs(db, &pairs, failure))
        return -1;
    if (pairs > 0 || plan->any_machine)
        return 0;
    if (query_run(db, &elsewhere, failure, sql_judging_measured_elsewhere, "i", fixed->run))
        return -1;
    if (elsewhere == 0)
        return 0;
    return failure_set(
        failure,
        "the benchmarks of run %" PRId64 " were measured on other machines only (run %" PRId64
        "), which says nothing of the code: measure a baseline on this one, or give --any-machine",
        fixed->run, elsewhere);
}

int comparison_make(History *history, const ComparisonPlan *plan, Failure *failure)
{
    sqlite3 *db = history_db(history);
    if (plan->base.kind != CHOICE_RUN && plan->now.kind != CHOICE_RUN)
        return failure_set(failure, "previous and best are chosen for a run: name one on the other side");
    if (query_script(db, sql_judging_setup, failure))
        return -1;
    bool runs = plan->base.kind == CHOICE_RUN && plan->now.kind == CHOICE_RUN;
    if (runs ? pair_runs(db, plan, failure) : pair_chosen(db, plan, failure))
        return -1;
    if (query_run(db, NULL, failure, sql_judging_prepare_pairs, "d", plan->threshold) ||
        comparison_judge_pairs(db, sql_judging_pairs, 0, sql_judging_set_judgement, failure))
        return -1;
    return query_run(db, NULL, failure, sql_judging_acknowledge, "");
}

int comparison_judge_again(History *history, int64_t run, Failure *failure)
{
    return comparison_judge_pairs(history_db(history), sql_judging_suspected_pairs, run,
                                  sql_judging_set_second_judgement, failure);
}

static int mean_ratio(sqlite3 *db, double *mean, Failure *failure)
{
    sqlite3_stmt *statement;
    double sum = 0, count = 0;
    int more;
    if (query_prepare(db, &statement, failure, sql_judging_ratios, ""))
        return -1;
    while ((more = query_next(statement, failure)) > 0) {
        sum += log(sqlite3_column_double(statement, 0));
        count++;
    }
    *mean = count > 0 ? exp(sum / count) : NAN;
    sqlite3_finalize(statement);
    return more;
}

int comparison_count(History *history, ComparisonCounts *counts, Failure *failure)
{
    sqlite3 *db = history_db(history);
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_judging_counts, ""))
        return -1;
    int64_t *const figures[] = {&counts->compared, &counts->regressions, &counts->acknowledged,
                                &counts->improved, &counts->same,        &counts->inconclusive,
                                &counts->added,    &counts->missing,     &counts->excluded};
    int result = sqlite3_step(statement) == SQLITE_ROW ? 0 : query_fail(db, failure);
    for (int i = 0; i < (int)(sizeof figures / sizeof *figures); i++)
        *figures[i] = sqlite3_column_int64(statement, i);
    sqlite3_finalize(statement);
    return result ? result : mean_ratio(db, &counts->mean_ratio, failure);
}

static void print_count(int64_t count, const char *what, FILE *file)
{
    if (count > 0)
        fprintf(file, ", %" PRId64 " %s", count, what);
}

static int print_sum(History *history, FILE *file, Failure *failure)
{
    ComparisonCounts counts;
    if (comparison_count(history, &counts, failure))
        return -1;
    fprintf(file, "\n%" PRId64 " compared", counts.compared);
    print_count(counts.regressions, counts.regressions == 1 ? "regression" : "regressions", file);
    print_count(counts.acknowledged, "acknowledged", file);
    print_count(counts.improved, "improved", file);
    print_count(counts.same, "same", file);
    print_count(counts.inconclusive, "inconclusive", file);
    print_count(counts.added, "new", file);
    print_count(counts.missing, "missing", file);
    print_count(counts.excluded, "excluded", file);
    if (isfinite(counts.mean_ratio))
        fprintf(file, "; geometric mean of the ratios %.3f", counts.mean_ratio);
    fputs(".\n", file);
    return 0;
}

int comparison_print(History *history, OutputFormat format, FILE *file, Failure *failure)
{
    static const OutputQuery query = {sql_judging_comparison, sql_judging_comparison_table};
    if (output_rows(history_db(history), &query, 0, format, file, failure))
        return -1;
    return format == OUTPUT_TABLE ? print_sum(history, file, failure) : 0;
}
