/*
 * A stage of a query: its partial query is run by workers, over ranges of the table that is cut, and their
 * rows are collected. The tasks, the executors, the controller and the figures are those of maps. On the
 * connection's thread only.
 *
 * Whatever keeps a stage from being run so is no error of the query: the query is run whole then.
 */
#ifndef PRICEMAP_QUERY_STAGE_H
#define PRICEMAP_QUERY_STAGE_H

#include "ext/run/figures.h"
#include "ext/run/query_parts.h"
#include "ext/run/query.h"
#include "ext/run/snapshot.h"

/* Figures of a stage for the log of runs. */
typedef struct StageOutcome {
    RunFigures figures;
    /* Of the stage that took most of the workers' time, which is `most_ns`: the executor that had most of its
       tasks' time, the number of workers, and the controller's reason. */
    int64_t most_ns;
    const ExecutorKind *executor;
    int workers;
    char reason[256];
    int64_t retries, startup_ns;
    /* Instant of the query, for whatever the host computes itself. */
    int64_t now;
} StageOutcome;

/*
 * Runs the stage in the view that `snapshot` holds. SQLITE_OK with all of its parts added; SQLITE_ABORT, the
 * query has to be run whole, with *why set (sqlite3_free it); SQLITE_ERROR, with *why set, where worker
 * processes died of it: the host would die of it, too; else SQLITE_INTERRUPT, or SQLITE_NOMEM.
 * outcome->figures has the number of the run and its begin. When it returns, no worker has the file open.
 */
int query_stage_run(const Query *query, const SplitStage *stage, Snapshot *snapshot, Parts *parts,
                    StageOutcome *outcome, char **why);

#endif
