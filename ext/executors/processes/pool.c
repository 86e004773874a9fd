#include "ext/executors/processes/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/limits.h"
#include "ext/base/sqlite_api.h"

enum {
    /* Milliseconds by which a kill that the zygote was to send may come late. */
    CONFIRM_MILLISECONDS = 50,
    NAP_NANOSECONDS = 5000000,
    /* Milliseconds that the zygote has to report the end of a worker that it was to kill. */
    KILL_GRACE_MILLISECONDS = 2000,
};

int process_pool_init(ProcessPool *pool, const WorkerProgram *program, const char *sqlite_path)
{
    *pool =
        (ProcessPool){.memory = -1, .owner = getpid(), .next_region = 1, .sqlite_path = strdup(sqlite_path)};
    if (pool->sqlite_path && worker_program_copy(&pool->program, program)) {
        zygote_link_init(&pool->zygote, &pool->program, pool->sqlite_path);
        return SQLITE_OK;
    }
    free(pool->sqlite_path);
    return SQLITE_NOMEM;
}

int process_pool_grow(ProcessPool *pool, int workers)
{
    pool->fork_refused = false;
    process_pool_forget_failures(pool);
    if (workers <= pool->worker_count)
        return SQLITE_OK;
    PoolWorker **grown = realloc(pool->workers, (size_t)workers * sizeof(PoolWorker *));
    if (!grown)
        return SQLITE_NOMEM;
    for (int i = pool->worker_count; i < workers; i++)
        grown[i] = NULL;
    pool->workers = grown;
    pool->worker_count = workers;
    return SQLITE_OK;
}

bool process_pool_is_complete(const ProcessPool *pool)
{
    return pool->zygote.state != ZYGOTE_NONE && process_pool_is_full(pool);
}

bool process_pool_is_full(const ProcessPool *pool)
{
    return pool->live == pool->worker_count;
}

int process_pool_live(const ProcessPool *pool)
{
    return pool->live;
}

void process_pool_forget_failures(ProcessPool *pool)
{
    pool->failed_starts = pool->failed_zygotes = 0;
}

const char *process_pool_error(const ProcessPool *pool)
{
    return pool->error.text[0] ? pool->error.text
                               : "parallel_map: all worker processes were killed while they started";
}

Bell *process_pool_bell(const ProcessPool *pool)
{
    return pool->control ? &pool->control->bell : NULL;
}

/* ---- workers ---- */

static PoolWorker *create_worker(ProcessPool *pool, int index)
{
    uint32_t region = pool->next_region;
    if (region >= CHANNEL_REGIONS - EXECUTOR_WORKERS_MAX) {
        pool_set_error(&pool->error, "parallel_map: this pool has started too many worker processes: open a "
                                     "new connection");
        return NULL;
    }
    PoolWorker *worker = calloc(1, sizeof *worker);
    if (!worker ||
        window_allocate(pool->memory, channel_region_offset(region), 0, sizeof(ChannelControl)) !=
            SQLITE_OK ||
        channel_map(&worker->channel, pool->memory, region) != SQLITE_OK) {
        pool_set_error(&pool->error, "parallel_map: no memory for another worker process: %s",
                       strerror(errno));
        free(worker);
        return NULL;
    }
    pool->next_region++;
    worker->index = index;
    worker->channel.control->index = (uint32_t)index;
    worker_set_add(&pool->busy[0], index);
    for (int i = 0; i < CHANNEL_SLOTS; i++)
        worker->slots[i] = (PoolSlot){.worker = worker,
                                      .shared = &worker->channel.control->slots[i],
                                      .input = &worker->channel.inputs[i],
                                      .output = &worker->channel.outputs[i]};
    return worker;
}

static void free_worker(const ProcessPool *pool, PoolWorker *worker)
{
    channel_unmap(&worker->channel, pool->memory);
    free(worker);
}

static void free_list(const ProcessPool *pool, PoolWorker *list)
{
    while (list) {
        PoolWorker *next = list->next;
        free_worker(pool, list);
        list = next;
    }
}

