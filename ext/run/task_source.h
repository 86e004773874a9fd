/*
 * Where the tasks of a run come from: the feed (the host reads the rows and hands them out) or the partition
 * of a table (workers read ranges of its rowids themselves). A run begins with one and may fall back from
 * partition to feed at any point, for the ranges whose rows were not given out yet.
 *
 * A task's size is counted in units: rows when fed, rowids when partitioned. On the connection's thread only.
 */
#ifndef PRICEMAP_TASK_SOURCE_H
#define PRICEMAP_TASK_SOURCE_H

#include "ext/plan/plan.h"
#include "ext/run/map_experience.h"
#include "ext/run/snapshot.h"
#include "ext/run/task_sample.h"

typedef struct RowidRange {
    int64_t first, last;
} RowidRange;

/* A worker's view of the file that is known to be the host's: of one read transaction, not of all that it
 * will begin. */
typedef struct ProvenView {
    int32_t worker, pid;
    int64_t view;
} ProvenView;

typedef struct TaskSource {
    ConnectionState *state;
    Plan *plan;
    const MapExperience *experience;
    int64_t now;   /* the map's instant */
    uint64_t run;  /* see TaskOrder */
    int64_t units; /* rows fed so far: the position of the last one */
    bool ended;
    int rc;               /* the source's own error; it is to be told after the rows before it */
    char *message;        /* its text, sqlite3_malloc'd; may be NULL */
    const char *why_feed; /* why workers do not read the table themselves; a constant */

    /* Partition. NULL snapshot: feed. */
    Snapshot *snapshot;
    Recipe *recipe;
    int64_t next_rowid, last_rowid;
    ProvenView *proven;
    int proven_count;

    /* Feed, after a fall-back: the ranges that are still to be read. */
    sqlite3_stmt *range_feed;
    RowidRange *ranges;
    int range_count, range_next;
} TaskSource;

/*
 * Decides the access and readies it. SQLITE_OK; SQLITE_SCHEMA when the plan is stale; else an error with
 * *message set (sqlite3_free it). Close it in any case with task_source_close.
 */
int task_source_open(TaskSource *source, ConnectionState *state, Plan *plan, const MapExperience *experience,
                     char **message);

/* A new task with the right recipe; NULL when out of memory. */
Task *task_source_create_task(const TaskSource *source);

/*
 * Fills a task of about `units` units; `row_limit` is the most rows that a task may give in one turn. False:
 * there was nothing left, or an error came first; then `ended` is set, and rc and message with an error.
 */
bool task_source_fill(TaskSource *source, Task *task, int64_t units, uint32_t row_limit, bool may_give_up);

/* What is known of the part of the source that no task has yet. */
SourceRest task_source_rest(const TaskSource *source);

/* The share of the source that is done, 0 … 1, where `rows` rows were evaluated; negative: not known. */
double task_source_share_done(const TaskSource *source, int64_t rows);

/* Whether what a worker read for this task is the host's view. Always true for a fed task. */
bool task_source_confirm(TaskSource *source, const TaskReport *report);

/*
 * From now on the host reads. `ranges` (malloc'd, now the source's) are those of tasks that were given out
 * and whose rows are not used, in their order. SQLITE_OK or an error with source->message.
 */
int task_source_fall_back(TaskSource *source, RowidRange *ranges, int count);

void task_source_close(TaskSource *source);

#endif
