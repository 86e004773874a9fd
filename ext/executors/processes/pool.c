#include "ext/executors/processes/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/descriptors.h"
#include "ext/executors/executor.h"
#include "ext/executors/processes/zygote_link.h"

enum {
    FAREWELL_MILLISECONDS = 100, /* for the zygote to end all and itself; then it is killed */
    PARDON_MILLISECONDS = 50,
    NAP_NANOSECONDS = 5000000,
    ADOPTED_LOOKS = 200,
    KILL_GRACE_MILLISECONDS = 2000, /* for the zygote to report the end of a worker that it was to kill */
};

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

int process_pool_init(ProcessPool *pool, const char *worker_path, const char *sqlite_path, ChannelLost *lost,
                      void *receiver)
{
    *pool = (ProcessPool){.memory = -1,
                          .socket = -1,
                          .zygote = -1,
                          .starter_fd = -1,
                          .owner = getpid(),
                          .next_region = 1,
                          .lost = lost,
                          .receiver = receiver,
                          .worker_path = strdup(worker_path),
                          .sqlite_path = strdup(sqlite_path)};
    if (pool->worker_path && pool->sqlite_path)
        return SQLITE_OK;
    free(pool->worker_path);
    free(pool->sqlite_path);
    return SQLITE_NOMEM;
}

void process_pool_set_error(ProcessPool *pool, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(pool->error, sizeof pool->error, format, arguments);
    va_end(arguments);
}

int process_pool_grow(ProcessPool *pool, int places)
{
    pool->fork_refused = false;
    if (places <= pool->place_count)
        return SQLITE_OK;
    Channel **grown = realloc(pool->places, (size_t)places * sizeof(Channel *));
    if (!grown)
        return SQLITE_NOMEM;
    for (int i = pool->place_count; i < places; i++)
        grown[i] = NULL;
    pool->places = grown;
    pool->place_count = places;
    return SQLITE_OK;
}

/* ---- channels ---- */

static Channel *channel_create(ProcessPool *pool, int place)
{
    uint32_t region = pool->next_region;
    uint64_t offset = channel_region_offset(region);
    if (region >= CHANNEL_REGIONS - EXECUTOR_WORKERS_MAX) {
        process_pool_set_error(
            pool, "parallel_map: this pool has started too many worker processes: open a new connection");
        return NULL;
    }
    Channel *channel = calloc(1, sizeof *channel);
    void *control = MAP_FAILED;
    if (channel && window_allocate(pool->memory, offset, 0, sizeof *channel->control) == SQLITE_OK)
        control = mmap(NULL, sizeof *channel->control, PROT_READ | PROT_WRITE, MAP_SHARED, pool->memory,
                       (off_t)offset);
    if (control == MAP_FAILED) {
        process_pool_set_error(pool, "parallel_map: no memory for another worker process: %s",
                               strerror(errno));
        free(channel);
        return NULL;
    }
    pool->next_region++;
    channel->control = control;
    channel->region = region;
    channel->place = place;
    for (int i = 0; i < CHANNEL_SLOTS; i++)
        channel->slots[i] = (Slot){.channel = channel,
                                   .shared = &channel->control->slots[i],
                                   .input.offset = channel_input_offset(region, i),
                                   .output.offset = channel_output_offset(region, i)};
    return channel;
}

pid_t process_pool_pid(const Channel *channel)
{
    return channel->pid ? channel->pid : atomic_load(&channel->control->pid);
}

static void channel_destroy(ProcessPool *pool, Channel *channel)
{
    for (int i = 0; i < CHANNEL_SLOTS; i++) {
        window_trim(&channel->slots[i].input, -1, 0);
        window_trim(&channel->slots[i].output, -1, 0);
    }
    munmap(channel->control, sizeof *channel->control);
    if (pool->memory >= 0)
        channel_region_discard(pool->memory, channel->region);
    free(channel);
}

/* Takes a lost channel that no slot is used of out of the list. */
static void destroy_retired(ProcessPool *pool, Channel *channel)
{
    for (Channel **link = &pool->retired; *link; link = &(*link)->next)
        if (*link == channel) {
            *link = channel->next;
            channel_destroy(pool, channel);
            return;
        }
}