/* Frees the retired workers of which no slot is used. */
static void free_retired(ProcessPool *pool)
{
    for (PoolWorker **link = &pool->retired; *link;) {
        PoolWorker *worker = *link;
        if (worker->used) {
            link = &worker->next;
        } else {
            *link = worker->next;
            free_worker(pool, worker);
        }
    }
}

bool worker_kill_is_due(const PoolWorker *worker)
{
    return worker->kill_reason == KILL_TIMED_OUT || worker->kill_reason == KILL_STUCK;
}

pid_t process_pool_pid(const PoolWorker *worker)
{
    return worker->pid ? worker->pid : atomic_load(&worker->channel.control->pid);
}

/* Takes out a worker that is gone. `status`: as the zygote has it from waitpid; NULL: it reaped no such
 * process. */
static void lose_worker(ProcessPool *pool, int index, const int *status)
{
    PoolWorker *worker = pool->workers[index];
    pool->workers[index] = NULL;
    worker_set_remove(&pool->busy[worker->unfinished], index);
    pool->live--;
    if (worker->pid)
        pool->forked--;
    if (!worker->used) {
        free_worker(pool, worker);
        return;
    }
    bool died = status && worker->kill_reason == KILL_NONE && clock_ns() > worker->confirm_by;
    worker->lost = true;
    worker->end = (WorkerEnd){.counts = died || worker_kill_is_due(worker),
                              .timed_out = worker->kill_reason == KILL_TIMED_OUT,
                              .status = status ? *status : SIGKILL};
    PoolWorker **link = &pool->lost;
    while (*link)
        link = &(*link)->next;
    worker->next = NULL;
    *link = worker;
}

PoolWorker *process_pool_take_lost(ProcessPool *pool)
{
    free_retired(pool);
    PoolWorker *worker = pool->lost;
    if (worker) {
        pool->lost = worker->next;
        worker->next = pool->retired;
        pool->retired = worker;
    }
    return worker;
}

/* ---- the zygote's end ---- */

static void drop_zygote(ProcessPool *pool)
{
    bool inherits = zygote_link_inherits_orphans();
    zygote_link_drop(&pool->zygote);
    for (int i = 0; inherits && i < pool->worker_count; i++) {
        pid_t pid = pool->workers[i] ? process_pool_pid(pool->workers[i]) : 0;
        if (pid > 0)
            zygote_link_reap_orphan(pid);
    }
}

/* The zygote is gone or of no use: so are all workers. */
static void lose_zygote(ProcessPool *pool)
{
    pool->failed_zygotes++;
    drop_zygote(pool);
    for (int i = 0; i < pool->worker_count; i++)
        if (pool->workers[i])
            lose_worker(pool, i, NULL);
}

void process_pool_kill_zygote(ProcessPool *pool)
{
    pool_set_error(&pool->error,
                   "parallel_map: the process that starts the worker processes did not respond");
    lose_zygote(pool);
}

/* ---- messages of the zygote ---- */

static void receive_fork(ProcessPool *pool, PoolWorker *worker, const ZygoteMessage *message)
{
    if (message->kind == MESSAGE_FORKED) {
        if (!worker->pid)
            pool->forked++;
        worker->pid = message->pid > 0 ? message->pid : -1;
        return;
    }
    pool->fork_refused = true;
    pool_set_error(&pool->error, "parallel_map: cannot start a worker process: fork: %s%s",
                   strerror(message->status), messages_fork_advice(message->status));
    lose_worker(pool, worker->index, NULL);
}

static void receive_death(ProcessPool *pool, PoolWorker *worker, const ZygoteMessage *message)
{
    int status = message->status;
    bool stuck = worker->kill_reason == KILL_STUCK;
    if (!atomic_load(&worker->channel.control->ready) && (stuck || worker->kill_reason == KILL_NONE)) {
        pool->failed_starts++;
        if (stuck)
            pool_set_error(&pool->error,
                           "parallel_map: worker processes do not get ready: each hung while it "
                           "started, and was killed");
        else if (WIFSIGNALED(status))
            pool_set_error(&pool->error,
                           "parallel_map: worker processes end as soon as they start: killed by signal %d",
                           WTERMSIG(status));
        else
            pool_set_error(&pool->error,
                           "parallel_map: worker processes end as soon as they start: exit status %d",
                           WEXITSTATUS(status));
    }
    lose_worker(pool, worker->index, &status);
}

