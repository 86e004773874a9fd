/*
 * An executor takes tasks, has its workers run them, and reports when they are done. An executor knows no SQL
 * and no order: order and the bound on what is in flight belong to the run that submits. kinds.h lists the
 * kinds of executors.
 *
 * All functions are called on the host's thread that holds the connection, never on a worker; several runs
 * may share one executor in turn. No function blocks longer than its comment says.
 *
 * A forked copy of the host has an executor whose workers are the original's. There ensure_workers is an
 * error, submit finds no room, no task that was submitted before ever gets done, and the copy's calls do not
 * reach the workers; see executor_is_ours.
 */
#ifndef PRICEMAP_EXECUTOR_H
#define PRICEMAP_EXECUTOR_H

#include <sys/types.h>

#include "ext/base/limits.h"
#include "ext/data/task.h"

/* Tasks of one run that wait or run, per worker: with two, a worker that finishes has the next one ready. */
enum { EXECUTOR_DEPTH = 2 };

struct ChunkRunner;
struct WorkerProgram;
typedef struct Executor Executor;

/* Limits that hold for the tasks of the next run; see parallel_map_config. */
typedef struct ExecutorLimits {
    /* Times that a task is tried again when its worker process died. */
    uint32_t retries;
    /* Seconds that workers are kept while no run uses the executor. */
    double idle_seconds;
    /* Whether ensure_workers is to give up: called about ten times a second while workers start, on the
       host's thread; NULL: never. */
    bool (*give_up)(void *arg);
    void *give_up_arg;
} ExecutorLimits;

/* How far workers are with closing the files of scans that have ended. */
typedef enum ScanEnd {
    /* No worker has such a file open. */
    SCAN_CLOSED,
    /* Some workers are about to close it. */
    SCAN_CLOSING,
    /* Some workers run a task of another run, and close it after that task, before the next one. */
    SCAN_ELSEWHERE,
    /* Some workers will close it as soon as they come back from a task that was abandoned. */
    SCAN_BUSY,
} ScanEnd;

/* Where workers on other machines are to be had, and how; texts that are NULL: none was set. */
typedef struct MachineSettings {
    /* Machines and their slots ('a:16,b:16'), or a file that lists them, as the launcher takes them. */
    char *hosts, *hostfile;
    /* Command that starts the ranks, to which the rank program is appended. */
    char *launcher;
    /* Name or address under which ranks reach this machine. */
    char *address;
    /* Seconds without a sign of life after which a machine counts as lost. */
    double heartbeat_seconds;
} MachineSettings;

/* The connection's things that a new executor may borrow for its whole life. */
typedef struct ExecutorParts {
    /* Evaluators of the connection, for tasks that run on the host's own thread. */
    struct ChunkRunner *runner;
    /* Folder from which relative paths count, absolute; NULL: not known. */
    const char *folder;
    /* Program of worker processes, which is copied; NULL: pricemap-worker. */
    const struct WorkerProgram *program;
    /* Settings of executors whose workers are on other machines; read whenever these are started. */
    const MachineSettings *machines;
} ExecutorParts;

/* A kind of executor: its facts, and its functions, which only the functions below call. A function that is
 * NULL does nothing. */
typedef struct ExecutorKind {
    /* Name as users write it. */
    const char *name;
    /* Workers in plural, as messages name them. */
    const char *workers;
    /* Whether a task runs on the host's own thread, when it is waited for. */
    bool in_place;
    /* Whether a map that crashes leaves the host alive: then the host never runs a task itself instead. */
    bool isolates;
    /* Whether workers are on other machines: they read no file of the host's, so that every row is fed; a
       task costs more to hand over; and there are as many as those machines have processors, unless the user
       has set a number. */
    bool remote;
    /* Whether `auto` may choose this kind. */
    bool automatic;
    /* Nanoseconds from the start of missing workers to the first result, measured on two processors. */
    double start_ns;
    /* Work, in nanoseconds, over which `auto` judges workers of this kind, and how many such windows without
     * a gain in a row make it give them up. Threads that hold each other up show it at once, and each moment
     * with them is lost; processes may be slow for a moment because the machine is busy. */
    double window_ns;
    int windows;
    /* Makes an executor without workers; NULL when out of memory. */
    Executor *(*create)(const ExecutorParts *parts);
    /* Whether workers of this kind can be used in this host at all: SQLITE_OK or SQLITE_ERROR, which never
     * changes, or SQLITE_NOMEM. */
    int (*possible)(void);
    int (*ensure_workers)(Executor *executor, int workers, char **message);
    int (*submit)(Executor *executor, Task *task);
    bool (*withdraw)(Executor *executor, Task *task);
    TaskControl *(*control)(Executor *executor, Task *task);
    void (*wait)(Executor *executor, const Task *task, int milliseconds);
    void (*release)(Executor *executor, Task *task);
    void (*abandon)(Executor *executor, Task *task);
    void (*end_scan)(Executor *executor, uint64_t scan);
    ScanEnd (*await_end)(Executor *executor, int milliseconds);
    void (*let_go)(Executor *executor);
    void (*close)(Executor *executor);
} ExecutorKind;