static bool any_given_up(const Channel *channel)
{
    for (int i = 0; i < CHANNEL_SLOTS; i++)
        if (channel->slots[i].used && !channel->slots[i].task)
            return true;
    return false;
}

/* How much a worker has to do; fewer is better, and so is being awake. */
static int load_of(Channel *channel)
{
    int load = atomic_load(&channel->control->bell.sleeping) ? 1 : 0;
    for (int i = 0; channel->used && i < CHANNEL_SLOTS; i++)
        if (channel->slots[i].used && atomic_load(&channel->slots[i].shared->state) != SLOT_DONE)
            load += 2;
    return load;
}

Slot *process_pool_find_slot(ProcessPool *pool, int worker_limit)
{
    Channel *best = NULL;
    int best_load = 0;
    int places = worker_limit && worker_limit < pool->place_count ? worker_limit : pool->place_count;
    for (int i = 0; i < places; i++) {
        Channel *channel = pool->places[i];
        if (!channel || channel->used == CHANNEL_SLOTS || channel_is_condemned(channel))
            continue;
        int load = load_of(channel);
        if (!best || load < best_load) {
            best = channel;
            best_load = load;
        }
        if (best_load == 0)
            break;
    }
    for (int i = 0; best && i < CHANNEL_SLOTS; i++)
        if (!best->slots[i].used)
            return &best->slots[i];
    return NULL;
}

void process_pool_free_slot(ProcessPool *pool, Slot *slot)
{
    Channel *channel = slot->channel;
    slot->used = false;
    slot->task = NULL;
    channel->used--;
    if (channel->lost) {
        if (!channel->used)
            destroy_retired(pool, channel);
        return;
    }
    if (channel->verdict == VERDICT_UNWANTED && !any_given_up(channel))
        channel->verdict = VERDICT_NONE;
    if (slot->input.size > CHANNEL_KEEP_BYTES)
        window_trim(&slot->input, pool->memory, CHANNEL_KEEP_BYTES);
    bool large = atomic_load(&slot->shared->output_reserved) > CHANNEL_KEEP_BYTES;
    if (large || slot->output.size > CHANNEL_KEEP_BYTES) {
        window_trim(&slot->output, pool->memory, CHANNEL_KEEP_BYTES);
        atomic_store(&slot->shared->output_reserved, CHANNEL_KEEP_BYTES);
    }
    atomic_store(&slot->shared->state, SLOT_FREE);
}

static void lose_channel(ProcessPool *pool, int place, const WorkerEnd *end)
{
    Channel *channel = pool->places[place];
    pool->places[place] = NULL;
    pool->live--;
    if (channel->pid)
        pool->forked--;
    channel->lost = true;
    channel->used++; /* so that it outlives the receiver's visit */
    channel->next = pool->retired;
    pool->retired = channel;
    pool->lost(pool->receiver, channel, end);
    if (--channel->used == 0)
        destroy_retired(pool, channel);
}

/* ---- the zygote's end ---- */

/* A host that is init, or a subreaper, inherits the zygote and its workers: then it must reap them. */
static bool inherits_orphans(void)
{
    int reaper = 0;
    return getpid() == 1 || (prctl(PR_GET_CHILD_SUBREAPER, &reaper) == 0 && reaper);
}

static void reap_adopted(pid_t pid)
{
    /* Killed, but perhaps not gone yet: a few looks, a millisecond apart. */
    for (int look = 0; look < ADOPTED_LOOKS && waitpid(pid, NULL, WNOHANG) == 0; look++)
        poll(NULL, 0, 1);
}

