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

/*
 * A stage whose parts are taken as they come, in the order of their ranges: no more ranges are begun than a
 * few for each worker, so that memory does not grow with the rows. Begins it; the snapshot has to be held
 * until the close. Returns as query_stage_run; close *out in any case (NULL: nothing).
 */
typedef struct StageRun StageRun;
int query_stream_open(const Query *query, const SplitStage *stage, Snapshot *snapshot, StageOutcome *outcome,
                      StageRun **out, char **why);

/* Puts the rows of the next ranges that have any into `parts`, instead of those before: SQLITE_ROW;
 * SQLITE_DONE: there are none; else as query_stage_run, and only query_stream_give_up and the close may
 * follow. */
int query_stream_next(StageRun *run, Parts *parts, char **why);

/* Ends the tasks, and binds the ends of what no taken range has to a statement of SplitStage.host_sql.
   SQLITE_OK or an error. */
int query_stream_give_up(StageRun *run, sqlite3_stmt *statement);

/* Ends the stage. When it returns, no worker has the file open. */
void query_stream_close(StageRun *run);

#endif
