/* Compares two runs of the history, benchmark by benchmark, and prints what comes of it.
 *
 * A comparison lives in temporary tables of the history's connection (sql/judging/setup.sql): one at a time.
 */
#ifndef PRICEREPORT_COMPARISON_H
#define PRICEREPORT_COMPARISON_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"
#include "cli/output/output.h"
#include "cli/history/run_choice.h"

typedef struct ComparisonPlan {
    /* The two sides, of which at least one is a run. */
    RunChoice base, now;
    /* Whether runs of different machines are compared, too. */
    bool any_machine;
    /* Smallest change that counts, in percent, where the history has no other for a benchmark. */
    double threshold;
} ComparisonPlan;

typedef struct ComparisonCounts {
    /* Benchmarks with figures on both sides. */
    int64_t compared;
    /* Regressions, without those that are acknowledged. */
    int64_t regressions;
    int64_t acknowledged, improved, same, inconclusive;
    /* Benchmarks that only the run measured, and that only the base did. */
    int64_t added, missing;
    int64_t excluded;
    /* Geometric mean of the ratios; NAN where nothing was compared. */
    double mean_ratio;
} ComparisonCounts;

/* Judges the benchmarks of the two sides. A run without a measurement to compare with, because it is the
 * first or the only one, is no failure: `compared` is 0 then. Returns 0, or -1 with the failure set: among
 * others when the runs are of different machines, or have no benchmark in common. */
int comparison_make(History *history, const ComparisonPlan *plan, Failure *failure);

/* Judges the pairs that a query gives as one suite, and keeps the judgements by a statement for each; the
 * rows of the one and the parameters of the other are those of sql/judging/pairs.sql and set_judgement.sql.
 * ?1 of the query is `run`. Returns 0, or -1 with the failure set. */
int comparison_judge_pairs(sqlite3 *db, const char *pairs_sql, int64_t run, const char *write_sql,
                           Failure *failure);

/* Judges the regressions again by the measurements of `run`, another run of the same sources. A regression
 * stays where `run` shows it, too, or did not measure its benchmark; the others go. */
int comparison_judge_again(History *history, int64_t run, Failure *failure);

int comparison_count(History *history, ComparisonCounts *counts, Failure *failure);

/* Prints the rows; as a table, with a line that sums up. */
int comparison_print(History *history, OutputFormat format, FILE *file, Failure *failure);

#endif
