/*
 * A rank of an MPI job: its tasks, which its own worker processes do, and its way to the host, which is
 * through rank 0. A rank has one thread, and no MPI call of it ever waits: a rank is never busy, as only its
 * worker processes run the map.
 *
 * Frames that a rank is given are handled here (tasks.c); how they come is the business of peers.c between
 * ranks, and of broker.c between rank 0 and the host.
 */
#ifndef PRICEMAP_RANK_H
#define PRICEMAP_RANK_H

#include "ext/executors/executor.h"
#include "ext/executors/processes/launch.h"
#include "ext/link/file_checks.h"
#include "ext/link/frames.h"

/* Factor by which silence may last longer than heartbeat_seconds before a rank ends by itself. */
#define RANK_PATIENCE 1.5

typedef struct RankTask {
    struct RankTask *next;
    /* Number of the task in frames. */
    uint64_t id;
    Task *task;
    /* Whether the worker processes have the task, or it waits until they have room; else it is done in part,
       and the host may want the rest. */
    bool running, queued;
} RankTask;

typedef struct Peers Peers;
typedef struct Broker Broker;

typedef struct Rank {
    int number, count;
    char machine[FRAME_MACHINE_BYTES];
    /* Worker processes of the rank; NULL: the host has not said what they need. */
    Executor *executor;
    WorkerProgram program;
    char needs[FRAME_MACHINE_BYTES];
    /* Recipes by number; and for each the reason why its tasks are refused, "": there is none. */
    const Recipe *recipes[FRAME_RECIPES];
    char refusals[FRAME_RECIPES][FRAME_ERROR_BYTES];
    FileDigests digests;
    RankTask *tasks;
    /* Number of tasks that run, and of those that are queued. */
    int running, queued;
    /* Seconds without a sign of life after which another rank counts as lost; 0: not known yet. */
    double heartbeat_seconds;
    /* Time of clock_ns() from which on silence counts: what prepares workers may take a while. */
    int64_t judged_ns;
    /* Messages with the other ranks; and, of rank 0, with the host, else NULL. */
    Peers *peers;
    Broker *broker;
    /* Whether the rank is to end, as the host said. */
    bool ending;
} Rank;

/* Handles a frame of the host's for this rank, and frees it. */
void rank_handle(Rank *rank, Frame *frame);

/* Sends what tasks have got done since the last call. Returns whether any had. */
bool rank_collect(Rank *rank);

/* Sends a frame to the host, which takes it over; NULL, as there was no memory, ends the job. */
void rank_send(Rank *rank, Frame *frame);

/* Ends the worker processes and frees what the rank has. */
void rank_close(Rank *rank);

/* Ends the whole job at once. */
__attribute__((noreturn)) void rank_abort(const char *why);

#endif