/* Handles one message. False where this zygote cannot be worked with. */
static bool handle_message(ProcessPool *pool, const Message *message, int descriptor)
{
    if (pool->zygote.state == ZYGOTE_STARTING)
        return zygote_link_welcome(&pool->zygote, message, descriptor, &pool->error);
    if (descriptor >= 0)
        close(descriptor);
    const ZygoteMessage *news = &message->zygote;
    if (message->kind < MESSAGE_FORKED || message->kind > MESSAGE_DEAD ||
        news->index >= (uint32_t)pool->worker_count)
        return true;
    PoolWorker *worker = pool->workers[news->index];
    if (!worker || worker->channel.region != news->region)
        return true;
    if (message->kind == MESSAGE_DEAD)
        receive_death(pool, worker, news);
    else
        receive_fork(pool, worker, news);
    return true;
}

/* Sets the error for a zygote that sends nothing any more: `failure` is 0 at the end of the socket, or the
   errno of the receiving. */
static void note_silence(ProcessPool *pool, int failure)
{
    bool ready = pool->zygote.state == ZYGOTE_READY;
    /* A zygote that closes its socket before it has answered may have been killed once; if that happens twice
       in a row the program is not pricemap-worker. */
    pool->zygote_killed = ready || (!failure && !pool->failed_zygotes);
    if (failure && failure != EAGAIN)
        pool_set_error(&pool->error,
                       "parallel_map: cannot receive from the process that starts the worker processes: %s",
                       strerror(failure));
    else if (ready)
        pool_set_error(&pool->error, "parallel_map: the process that starts the worker processes was killed");
    else if (failure)
        pool_set_error(&pool->error, "parallel_map: %s did not answer within %d s: %s", pool->program.path,
                       zygote_link_hello_seconds(&pool->zygote),
                       pool->program.needs ? "a module may take long to import" : "is it pricemap-worker?");
    else
        pool_set_error(&pool->error, "parallel_map: %s ended before it answered: %s", pool->program.path,
                       pool->program.needs ? pool->program.needs : "is it pricemap-worker?");
}

void process_pool_check(ProcessPool *pool)
{
    while (pool->zygote.state != ZYGOTE_NONE) {
        Message message;
        int descriptor;
        ssize_t size = zygote_link_receive(&pool->zygote, &message, &descriptor);
        int failure = size < 0 ? errno : 0;
        if (size > 0) {
            if (!handle_message(pool, &message, descriptor))
                lose_zygote(pool);
            continue;
        }
        if (failure == EAGAIN && !zygote_link_is_over(&pool->zygote))
            return;
        note_silence(pool, failure);
        lose_zygote(pool);
    }
}

/* ---- starting and killing workers ---- */