static void drop_zygote(ProcessPool *pool)
{
    bool adopted = inherits_orphans();
    if (pool->socket >= 0)
        close(pool->socket);
    pool->socket = -1;
    if (pool->zygote >= 0) {
        process_signal(pool->zygote, SIGKILL);
        struct pollfd gone = {.fd = pool->zygote, .events = POLLIN};
        poll(&gone, 1, FAREWELL_MILLISECONDS);
        siginfo_t info;
        waitid(P_PIDFD, (id_t)pool->zygote, &info, WEXITED | WNOHANG);
        close(pool->zygote);
    } else if (adopted && pool->zygote_pid) {
        reap_adopted(pool->zygote_pid);
    }
    pool->zygote = -1;
    pool->zygote_pid = 0;
    zygote_link_reap(pool, pool->state == ZYGOTE_STARTING);
    pool->state = ZYGOTE_NONE;
    for (int i = 0; adopted && i < pool->place_count; i++) {
        const Channel *channel = pool->places[i];
        if (!channel)
            continue;
        pid_t worker = process_pool_pid(channel);
        if (worker > 0)
            reap_adopted(worker);
    }
}

/* The zygote is gone or of no use: so are all workers. */
static void lose_zygote(ProcessPool *pool)
{
    const WorkerEnd end = {.certain = false};
    pool->failed_zygotes++;
    drop_zygote(pool);
    for (int i = 0; i < pool->place_count; i++)
        if (pool->places[i])
            lose_channel(pool, i, &end);
}

void process_pool_kill_zygote(ProcessPool *pool)
{
    process_pool_set_error(pool,
                           "parallel_map: the process that starts the worker processes did not respond");
    lose_zygote(pool);
}

/* ---- what the zygote says ---- */

static void hear_fork(ProcessPool *pool, Channel *channel, const ZygoteMessage *message)
{
    if (message->kind == MESSAGE_FORKED) {
        if (!channel->pid)
            pool->forked++;
        channel->pid = message->pid > 0 ? message->pid : -1;
        return;
    }
    const WorkerEnd end = {.certain = false};
    pool->fork_refused = true;
    process_pool_set_error(pool, "parallel_map: cannot start a worker process: fork: %s%s",
                           strerror(message->status), channel_fork_advice(message->status));
    lose_channel(pool, channel->place, &end);
}

static void hear_death(ProcessPool *pool, Channel *channel, const ZygoteMessage *message)
{
    const WorkerEnd end = {.certain = true, .status = message->status};
    if (!atomic_load(&channel->control->ready) && channel->verdict == VERDICT_NONE) {
        pool->failed_starts++;
        if (WIFSIGNALED(end.status))
            process_pool_set_error(
                pool, "parallel_map: worker processes end as soon as they start: killed by signal %d",
                WTERMSIG(end.status));
        else
            process_pool_set_error(pool,
                                   "parallel_map: worker processes end as soon as they start: exit status %d",
                                   WEXITSTATUS(end.status));
    }
    lose_channel(pool, channel->place, &end);
}

/* Handles one message. False when there is no working with this zygote. */
static bool hear_message(ProcessPool *pool, const Message *message, int descriptor)
{
    if (pool->state == ZYGOTE_STARTING) {
        if (!zygote_link_fits(pool, message)) {
            if (descriptor >= 0)
                close(descriptor);
            return false;
        }
        pool->zygote = descriptor;
        pool->zygote_pid = message->welcome.pid;
        pool->state = ZYGOTE_READY;
        zygote_link_reap(pool, false);
        return true;
    }
    if (descriptor >= 0)
        close(descriptor);
    const ZygoteMessage *news = &message->zygote;
    if (message->kind < MESSAGE_FORKED || message->kind > MESSAGE_DEAD ||
        news->place >= (uint32_t)pool->place_count)
        return true;
    Channel *channel = pool->places[news->place];
    if (!channel || channel->region != news->region)
        return true;
    if (message->kind == MESSAGE_DEAD)
        hear_death(pool, channel, news);
    else
        hear_fork(pool, channel, news);
    return true;
}

/* Whether no more will come from a zygote whose socket is merely empty. */
static bool is_silent_for_good(const ProcessPool *pool)
{
    /* A copy of its end of the socket may be open in a process that the host forked in the wrong moment. */
    struct pollfd gone = {.fd = pool->zygote, .events = POLLIN};
    bool dead = pool->zygote >= 0 && poll(&gone, 1, 0) > 0;
    return dead || (pool->state == ZYGOTE_STARTING && clock_ns() > pool->hello_by);
}

