/*
 * The processes of one pool as the host sees them: the zygote, and the workers, each with its channel. The
 * pool starts them, receives news of their ends, has them killed and replaced. Which task is in which slot is
 * the executor's business: a worker that is lost is handed to the executor by process_pool_take_lost. slots.h
 * has what is done with the slots of workers.
 *
 * All functions are for the one thread that holds the connection. None waits, except process_pool_start and
 * process_pool_close.
 */
#ifndef PRICEMAP_POOL_H
#define PRICEMAP_POOL_H

#include "ext/channel/channel.h"
#include "ext/executors/processes/zygote_link.h"
#include "ext/executors/worker_set.h"

enum {
    /* Workers in a row that ended, or hung, before they were ready, and zygotes in a row that were lost,
       after which none is started any more. */
    POOL_STARTS_MAX = 8,
    POOL_ZYGOTES_MAX = 4,
};

typedef struct PoolWorker PoolWorker;

/* The host's own record of one slot of a worker. */
typedef struct PoolSlot {
    PoolWorker *worker;
    /* Shared part and windows of the slot, in the worker's channel. */
    ChannelSlot *shared;
    Window *input, *output;
    /* Whether a task has the slot, or had it and the worker has not confirmed its end. */
    bool used;
    /* Whether the slot counts among the worker's unfinished ones. */
    bool unfinished;
    /* Task in the slot; NULL in a used slot whose task was abandoned. */
    Task *task;
    /* Row before which this try of the task ends. */
    uint32_t end_row;
} PoolSlot;

/* Why the host has a worker killed. */
typedef enum KillReason {
    KILL_NONE,
    /* The worker's task has exceeded its timeout: the task fails. */
    KILL_TIMED_OUT,
    /* The worker's task was abandoned. The worker is spared if it confirms the end of the task in time. */
    KILL_ABANDONED,
    /* The worker does not do what it should: its tasks are given to others. */
    KILL_STUCK,
} KillReason;

/* How a worker was lost. */
typedef struct WorkerEnd {
    /* Whether the end counts as a try of the task that ran: the worker died by itself, or was killed for that
       task. Otherwise the worker was ended with its zygote, never forked, or killed for an abandoned task. */
    bool counts;
    /* Whether the worker was killed because its task had exceeded its timeout. */
    bool timed_out;
    /* Status as from waitpid. */
    int status;
} WorkerEnd;

/* The host's own record of one worker. */
struct PoolWorker {
    Channel channel;
    /* Index in the pool's workers. */
    int index;
    /* Process id as the zygote reported it; 0 before that. */
    pid_t pid;
    /* Number of used slots, and of those among them that the worker has not finished, as far as the host has
       seen. */
    int used, unfinished;
    /* Sequence number of the most recently queued task. */
    uint64_t sequence;
    KillReason kill_reason;
    /* With a reason: time by which the worker should be gone, else the zygote is stuck. */
    int64_t gone_by;
    /* Time until which a kill for an abandoned task may still arrive, though the worker has confirmed the end
       of that task: a death before this time does not count as a try of the task that runs then. */
    int64_t confirm_by;
    /* Time since which the worker has had tasks queued without running one, not before its process was ready;
       0: it runs one, or has none. */
    int64_t idle_since;
    /* Whether the process was seen to be ready. */
    bool ready;
    /* Greatest number of a scan of which the worker was given tasks, and so may have the file open; 0: none.
     */
    uint64_t last_scan;
    /* End of a lost worker. */
    bool lost;
    WorkerEnd end;
    /* Next one in the list of lost or of retired workers. */
    PoolWorker *next;
    PoolSlot slots[CHANNEL_SLOTS];
};

typedef struct ProcessPool {
    WorkerProgram program;
    char *sqlite_path;
    /* Shared memory (-1) and its first region (NULL): there are none until the first start. */
    int memory;
    PoolControl *control;
    ZygoteLink zygote;
    /* Process that made the pool; a forked copy of it must leave the processes alone. */
    pid_t owner;
    /* Workers by index; NULL where there is none. */
    PoolWorker **workers;
    int worker_count;
    /* The same workers by their number of unfinished slots. */
    WorkerSet busy[CHANNEL_SLOTS + 1];
    /* News of the zygote that were seen, as PoolControl counts them. */
    unsigned seen_news;
    /* Number of workers that are not NULL, and of those among them whose process exists. */
    int live, forked;
    /* Workers that are lost and were not taken yet, the first one lost first. */
    PoolWorker *lost;
    /* Lost workers that were taken. They are freed as soon as no slot of theirs is used. */
    PoolWorker *retired;
    uint32_t next_region;
    /* Time when the last scan was ended. */
    int64_t ended_ns;
    /* Whether a fork failed since the last process_pool_grow: the next one would fail as well. */
    bool fork_refused;
    /* Whether the last zygote that was lost may have been killed from outside rather than being broken:
       starting another one is worthwhile. */
    bool zygote_killed;
    /* Whether the host gives up waiting for a start, see ExecutorLimits; and whether it did so at the last
       one. */
    bool (*give_up)(void *arg);
    void *give_up_arg;
    bool given_up;
    /* Failures in a row, which end with the next task that is done. */
    int failed_starts, failed_zygotes;
    PoolError error;
} ProcessPool;

