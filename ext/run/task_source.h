/*
 * The source of a run's tasks: the feed (the host reads the rows and hands them out) or the partition of a
 * table (workers read ranges of its rowids themselves). A run that began with a partition may fall back to
 * the feed at any point, for the ranges whose rows were not given out yet.
 *
 * A task's size is counted in units: rows when fed, rowids when partitioned. On the connection's thread only.
 */
#ifndef PRICEMAP_TASK_SOURCE_H
#define PRICEMAP_TASK_SOURCE_H

#include "ext/plan/plan.h"
#include "ext/run/map_experience.h"
#include "ext/run/settled_rows.h"
#include "ext/run/snapshot.h"
#include "ext/run/task_sample.h"

/* Rowids from the first to the last, as recipe_rowid numbers them. */
typedef struct RowidRange {
    int64_t first, last;
} RowidRange;

/* A worker's view of the file that is known to be the host's: that of one read transaction of the worker. */
typedef struct ProvenView {
    int32_t worker, pid;
    int64_t view;
} ProvenView;

typedef enum Feeding {
    /* Rows of the feed go into tasks as they come. */
    FEED_IS_USED_AT_ONCE,
    /* The host is writing: all rows are to be read before the first is used. */
    FEED_IS_TO_SETTLE,
    /* All rows were read, and go into tasks from where they are kept. */
    FEED_IS_SETTLED,
} Feeding;
/* The values of the conditions, a rowset; no bytes: there are none. */
typedef struct RunValues {
    const void *data;
    uint32_t bytes;
    RowsetView view;
    /* Positions in the source, from 1, of the requested rows, where those are the rows' keys. */
    int64_t first_position, last_position;
    /* Number of rows that the query around the map needs; 0: all. */
    int64_t wanted_rows;
} RunValues;

#define RUN_WITHOUT_VALUES ((RunValues){.last_position = INT64_MAX})

typedef struct TaskSource {
    ConnectionState *state;
    Plan *plan;
    /* Values of the run; borrowed. */
    const RunValues *values;
    const MapExperience *experience;
    /* Instant and number of the run, as in TaskOrder. */
    int64_t now;
    uint64_t run;
    /* Number of rows that were fed so far. */
    int64_t units;
    /* Whether the key of a row is its position, and the values may say which rows are requested. */
    bool keyed_by_position;
    /* Whether nothing is left for a task. */
    bool ended;
    /* Error of the source's own reading, which comes after the rows before it, and its text,
     * sqlite3_malloc'd; NULL: none. */
    int rc;
    char *message;
    /* Reason for which workers do not read the table themselves, a constant; NULL: they do. */
    const char *why_feed;

    Feeding feeding;
    SettledRows settled;

    /* ---- partition ---- */

    /* Snapshot of the file; NULL: the source is fed. */
    Snapshot *snapshot;
    /* Recipe of the tasks. */
    Recipe *recipe;
    /* Rowid of the first of the requested rows, as the file has it, and whether those may be all of the
       table. This and all rowids below are as recipe_rowid numbers them. */
    int64_t first_rowid;
    bool whole_table;
    /* Rowids that no task has yet: from next_rowid to last_rowid. */
    int64_t next_rowid, last_rowid;
    /* Views of the file, one per read transaction of a worker, that were found to be the host's; proven_count
       of them. */
    ProvenView *proven;
    int proven_count;

    /* ---- feed after a fall-back ---- */

    /* Feed of one range; NULL: the run did not fall back. */
    sqlite3_stmt *range_feed;
    /* Ranges to read in order; range_next is the first that was not begun. */
    RowidRange *ranges;
    int range_count, range_next;
} TaskSource;

/*
 * Decides whether workers read the table themselves (partition) or the host reads it (feed), and readies
 * that. `remote`: workers are on other machines, and read nothing themselves. SQLITE_OK; SQLITE_SCHEMA when
 * the plan is stale; else an error with *message set (sqlite3_free it). Close it in any case with
 * task_source_close.
 */
int task_source_open(TaskSource *source, ConnectionState *state, Plan *plan, const RunValues *values,
                     const MapExperience *experience, bool remote, char **message);

/* Makes a task with the recipe that the source's tasks have now; NULL when out of memory. */
Task *task_source_create_task(const TaskSource *source);

/*
 * Fills a task with about `units` units. A range gives `row_limit` rows in one turn at the most, and may be
 * given up where `may_give_up`. False: nothing was left, or an error came first; then `ended` is set, and rc
 * and message with an error.
 */
bool task_source_fill(TaskSource *source, Task *task, int64_t units, uint32_t row_limit, bool may_give_up);

/* The part of the source that no task has yet, as far as it is known. */
SourceRest task_source_rest(const TaskSource *source);

/* The share of the source that is done, 0 … 1, where `rows` rows were evaluated; negative: not known. */
double task_source_share_done(const TaskSource *source, int64_t rows);

/* Whether the view of the worker that read a task's range is the host's. True for a fed task. */
bool task_source_confirm(TaskSource *source, const TaskReport *report);

/* The reasons to fall back, constants: the file has changed; or a worker could not read the range of a task,
   be it that the file has changed, that the worker process ended or that the task took too long. */
extern const char task_source_changed[];
const char *task_source_failure(const TaskSource *source, const Task *task);

/*
 * Falls back, for the reason `why`: from now on the host reads. `ranges` (malloc'd, from now on the source's)
 * are those of tasks that were handed out and whose rows are not used, in their order. SQLITE_OK or an error
 * with source->message.
 */
int task_source_fall_back(TaskSource *source, RowidRange *ranges, int count, const char *why);

/* Ends the feed and the snapshot, and frees what the source owns. */
void task_source_close(TaskSource *source);

#endif
