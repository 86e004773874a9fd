/*
 * The execution of a plan: reads the source, hands its rows out in tasks, takes the results back in order. A
 * cursor gives the rows of a run. On the connection's thread only.
 *
 * The bound: at most EXECUTOR_DEPTH × workers tasks exist at a time, each with its input and output. A task
 * is made only when another one has been read to its end, so a slow reader holds the source back. Only a
 * range that took far too long is cut into more tasks than that.
 */
#ifndef PRICEMAP_MAP_RUN_H
#define PRICEMAP_MAP_RUN_H

#include "ext/plan/plan.h"
#include "ext/run/host_watch.h"
#include "ext/run/map_experience.h"
#include "ext/run/task_source.h"

typedef struct MapRun MapRun;

/* Parts that a run borrows until map_run_close. */
typedef struct MapRunParts {
    /* Plan and the experience of its runs, which no other run may use meanwhile. */
    Plan *plan;
    MapExperience *experience;
    /* Values of the plan's conditions. */
    const RunValues *values;
    /* Number of the record in the log that the runs of one statement share, set by the first of them; 0:
       there was none. */
    int64_t *record;
    /* Connection's interrupt probe, by which the run learns that the host was interrupted; see interrupt.h.
     */
    sqlite3_stmt *interrupt_probe;
} MapRunParts;

/*
 * Starts a run of parts->plan. SQLITE_OK with *out set; else an error with *message set (sqlite3_free it).
 * SQLITE_SCHEMA: the plan is stale, make it anew; nothing has been done.
 */
int map_run_open(ConnectionState *state, const MapRunParts *parts, MapRun **out, char **message);

/*
 * Gives the next rows: SQLITE_ROW with *rows opened (at least one row), valid until the next call;
 * SQLITE_DONE at the end; else an error with *message set. Rows before a failed one are given before its
 * error.
 */
int map_run_next(MapRun *run, RowsetView *rows, char **message);

/* Ends a run at whatever point it is, and writes it into the log. NULL does nothing. */
void map_run_close(MapRun *run);

#endif
