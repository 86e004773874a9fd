/*
 * The MPI job as the host sees it: the guard that starts the launcher, the connection that rank 0 makes, and
 * the ranks until each has said that it is ready. The job knows no tasks. On the host's thread; no function
 * waits, except job_pump, and that for so many milliseconds.
 */
#ifndef PRICEMAP_JOB_H
#define PRICEMAP_JOB_H

#include "ext/executors/executor.h"
#include "ext/executors/processes/program_files.h"
#include "ext/link/frames.h"
#include "ext/link/guard_messages.h"

enum { JOB_ERROR_SIZE = 2048, JOB_CALLERS = 4 };

typedef enum JobState {
    JOB_NONE,
    /* The guard has its order, and the launcher starts ranks. */
    JOB_LAUNCHED,
    /* Rank 0 has shown the cookie; not every rank has greeted. */
    JOB_GREETED,
    /* Ranks have what their workers need; not every one is ready. */
    JOB_CONNECTED,
    JOB_READY,
    /* The job is of no use; `error` says why. */
    JOB_FAILED,
} JobState;

typedef struct JobRank {
    /* Workers of the rank; 0: it is not ready. */
    int workers;
    /* Number of the rank's first worker among those of all. */
    int first_worker;
    /* Tasks that the rank has. */
    int tasks;
    /* Versions of the recipes that the rank has (sent_recipes.h), by their number; 0: none. */
    uint64_t recipes[FRAME_RECIPES];
    /* Whether the rank has greeted, and is of this build. */
    bool greeted;
    char machine[FRAME_MACHINE_BYTES];
} JobRank;

typedef struct Job {
    JobState state;
    /* Socket of the guard, and the one that ranks connect to; -1: none. */
    int guard, listening;
    /* Host's own child, which ends as soon as it has forked the guard; 0 once it is reaped. */
    pid_t starter;
    char cookie[FRAME_COOKIE_BYTES];
    /* Connections whose other end has not shown the cookie yet. */
    FrameStream callers[JOB_CALLERS];
    FrameStream stream;
    JobRank *ranks;
    int rank_count, greeted_count, ready_count;
    /* Workers of all ranks, and the number that was requested; 0: one per processor. */
    int workers, wanted;
    /* Program of the workers, borrowed; NULL: pricemap-worker. */
    const struct WorkerProgram *program;
    /* Files of that program on this machine, with which the ranks' are compared. */
    ProgramFiles files;
    /* Process that started the job. */
    pid_t owner;
    double heartbeat_seconds;
    /* Time by which the job has to be ready, and when something of rank 0 was last received. */
    int64_t ready_by, heard_ns;
    /* Whether the job did not get ready in time, so that its guard is to end the launcher. */
    bool overdue;
    /* Rank that gives no sign of life, as rank 0 says; -1: none. */
    int lost_rank;
    /* Whether the job got ready at some time. */
    bool was_ready;
    /* Whether the guard was killed, so that the host removes the folder. */
    bool unguarded;
    char folder[GUARD_PATH_BYTES];
    char error[JOB_ERROR_SIZE];
} Job;

/* The command of a launcher, the rank program included: words with a NUL each, `size` bytes in all. */
typedef struct JobCommand {
    char words[GUARD_COMMAND_BYTES];
    uint32_t size;
    /* Whether all ranks are on this machine for certain. */
    bool local;
    /* Whether the launcher is Open MPI's own, which reaches other machines by a remote shell. */
    bool by_shell;
} JobCommand;

/* A job that was not started. */
void job_init(Job *job);

/* The parts of a job's start. */
typedef struct JobStart {
    /* Path of pricemap-worker, for the guard. */
    const char *guard;
    const JobCommand *command;
    const MachineSettings *settings;
    /* Program of the workers, borrowed for the job's life; NULL: pricemap-worker. */
    const struct WorkerProgram *program;
    /* Folder that a job before has left; "": none. */
    const char *left_folder;
    /* Workers of all ranks together; 0: one per processor. */
    int workers;
} JobStart;

/* Starts the job: it is JOB_LAUNCHED then, or JOB_FAILED. */
void job_start(Job *job, const JobStart *start);

/* Has the ranks of a ready job have at least so many workers together (0: one per processor): the job is
   JOB_CONNECTED until they have. */
void job_resize(Job *job, int workers);

/*
 * Sends and receives, for `milliseconds` at most until something comes. Returns a frame about a task, the
 * caller's to free, or NULL: none has come, or the job has failed.
 */
Frame *job_pump(Job *job, int milliseconds);

/* Sends a frame to the ranks, which the job owns from then on. NULL, out of memory, fails the job. */
void job_send(Job *job, Frame *frame);

/* Ends the job, whatever its state: ranks of one that is ready, without tasks, end by themselves. In a forked
   copy of the host nothing but the copy's descriptors is closed. The job is JOB_NONE then. */
void job_end(Job *job);

#endif
