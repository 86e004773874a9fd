/*
 * What map_run.c, task_list.c and figures.c share: the run itself. map_run.c takes a run from its
 * begin to its end, task_list.c makes its tasks and sends them on their way, figures.c takes in
 * what they tell.
 */
#ifndef PRICEMAP_MAP_RUN_INTERNAL_H
#define PRICEMAP_MAP_RUN_INTERNAL_H

#include "ext/run/controller.h"
#include "ext/run/map_run.h"
#include "ext/run/progress_line.h"
#include "ext/run/task_source.h"

/* Of a chunk that took next to no time, against the one before. */
enum { CHUNK_GROWTH = 8 };

/* A task of the run and the executor that has it; NULL: none has taken it yet. */
typedef struct RunTask {
    Task *task;
    Executor *executor;
} RunTask;

struct MapRun {
    ConnectionState *state;
    Plan *plan;
    MapExperience *experience;
    sqlite3_stmt *pulse;
    TaskSource source;
    Executor *
        held[EXECUTOR_KINDS]; /* executors that the run may submit to, the connection's; NULL: not that one */
    Executor *serial;         /* for what has to be done in place */
    Executor *executor;       /* that tasks go to now */
    /* Kind that was asked for; NULL: `auto`. */
    const ExecutorKind *requested;
    AutoExecutor control;
    int workers;
    int64_t chunk; /* rows per task that were asked for; 0: by time */
    double timeout;

    RunTask *tasks; /* in source order; there are few */
    int count, room;
    int current; /* the one whose rows are being read, -1: none */
    Task *spare; /* one to use again, with its buffers */

    bool failed;
    bool interrupted;   /* the host was, while it ran a task itself */
    double unit_ns;     /* what the last task took per unit; 0: not known */
    double unit_bytes;  /* of output that it gave per unit */
    double feed_ns;     /* what reading a row cost the host, while auto decides */
    double reader_ns;   /* what the reader did with the rows of a unit, the last time */
    int64_t given_ns;   /* when rows were given to the reader; 0: they were not */
    double given_units; /* of the task that they came from */
    int64_t last_units; /* of the last task that was filled */

    int64_t number, start_ns, startup_ns, busy_ns, task_count, rows_in, rows_out, retries, most_rows;
    double rowids_per_row; /* of a partition, as far as is known */
    int64_t looked_ns;     /* when the host was last asked about an interrupt */
    bool partitioned;      /* at least at first */
    ProgressLine progress;
};

/* Whether tasks go to the host itself now. */
static inline bool runs_in_place(const MapRun *run)
{
    return run->executor == run->serial;
}

static inline bool is_range(const Task *task)
{
    return task->recipe->scan != 0;
}

/* ---- map_run.c ---- */

/* Has the run submit to executors of this kind from now on, and starts what workers are missing. SQLITE_OK or
   an error with *message set. */
int map_run_use_executor(MapRun *run, const ExecutorKind *kind, char **message);

/* ---- task_list.c: a task belongs to the run's list from the moment it is made ---- */

/* Workers that tasks may go to: `auto` may do with fewer than it could have. */
int map_run_workers(const MapRun *run);

/* Hands out tasks until the bound is reached or the source ends. SQLITE_OK; SQLITE_NOMEM or the executor's
 * error. */
int map_run_top_up(MapRun *run);

/* The reader has had the rows of the current task: the rest of it goes on, or it is retired. Returns as
 * top_up. */
int map_run_finish_current(MapRun *run);

/* The task to read next: the oldest, or, where order does not matter, any that is done. -1: none is done yet.
 */
int map_run_ready_place(const MapRun *run);

/* Has the host run the first task, which nobody has, when it is waited for. Returns as executor_submit. */
int map_run_do_in_place(MapRun *run);

/*
 * The first task was not taken: other runs hold what the executor has, and perhaps nobody else can go on. It
 * is done in place, unless workers were asked for that isolate the host from the map: then there is one more.
 * SQLITE_OK, also where it could still not be taken; else an error, *message set where it has a text.
 */
int map_run_place_head(MapRun *run, char **message);

/* Ends a task in whatever state it is; its place in the list is the caller's to drop. */
void map_run_give_up_task(MapRun *run, RunTask *entry);

/* ---- figures.c ---- */

/* Whether a part of the order of a task that is done is still to be done. */
bool map_run_has_rest(const Task *task);

/* Goes over to what the controller says; where no such workers can be had, to what it says then. */
void map_run_follow_controller(MapRun *run, const ExecutorKind *kind);

/* Takes in what a task that got done tells: for the log, and for what comes. */
void map_run_account(MapRun *run, const RunTask *entry);

/* Rows of a task are given to the reader; and the reader has come back for more. `auto` wants to know how
   long that took. */
void map_run_give(MapRun *run, const Task *task);
void map_run_time_reader(MapRun *run);

/* How much of the source is done, as far as that is known: 0 … 1, or -1. */
double map_run_share_done(const MapRun *run);

/* Writes what became of the run into its record in the log, if that is still there. */
void map_run_write_log(MapRun *run);

#endif