/* Says why nothing is heard any more: `failure` is 0 at the end of the socket, or the errno of the receiving.
 */
static void note_silence(ProcessPool *pool, int failure)
{
    /* One that ends without a word may have been killed as well; one that does so twice is no
     * pricemap-worker. */
    pool->zygote_killed = pool->state == ZYGOTE_READY || (!failure && !pool->failed_zygotes);
    if (failure && failure != EAGAIN)
        process_pool_set_error(
            pool, "parallel_map: the process that starts the worker processes cannot be heard: %s",
            strerror(failure));
    else if (pool->state == ZYGOTE_READY)
        process_pool_set_error(pool, "parallel_map: the process that starts the worker processes was killed");
    else if (failure)
        process_pool_set_error(pool, "parallel_map: %s did not answer within %d s: is it pricemap-worker?",
                               pool->worker_path, HELLO_SECONDS);
    else
        process_pool_set_error(pool, "parallel_map: %s ended before it answered: is it pricemap-worker?",
                               pool->worker_path);
}

void process_pool_hear(ProcessPool *pool)
{
    while (pool->state != ZYGOTE_NONE) {
        Message message;
        int descriptors[CHANNEL_DESCRIPTORS_MAX] = {-1, -1};
        int count = 0;
        ssize_t size = channel_receive(pool->socket, &message, descriptors, &count);
        for (int i = 1; i < count; i++)
            close(descriptors[i]);
        if (size > 0) {
            if (!hear_message(pool, &message, count > 0 ? descriptors[0] : -1))
                lose_zygote(pool);
            continue;
        }
        int failure = size < 0 ? errno : 0;
        if (failure == EAGAIN && !is_silent_for_good(pool))
            return;
        note_silence(pool, failure);
        lose_zygote(pool);
    }
}

/* ---- starting and killing workers ---- */

/*
 * Makes channels for the run of empty places that begins at *place, and asks for their workers. *place
 * becomes the place after it. False when no more can be had: `error` says why.
 */
static bool fill_run(ProcessPool *pool, int *place)
{
    const WorkerEnd never = {.certain = false};
    int first = *place, end = first;
    HostMessage message = {.kind = MESSAGE_FORK, .place = (uint32_t)first, .region = pool->next_region};
    for (; end < pool->place_count && !pool->places[end]; end++) {
        pool->places[end] = channel_create(pool, end);
        if (!pool->places[end])
            break;
        pool->live++;
    }
    bool complete = end == pool->place_count || pool->places[end];
    message.count = (uint32_t)(end - first);
    *place = end;
    int failure = end > first ? channel_send(pool->socket, &message, sizeof message, NULL, 0) : 0;
    if (failure) {
        process_pool_set_error(
            pool, "parallel_map: the process that starts the worker processes cannot be reached: %s",
            strerror(failure));
        for (int i = first; i < end; i++)
            lose_channel(pool, i, &never);
    }
    return complete && !failure;
}

bool process_pool_fill(ProcessPool *pool)
{
    for (;;) {
        if (pool->state == ZYGOTE_NONE &&
            (pool->failed_zygotes >= POOL_ZYGOTES_MAX || !zygote_link_start(pool)))
            return false;
        bool filled = pool->failed_starts < POOL_STARTS_MAX && !pool->fork_refused;
        for (int place = 0; filled && place < pool->place_count && pool->live < pool->place_count;) {
            if (pool->places[place])
                place++;
            else
                filled = fill_run(pool, &place);
        }
        if (filled)
            return pool->live > 0;
        /* Perhaps because the zygote is gone: then there may be another one. */
        process_pool_hear(pool);
        if (pool->state != ZYGOTE_NONE)
            return pool->live > 0;
    }
}

static bool any_ready(const ProcessPool *pool)
{
    for (int i = 0; i < pool->place_count; i++)
        if (pool->places[i] && atomic_load(&pool->places[i]->control->ready))
            return true;
    return false;
}