struct Executor {
    const ExecutorKind *kind;
    ExecutorLimits limits;
    /* Number of runs that may submit; written on the host's thread, read by workers that would retire. */
    atomic_int users;
    /* Process whose workers these are; 0: any, tasks run where they are waited for. */
    pid_t owner;
    /* Number of workers that are there now. */
    int workers;
    /* Nanoseconds that the last ensure_workers took; 0 when all workers were there. */
    int64_t startup_ns;
};

/* Whether the workers are this process's, or none are needed: false in a forked copy of the host. */
bool executor_is_ours(const Executor *executor);

/*
 * Sees to it that at least `workers` (1 … EXECUTOR_WORKERS_MAX; 0, where the kind is remote: as many as the
 * machines have processors) can take tasks; starts what is missing, and replaces workers that have died
 * meanwhile. SQLITE_OK, or an error with *message set (sqlite3_free it),
 * which names what failed and what to do; SQLITE_INTERRUPT where limits.give_up ended the start.
 */
int executor_ensure_workers(Executor *executor, int workers, char **message);

/*
 * Announce that a run is going to use the executor, before ensure_workers, and that it no longer does. In
 * between no worker ends for want of work; limits.idle_seconds after the last use all of them may.
 */
void executor_hold(Executor *executor);
void executor_let_go(Executor *executor);

/*
 * Gives `task` to the workers; its `done` is cleared. SQLITE_OK: the executor owns it until `done`.
 * SQLITE_BUSY: no room just now, the task is still the caller's, which may run it in place. Where
 * there is no memory to hand the task over, it is done and its report has the error. Never blocks. A task may
 * be submitted again once it is done and released.
 */
int executor_submit(Executor *executor, Task *task) __attribute__((nonnull));

/*
 * Takes a submitted task back that no worker has begun. True: it is the caller's again, as if it had not been
 * submitted. False: a worker has it, or the executor gives nothing back (worker processes isolate the host
 * from the map, so that the host does not run it for them). Never blocks.
 */
bool executor_withdraw(Executor *executor, Task *task);

/*
 * The control by which a worker runs a submitted task just now, or will; NULL: there is none yet. Valid until
 * the next call.
 */
TaskControl *executor_control(Executor *executor, Task *task);

/*
 * Returns when `task` is done (NULL: when any task got done since the last wait), or after `milliseconds`, or
 * earlier for no reason. Notices dead workers and does again what they lost. A task whose worker died more
 * than limits.retries times is done with SQLITE_ERROR and a message that names the signal and the row.
 */
void executor_wait(Executor *executor, const Task *task, int milliseconds);

/* Ends the use of a done task's output; output becomes NULL. The task stays the caller's. */
void executor_release(Executor *executor, Task *task);

/*
 * Gives up a task, be it submitted, done or released: the task is cancelled, and freed
 * (task_free) at once or when the worker that runs it has confirmed; in a forked copy of the host one that
 * was not done is never freed. The caller may not touch it again. Never blocks.
 */
void executor_abandon(Executor *executor, Task *task);

/* Has the workers close the file that they read for a partition scan, soon: no more tasks of that scan will
   come. Never blocks. */
void executor_end_scan(Executor *executor, uint64_t scan);

/*
 * Waits until no worker has the file of an ended scan open or locked any more, `milliseconds` at most, and
 * returns how far the workers are. A task that has exceeded its timeout meanwhile ends as in executor_wait.
 */
ScanEnd executor_await_end(Executor *executor, int milliseconds);

/* Ends all workers, frees abandoned tasks and the executor. Every other task was taken back before. NULL:
 * nothing. */
void executor_close(Executor *executor);

#endif