/* A pool without processes. Copies program and path. SQLITE_OK; or SQLITE_NOMEM: then nothing is left to
 * close. */
int process_pool_init(ProcessPool *pool, const WorkerProgram *program, const char *sqlite_path);

/* Makes room for at least `workers` workers, and forgets earlier failures; does not start anything. SQLITE_OK
   or SQLITE_NOMEM. */
int process_pool_grow(ProcessPool *pool, int workers);

/* Whether the zygote and all workers are there, as far as the host knows. */
bool process_pool_is_complete(const ProcessPool *pool);

/* Whether all workers are there, as far as the host knows. */
bool process_pool_is_full(const ProcessPool *pool);

/* Workers that are there or on their way. */
int process_pool_live(const ProcessPool *pool);

/*
 * Starts what is missing: the zygote, and workers. True when at least one worker is there or on its way: its
 * channel takes tasks at once. False with an error set. Does nothing where nothing is missing.
 */
bool process_pool_fill(ProcessPool *pool);

/*
 * Starts what is missing and waits until the zygote has answered and a worker is ready, so that workers that
 * end as soon as they start are noticed here and not by the first map. False with an error set when none gets
 * ready, or with given_up, and without a zygote.
 */
bool process_pool_start(ProcessPool *pool);

/* Receives what has happened meanwhile, without waiting. */
void process_pool_check(ProcessPool *pool);

/*
 * The next worker that is gone: the caller frees its used slots (slots_free), now or when the results in them
 * have been read; then the pool frees the worker, at the next call of this function. NULL: there is none.
 */
PoolWorker *process_pool_take_lost(ProcessPool *pool);

/* Puts the failures in a row back to 0: a task was done. */
void process_pool_forget_failures(ProcessPool *pool);

/* The last error, as a message for the user. Borrowed until the next call. */
const char *process_pool_error(const ProcessPool *pool);

/* The bell that workers and zygote ring; NULL before the first start. */
Bell *process_pool_bell(const ProcessPool *pool);

/* Whether the zygote has had something to say since the last call. A zygote that ended says nothing: that
   shows in process_pool_check alone. */
bool process_pool_has_news(ProcessPool *pool);

/* Takes the workers that have said since the last call that they finished a slot. They may say anything. */
void process_pool_take_done(const ProcessPool *pool, WorkerSet *done);

/* Has workers wake the host for this slot alone (NULL: for any). */
void process_pool_await(const ProcessPool *pool, const PoolSlot *slot);

/* Whether workers may poll for a next task for a moment before they sleep. */
void process_pool_set_spin(const ProcessPool *pool, bool may_spin);

/* Lets the zygote end the pool at a time of clock_ns() unless it is used before; 0: it is in use. */
void process_pool_set_idle_end(ProcessPool *pool, int64_t idle_end_ns);

/* Announces to the workers that a scan has ended, so that they close its file. */
void process_pool_end_scan(ProcessPool *pool, uint64_t scan);

/*
 * Has the zygote kill a worker, `milliseconds` from now: in any case or, where `slot` is given, only if the
 * worker still runs the task of this slot then.
 */
void process_pool_kill(ProcessPool *pool, PoolWorker *worker, const PoolSlot *slot, KillReason reason,
                       int milliseconds);

/* Whether the worker is about to be killed, whatever it does. */
bool worker_kill_is_due(const PoolWorker *worker);

/* The process of a worker: what the zygote reported or, before that, what the worker itself wrote down; 0:
   neither yet. */
pid_t process_pool_pid(const PoolWorker *worker);

/* Ends a zygote that does not respond, and with it all workers, at once. */
void process_pool_kill_zygote(ProcessPool *pool);

/* Ends all processes (waits for some tenths of a second at most for stubborn ones) and frees everything.
   Slots may be in use. */
void process_pool_close(ProcessPool *pool);

#endif
