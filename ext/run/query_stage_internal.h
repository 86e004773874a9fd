/* The state of a stage that runs, which its two files share: query_stage.c, where it begins, gets its parts
 * back and ends, and query_ranges.c, which makes its tasks. */
#ifndef PRICEMAP_QUERY_STAGE_INTERNAL_H
#define PRICEMAP_QUERY_STAGE_INTERNAL_H

#include "ext/run/controller.h"
#include "ext/run/executor_set.h"
#include "ext/run/parts_growth.h"
#include "ext/run/query_stage.h"
#include "ext/run/task_list.h"
#include "ext/run/task_source.h"

struct StageRun {
    const Query *query;
    const SplitStage *stage;
    Parts *parts;
    StageOutcome *outcome;
    TaskSource source;
    TaskList tasks;
    Controller controller;
    ExecutorSet executors;
    /* Rowids of the table; where a key of it is cut, its ranges, which count as rowids do. */
    double rowids;
    /* Ranges of the key, as query_keys_read has them; empty: rowids are cut. */
    Buffer keys;
    /* Nanoseconds of the tasks of each kind of executor, and the most workers that had some of them at once.
     */
    int64_t busy_ns[EXECUTOR_KINDS];
    int workers;
    /* Parts of the ranges that ran in place. */
    PartsGrowth growth;
    /* Whether parts are taken in the order of their ranges, one range at a time, while others run; then bytes
       that a rowid gives, and rowids of the largest range so far. */
    bool streams;
    double rowid_bytes, most_rowids;
    /* Whether the host was interrupted while it ran a task itself or started workers. */
    bool interrupted;
    /* Why the query has to be run whole; sqlite3_malloc'd. */
    char *why;
};

/* Makes tasks of the next ranges, until the bound of the run is reached or the table ends, and submits them.
   SQLITE_OK; SQLITE_NOMEM or the executor's error. */
int stage_hand_out(StageRun *run);

/* Rowids that a done task got through: of its range the morsels that were not taken away from it. */
double stage_rowids_done(const Task *task);

#endif
