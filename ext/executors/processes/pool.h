/*
 * The processes of one pool as the host sees them: the zygote, and for each place a worker with its channel.
 * This file starts them, hears of their ends, has them killed and replaced. Which task is in which slot is
 * the executor's business; the pool tells it when a channel is lost.
 *
 * All functions are for the one thread that holds the connection. None waits, but process_pool_await and
 * process_pool_close.
 */
#ifndef PRICEMAP_POOL_H
#define PRICEMAP_POOL_H

#include "ext/channel/channel.h"

enum {
    POOL_ERROR_SIZE = 768,
    POOL_STARTS_MAX = 8, /* workers in a row that ended before they were ready; zygotes: POOL_ZYGOTES_MAX */
    POOL_ZYGOTES_MAX = 4,
};

typedef struct Channel Channel;

/* One task's place in a channel. Free while `used` is false. */
typedef struct Slot {
    Channel *channel;
    ChannelSlot *shared;
    bool used;
    Task *task; /* NULL in a used slot: given up, the worker has not confirmed yet */
    uint32_t end_row;
    Window input, output;
} Slot;

/*
 * Why the host has a worker killed: its task's time is over; nobody wants its task any more (then it may yet
 * get away with it, by confirming in time); it does not do what it should.
 */
typedef enum ChannelVerdict {
    VERDICT_NONE,
    VERDICT_TIMED_OUT,
    VERDICT_UNWANTED,
    VERDICT_ASTRAY
} ChannelVerdict;

struct Channel {
    ChannelControl *control; /* shared: believe nothing in it */
    uint32_t region;
    int place;
    pid_t pid; /* 0 until the zygote has said so */
    int used;
    uint64_t sequence; /* of the last task put in */
    ChannelVerdict verdict;
    int64_t gone_by;      /* with a verdict: when the worker should be gone, else the zygote is at fault */
    int64_t pardon_until; /* the zygote may be about to kill it, though it confirmed meanwhile */
    int64_t idle_since;   /* tasks were found in its queue, but none that it runs; 0: not so */
    Channel *next;        /* of the lost ones, which live on until their slots are free */
    bool lost;
    bool reads_files; /* it was given tasks of a scan: its worker may have the file open */
    Slot slots[CHANNEL_SLOTS];
};

/* Whether its worker is about to be killed, whatever it does. */
static inline bool channel_is_condemned(const Channel *channel)
{
    return channel->verdict == VERDICT_TIMED_OUT || channel->verdict == VERDICT_ASTRAY;
}

/* How a worker ended. */
typedef struct WorkerEnd {
    bool certain; /* its own end, seen by the zygote; else it went with the zygote, or was never forked */
    int status;   /* as from waitpid, where certain */
} WorkerEnd;

/*
 * Called when a channel's worker is gone. The receiver takes every used slot out of it or keeps those whose
 * results are still read; it may not call back into the pool but for process_pool_free_slot.
 */
typedef void ChannelLost(void *receiver, Channel *channel, const WorkerEnd *end);

typedef enum ZygoteState { ZYGOTE_NONE, ZYGOTE_STARTING, ZYGOTE_READY } ZygoteState;

typedef struct ProcessPool {
    char *worker_path, *sqlite_path;
    PoolControl *control; /* NULL until the first start */
    int memory, socket;   /* -1: none */
    int zygote;           /* its pidfd, or -1 where the kernel has none */
    pid_t zygote_pid, starter, owner;
    int starter_fd;
    ZygoteState state;
    int64_t hello_by; /* while STARTING */
    Channel **places; /* NULL where no worker is */
    int place_count;
    int live;          /* places with a channel */
    int forked;        /* of them, those whose process exists */
    bool fork_refused; /* since the last process_pool_grow: do not ask again at once */
    Channel *retired;
    int64_t ended_ns; /* when the last scan was ended */
    uint32_t next_region;
    bool zygote_killed;                /* the last one that was lost may have been: another may do */
    int failed_starts, failed_zygotes; /* in a row; reset these whenever a task was completed */
    ChannelLost *lost;
    void *receiver;
    char error[POOL_ERROR_SIZE]; /* the last thing that went wrong with zygote or fork, as an error
                                        message */
} ProcessPool;

/* A pool without processes. Copies the paths. SQLITE_OK or SQLITE_NOMEM: then nothing is left to close. */
int process_pool_init(ProcessPool *pool, const char *worker_path, const char *sqlite_path, ChannelLost *lost,
                      void *receiver);

/* Makes it at least `places` places; does not start anything. SQLITE_OK or SQLITE_NOMEM. */
int process_pool_grow(ProcessPool *pool, int places);

/*
 * Starts what is missing: the zygote, a worker in each empty place. True when at least one worker is there or
 * on its way: its channel takes tasks at once. False with `error` set.
 */
bool process_pool_fill(ProcessPool *pool);

/* Sets the pool's `error`. */
__attribute__((format(printf, 2, 3))) void process_pool_set_error(ProcessPool *pool, const char *format, ...);

/* Waits until the zygote has answered and the first worker can work. False with `error` set when none will:
 * a worker that ends as soon as it starts is noticed here, not by the first map. */
bool process_pool_await(ProcessPool *pool);

/* Hears what happened meanwhile, without waiting. Calls `lost` for each channel that has no worker any more.
 */
void process_pool_hear(ProcessPool *pool);

/*
 * Has the zygote kill a channel's worker, `milliseconds` from now: in any case, or, where `slot` is given,
 * only if it still runs the task of this slot then.
 */
void process_pool_kill(ProcessPool *pool, Channel *channel, const Slot *slot, ChannelVerdict verdict,
                       int milliseconds);

/* The process of a channel: what the zygote said, or, before it was heard, what the worker itself wrote down;
   0: neither yet. */
pid_t process_pool_pid(const Channel *channel);

/* Ends the zygote, and with it all workers, at once; process_pool_hear will notice. */
void process_pool_kill_zygote(ProcessPool *pool);

/* A free slot of the worker that has least to do, of the first `worker_limit` ones (0: of all); or NULL. */
Slot *process_pool_find_slot(ProcessPool *pool, int worker_limit);

/* Makes a slot free for the next task, and gives back what memory it had beyond the usual. The channel is
   gone with the last slot if it was lost. */
void process_pool_free_slot(ProcessPool *pool, Slot *slot);

/* Ends all processes (waits up to some tenths of a second for stubborn ones) and frees everything. Slots may
 * be in use. */
void process_pool_close(ProcessPool *pool);

#endif