static bool create_memory(ProcessPool *pool)
{
    if (pool->control)
        return true;
    int memory = channel_memory_create();
    if (memory == -EFBIG) {
        pool_set_error(&pool->error,
                       "parallel_map: worker processes need shared memory, which the limit on file sizes "
                       "forbids: raise it (ulimit -f unlimited)");
        return false;
    }
    void *control = MAP_FAILED;
    if (memory < 0)
        errno = -memory;
    else if (window_allocate(memory, 0, 0, sizeof *pool->control) == SQLITE_OK)
        control = mmap(NULL, sizeof *pool->control, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (control == MAP_FAILED) {
        /* Closing would change errno. */
        pool_set_error(&pool->error, "parallel_map: no shared memory for worker processes: %s",
                       strerror(errno));
        if (memory >= 0)
            close(memory);
        return false;
    }
    pool->memory = memory;
    pool->control = control;
    return true;
}

/*
 * Makes channels for the missing workers in a row from *index on, and has the zygote fork their processes.
 * *index becomes the index after them. False, with an error set, where no more can be had.
 */
static bool fill_row(ProcessPool *pool, int *index)
{
    int first = *index, end = first;
    HostMessage message = {.kind = MESSAGE_FORK, .index = (uint32_t)first, .region = pool->next_region};
    for (; end < pool->worker_count && !pool->workers[end]; end++) {
        pool->workers[end] = create_worker(pool, end);
        if (!pool->workers[end])
            break;
        pool->live++;
    }
    bool complete = end == pool->worker_count || pool->workers[end];
    message.count = (uint32_t)(end - first);
    *index = end;
    int failure = end > first ? zygote_link_send(&pool->zygote, &message) : 0;
    if (failure) {
        pool_set_error(&pool->error,
                       "parallel_map: the process that starts the worker processes cannot be reached: %s",
                       strerror(failure));
        for (int i = first; i < end; i++)
            lose_worker(pool, i, NULL);
    }
    return complete && !failure;
}

static bool start_zygote(ProcessPool *pool)
{
    return pool->failed_zygotes < POOL_ZYGOTES_MAX && create_memory(pool) &&
           zygote_link_start(&pool->zygote, pool->memory, &pool->error);
}

bool process_pool_fill(ProcessPool *pool)
{
    while (pool->zygote.state != ZYGOTE_NONE || start_zygote(pool)) {
        bool filled = pool->failed_starts < POOL_STARTS_MAX && !pool->fork_refused;
        for (int i = 0; filled && i < pool->worker_count && pool->live < pool->worker_count;) {
            if (pool->workers[i])
                i++;
            else
                filled = fill_row(pool, &i);
        }
        if (filled)
            return pool->live > 0;
        /* The zygote may be gone: then another one may do. */
        process_pool_check(pool);
        if (pool->zygote.state != ZYGOTE_NONE)
            return pool->live > 0;
    }
    return false;
}

static bool any_ready(const ProcessPool *pool)
{
    for (int i = 0; i < pool->worker_count; i++)
        if (pool->workers[i] && atomic_load(&pool->workers[i]->channel.control->ready))
            return true;
    return false;
}

/* A short sleep until the zygote sends a message, or a worker gets ready. */
static void nap(ProcessPool *pool)
{
    const ZygoteLink *zygote = &pool->zygote;
    if (!pool->forked) {
        struct pollfd watched[] = {{.fd = zygote->socket, .events = POLLIN},
                                   {.fd = zygote->process, .events = POLLIN}};
        poll(watched, 2, 100);
        return;
    }
    Bell *bell = &pool->control->bell;
    unsigned rung = bell_listen(bell);
    struct pollfd news = {.fd = zygote->socket, .events = POLLIN};
    if (!any_ready(pool) && poll(&news, 1, 0) == 0)
        bell_sleep(bell, rung, NAP_NANOSECONDS);
    bell_wake(bell);
}

/* Waits until the zygote has answered and the first worker is ready. False, with an error set, when none will
 * be. */
static bool await_ready(ProcessPool *pool)
{
    int64_t end = clock_ns() + (int64_t)zygote_link_hello_seconds(&pool->zygote) * 1000000000;
    for (;;) {
        process_pool_check(pool);
        if (pool->zygote.state == ZYGOTE_NONE || !pool->live)
            return false;
        if (pool->zygote.state == ZYGOTE_READY && pool->forked && any_ready(pool))
            return true;
        pool->given_up = pool->give_up && pool->give_up(pool->give_up_arg);
        if (pool->given_up) {
            lose_zygote(pool);
            return false;
        }
        nap(pool);
        if (pool->zygote.state == ZYGOTE_READY && clock_ns() > end) {
            process_pool_kill_zygote(pool);
            return false;
        }
    }
}

bool process_pool_start(ProcessPool *pool)
{
    /* Tries again where a worker or the zygote had died unnoticed before, and where all workers died at their
       start. A zygote that never answered is not tried again; one that was killed may be replaced. */
    bool started = false;
    pool->given_up = false;
    for (int tries = 0; tries < POOL_ZYGOTES_MAX && !(started && pool->live == pool->worker_count); tries++) {
        bool was_there = pool->zygote.state != ZYGOTE_NONE;
        started = process_pool_fill(pool) && await_ready(pool);
        bool all_died = pool->zygote.state == ZYGOTE_READY && !pool->live && !pool->fork_refused;
        if (pool->given_up)
            break;
        if (!started && !was_there && !pool->zygote_killed && !all_died)
            break;
    }
    return started;
}

void process_pool_kill(ProcessPool *pool, PoolWorker *worker, const PoolSlot *slot, KillReason reason,
                       int milliseconds)
{
    HostMessage message = {.kind = MESSAGE_KILL,
                           .region = worker->channel.region,
                           .slot = slot ? (int32_t)(slot - worker->slots) : -1,
                           .milliseconds = milliseconds,
                           .sequence = slot ? slot->shared->sequence : 0};
    worker->kill_reason = reason;
    int64_t now = clock_ns();
    worker->gone_by = now + (int64_t)(milliseconds + KILL_GRACE_MILLISECONDS) * 1000000;
    worker->confirm_by = now + (int64_t)(milliseconds + CONFIRM_MILLISECONDS) * 1000000;
    /* Where the socket is full the zygote does not read; then gone_by passes and the zygote is replaced. */
    zygote_link_send(&pool->zygote, &message);
}

/* ---- news, idle times and ended scans ---- */

bool process_pool_has_news(ProcessPool *pool)
{
    unsigned news = pool->control ? atomic_load(&pool->control->zygote_news) : pool->seen_news;
    bool any = news != pool->seen_news;
    pool->seen_news = news;
    return any;
}

void process_pool_take_done(const ProcessPool *pool, WorkerSet *done)
{
    for (int i = 0; i < WORKER_SET_WORDS; i++) {
        atomic_ullong *word = pool->control ? &pool->control->done[i] : NULL;
        done->words[i] = word && atomic_load(word) ? atomic_exchange(word, 0) : 0;
    }
}

void process_pool_await(const ProcessPool *pool, const PoolSlot *slot)
{
    uint64_t name =
        slot ? channel_slot_name(slot->worker->channel.region, (int)(slot - slot->worker->slots)) : 0;
    if (pool->control && atomic_load(&pool->control->awaited) != name)
        atomic_store(&pool->control->awaited, name);
}

void process_pool_set_spin(const ProcessPool *pool, bool may_spin)
{
    if (pool->control && atomic_load(&pool->control->may_spin) != may_spin)
        atomic_store(&pool->control->may_spin, may_spin);
}

void process_pool_set_idle_end(ProcessPool *pool, int64_t idle_end_ns)
{
    free_retired(pool);
    if (pool->control)
        atomic_store(&pool->control->idle_end_ns, idle_end_ns);
}

void process_pool_end_scan(ProcessPool *pool, uint64_t scan)
{
    if (!pool->control)
        return;
    ended_scans_add(&pool->control->ended, scan);
    pool->ended_ns = clock_ns();
    for (int i = 0; i < pool->worker_count; i++)
        if (pool->workers[i] && pool->workers[i]->last_scan)
            bell_ring(&pool->workers[i]->channel.control->bell);
}

/* ---- the end ---- */

static void end_zygote(ProcessPool *pool)
{
    if (pool->zygote.state == ZYGOTE_STARTING) {
        /* Only the answer brings the means to end the zygote for certain. */
        struct pollfd answer = {.fd = pool->zygote.socket, .events = POLLIN};
        poll(&answer, 1, FAREWELL_MILLISECONDS);
        process_pool_check(pool);
    }
    if (pool->zygote.state != ZYGOTE_NONE) {
        zygote_link_end(&pool->zygote);
        drop_zygote(pool);
    }
}

void process_pool_close(ProcessPool *pool)
{
    if (pool->owner == getpid())
        end_zygote(pool);
    zygote_link_close_copy(&pool->zygote);
    int memory = pool->memory;
    /* From here on no memory is given back piece by piece: closing gives back all of it. */
    pool->memory = -1;
    for (int i = 0; i < pool->worker_count; i++)
        if (pool->workers[i])
            free_worker(pool, pool->workers[i]);
    free_list(pool, pool->lost);
    free_list(pool, pool->retired);
    if (pool->control)
        munmap(pool->control, sizeof *pool->control);
    if (memory >= 0)
        close(memory);
    free(pool->workers);
    free(pool->sqlite_path);
    worker_program_free(&pool->program);
    *pool = (ProcessPool){.memory = -1};
    zygote_link_init(&pool->zygote, NULL, NULL);
}