/* A short sleep until the zygote says something, or a worker gets ready. */
static void nap(ProcessPool *pool)
{
    if (!pool->forked) {
        struct pollfd watched[] = {{.fd = pool->socket, .events = POLLIN},
                                   {.fd = pool->zygote, .events = POLLIN}};
        poll(watched, 2, 100);
        return;
    }
    Bell *bell = &pool->control->bell;
    unsigned rung = bell_listen(bell);
    struct pollfd news = {.fd = pool->socket, .events = POLLIN};
    if (!any_ready(pool) && poll(&news, 1, 0) == 0)
        bell_sleep(bell, rung, NAP_NANOSECONDS);
    bell_wake(bell);
}

bool process_pool_await(ProcessPool *pool)
{
    int64_t end = clock_ns() + (int64_t)HELLO_SECONDS * 1000000000;
    for (;;) {
        process_pool_hear(pool);
        if (pool->state == ZYGOTE_NONE || !pool->live)
            return false;
        if (pool->state == ZYGOTE_READY && pool->forked && any_ready(pool))
            return true;
        nap(pool);
        if (pool->state == ZYGOTE_READY && clock_ns() > end) {
            process_pool_kill_zygote(pool);
            return false;
        }
    }
}

void process_pool_kill(ProcessPool *pool, Channel *channel, const Slot *slot, ChannelVerdict verdict,
                       int milliseconds)
{
    HostMessage message = {.kind = MESSAGE_KILL,
                           .region = channel->region,
                           .slot = slot ? (int32_t)(slot - channel->slots) : -1,
                           .milliseconds = milliseconds,
                           .sequence = slot ? slot->shared->sequence : 0};
    channel->verdict = verdict;
    int64_t now = clock_ns();
    channel->gone_by = now + (int64_t)(milliseconds + KILL_GRACE_MILLISECONDS) * 1000000;
    channel->pardon_until = now + (int64_t)(milliseconds + PARDON_MILLISECONDS) * 1000000;
    /* Where the socket is full the zygote does not read; then gone_by passes and the zygote is replaced. */
    channel_send(pool->socket, &message, sizeof message, NULL, 0);
}

void process_pool_close(ProcessPool *pool)
{
    bool ours = pool->owner == getpid();
    if (ours && pool->state == ZYGOTE_STARTING) {
        /* Only with its answer comes the means to end it for certain. */
        struct pollfd answer = {.fd = pool->socket, .events = POLLIN};
        poll(&answer, 1, FAREWELL_MILLISECONDS);
        process_pool_hear(pool);
    }
    if (ours && pool->state != ZYGOTE_NONE) {
        HostMessage message = {.kind = MESSAGE_END};
        channel_send(pool->socket, &message, sizeof message, NULL, 0);
        shutdown(pool->socket, SHUT_WR);
        struct pollfd gone[] = {{.fd = pool->zygote, .events = POLLIN}, {.fd = pool->socket, .events = 0}};
        for (int64_t end = clock_ns() + (int64_t)FAREWELL_MILLISECONDS * 1000000; clock_ns() < end;)
            if (poll(gone, 2, FAREWELL_MILLISECONDS) >= 0 || errno != EINTR)
                break;
        drop_zygote(pool);
    } else {
        /* A forked copy of the host has copies of the descriptors and nothing else. */
        int descriptors[] = {pool->socket, pool->zygote, pool->starter_fd};
        for (int i = 0; i < 3; i++)
            if (descriptors[i] >= 0)
                close(descriptors[i]);
    }
    int memory = pool->memory;
    pool->memory = -1; /* what follows need not give memory back piece by piece */
    for (int i = 0; i < pool->place_count; i++)
        if (pool->places[i])
            channel_destroy(pool, pool->places[i]);
    while (pool->retired) {
        Channel *next = pool->retired->next;
        channel_destroy(pool, pool->retired);
        pool->retired = next;
    }
    if (pool->control)
        munmap(pool->control, sizeof *pool->control);
    if (memory >= 0)
        close(memory);
    free(pool->places);
    free(pool->worker_path);
    free(pool->sqlite_path);
    *pool = (ProcessPool){.memory = -1, .socket = -1, .zygote = -1, .starter_fd = -1};
}
