#include "ext/executors/mpi/job.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/descriptors.h"
#include "ext/channel/host_sqlite.h"
#include "ext/executors/mpi/last_words.h"
#include "ext/executors/processes/launch.h"
#include "ext/executors/processes/zygote_link.h"

enum {
    /* Seconds that the launcher and all ranks have to get ready: a hang reaches it, and a launcher that
       waits for ever for a machine that is not there, as MPICH's does. Then the guard has so many seconds to
       end the launcher, and to hand over its last words. */
    START_SECONDS = 60,
    WORDS_SECONDS = 10,
    RANKS_MAX = 65536,
};

__attribute__((format(printf, 2, 3))) static void fail(Job *job, const char *format, ...)
{
    va_list arguments;
    if (job->state == JOB_FAILED)
        return;
    va_start(arguments, format);
    vsnprintf(job->error, sizeof job->error, format, arguments);
    va_end(arguments);
    job->state = JOB_FAILED;
}

void job_init(Job *job)
{
    *job = (Job){.guard = -1, .listening = -1, .stream = {.socket = -1}, .lost_rank = -1};
    for (int i = 0; i < JOB_CALLERS; i++)
        job->callers[i].socket = -1;
    program_files_init(&job->files);
}

/* ---- the beginning ---- */

static bool make_cookie(char *cookie)
{
    unsigned char bytes[(FRAME_COOKIE_BYTES - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(cookie + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

static int send_order(Job *job, int socket, const JobStart *start)
{
    const JobCommand *command = start->command;
    const MachineSettings *settings = start->settings;
    GuardOrder *order = calloc(1, sizeof *order);
    if (!order)
        return ENOMEM;
    order->kind = GUARD_ORDER;
    order->protocol = GUARD_PROTOCOL;
    order->local = command->local;
    order->by_shell = command->by_shell;
    snprintf(order->address, sizeof order->address, "%s", settings->address ? settings->address : "");
    snprintf(order->left_folder, sizeof order->left_folder, "%s", start->left_folder);
    memcpy(order->cookie, job->cookie, sizeof order->cookie);
    memcpy(order->command, command->words, command->size);
    order->command_size = command->size;
    int self = descriptor_of_process(getpid());
    int failure = messages_send(socket, order, sizeof *order, &self, 1);
    if (self >= 0)
        close(self);
    free(order);
    return failure;
}

/* Starts the guard with its end of a socket. 0, or an errno. */
static int start_guard(Job *job, const JobStart *start)
{
    char *arguments[] = {(char *)(uintptr_t) "pricemap-worker", (char *)(uintptr_t) "--guard", NULL};
    const WorkerProgram program = {.path = (char *)(uintptr_t)start->guard, .arguments = arguments};
    int ends[2];
    int failure = descriptor_pair(ends);
    if (!failure)
        failure = send_order(job, ends[0], start);
    if (!failure)
        failure = launch_program(&program, ends[1], &job->starter);
    if (failure)
        job->starter = 0;
    if (ends[1] >= 0)
        close(ends[1]);
    if (!failure)
        job->guard = ends[0];
    else if (ends[0] >= 0)
        close(ends[0]);
    return failure;
}

/* A job with modules of the user's has the time to import them as well. */
static int ready_seconds(const Job *job)
{
    return START_SECONDS + (job->program ? IMPORT_SECONDS : 0);
}

static void set_ready_by(Job *job)
{
    job->ready_by = clock_ns() + (int64_t)ready_seconds(job) * 1000000000;
}

void job_start(Job *job, const JobStart *start)
{
    job_init(job);
    job->state = JOB_LAUNCHED;
    job->owner = getpid();
    job->wanted = start->workers;
    job->program = start->program;
    job->heartbeat_seconds = start->settings->heartbeat_seconds;
    set_ready_by(job);
    if (!make_cookie(job->cookie)) {
        fail(job, "parallel_map: no random numbers: %s", strerror(errno));
        return;
    }
    int failure = start_guard(job, start);
    if (failure)
        fail(job, "parallel_map: cannot start %s, which watches the MPI launcher: %s", start->guard,
             strerror(failure));
    failure = job->program ? program_files_request(&job->files, job->program) : 0;
    if (failure)
        fail(job, "parallel_map: cannot start %s, whose modules the ranks have to have: %s",
             job->program->path, strerror(failure));
}

/* Bytes of the words of a program, its path and then its arguments, which are written to `into` unless that
   is NULL. */
static size_t write_program(const WorkerProgram *program, unsigned char *into)
{
    const char *word = program->path;
    size_t used = 0;
    for (char **next = program->arguments; word; word = *next++) {
        size_t size = strlen(word) + 1;
        if (into)
            memcpy(into + used, word, size);
        used += size;
    }
    return used;
}

/* The frame that starts all ranks; NULL when out of memory. */
static Frame *start_frame(const Job *job, const char *library)
{
    size_t words = job->program ? write_program(job->program, NULL) : 0;
    Frame *frame = frame_create(FRAME_START, FRAME_ALL_RANKS, 0, sizeof(RankStart) + words + job->files.size);
    if (!frame)
        return NULL;
    RankStart *start = (RankStart *)(void *)frame->bytes;
    memset(start, 0, sizeof *start);
    start->workers = job->wanted ? (job->wanted + job->rank_count - 1) / job->rank_count : 0;
    start->heartbeat_seconds = job->heartbeat_seconds;
    snprintf(start->source_id, sizeof start->source_id, "%s", sqlite3_sourceid());
    snprintf(start->sqlite_path, sizeof start->sqlite_path, "%s", library);
    start->has_table = *library && host_sqlite_table_offset(&start->table_offset);
    start->program_bytes = words;
    start->files_bytes = job->files.size;
    if (job->program) {
        snprintf(start->needs, sizeof start->needs, "%s", job->program->needs ? job->program->needs : "");
        write_program(job->program, frame->bytes + sizeof *start);
        memcpy(frame->bytes + sizeof *start + words, job->files.list, job->files.size);
    }
    return frame;
}

/* Sends all ranks what they need for their workers, and waits for each to be ready. */
static void send_start(Job *job)
{
    char *library = launch_sqlite_path();
    job->state = JOB_CONNECTED;
    job->ready_count = 0;
    set_ready_by(job);
    for (int i = 0; i < job->rank_count; i++)
        job->ranks[i].workers = 0;
    job_send(job, library ? start_frame(job, library) : NULL);
    free(library);
}

/* Starts the ranks once all have greeted and the files that they have to have are known. */
static void start_ranks(Job *job)
{
    if (job->state == JOB_GREETED && job->greeted_count == job->rank_count &&
        (!job->program || job->files.whole))
        send_start(job);
}

static void hear_files(Job *job)
{
    char error[JOB_ERROR_SIZE / 2];
    int heard = program_files_hear(&job->files, error, sizeof error);
    if (heard < 0)
        fail(job, "parallel_map: %s (on this machine, whose modules the ranks have to have): %s",
             job->program->path, error);
    if (heard > 0)
        start_ranks(job);
}

void job_resize(Job *job, int workers)
{
    job->wanted = workers;
    send_start(job);
}

/* ---- what comes from the guard ---- */

static void note_end(Job *job, const GuardReply *reply)
{
    char words[JOB_ERROR_SIZE / 2];
    const char *remedy = last_words_read(reply->words, words, sizeof words);
    char how[64] = "";
    if (WIFSIGNALED(reply->status))
        snprintf(how, sizeof how, "killed by signal %d", WTERMSIG(reply->status));
    else
        snprintf(how, sizeof how, "exit status %d", WEXITSTATUS(reply->status));
    if (job->overdue)
        fail(job, "parallel_map: the ranks did not get ready within %d s%s%s%s%s", ready_seconds(job),
             *words ? ": " : "", words, *remedy ? ": " : "", remedy);
    else
        fail(job, "parallel_map: the MPI launcher ended %s (%s)%s%s%s%s",
             job->was_ready ? "while its ranks were needed" : "before its ranks were ready", how,
             *words ? ": " : "", words, *remedy ? ": " : "", remedy);
}

static void hear_guard(Job *job)
{
    GuardReply *reply = calloc(1, sizeof *reply);
    int descriptor = -1;
    ssize_t size = reply ? guard_receive(job->guard, reply, sizeof *reply, &descriptor) : -1;
    if (reply && size < 0 && errno == EAGAIN) {
        free(reply);
        return;
    }
    bool whole = size == (ssize_t)sizeof *reply && reply->protocol == GUARD_PROTOCOL;
    if (whole)
        reply->words[sizeof reply->words - 1] = reply->folder[sizeof reply->folder - 1] = 0;
    if (whole && reply->kind == GUARD_LISTENS && descriptor >= 0 && job->listening < 0) {
        job->listening = descriptor;
        memcpy(job->folder, reply->folder, sizeof job->folder);
        descriptor = -1;
        while (job->starter && waitpid(job->starter, NULL, 0) < 0 && errno == EINTR)
            ;
        job->starter = 0;
    } else if (whole && reply->kind == GUARD_ENDED) {
        note_end(job, reply);
        job->folder[0] = 0;
    } else if (whole && reply->kind == GUARD_FAILED) {
        fail(job, "parallel_map: the MPI launcher could not be started: %s", reply->words);
    } else {
        job->unguarded = true;
        fail(job, size > 0 ? "parallel_map: pricemap-worker is of another build than pricemap.so: install "
                             "both from one"
                           : "parallel_map: the process that watches the MPI launcher was killed");
    }
    if (descriptor >= 0)
        close(descriptor);
    free(reply);
}

/* ---- connections ---- */

static void accept_callers(Job *job)
{
    int socket = accept4(job->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0)
        return;
    socket = descriptor_above_standard(socket);
    int place = 0;
    while (place < JOB_CALLERS - 1 && job->callers[place].socket >= 0)
        place++;
    /* A caller that has not shown the cookie yet makes room. */
    frame_stream_end(&job->callers[place]);
    frame_stream_begin(&job->callers[place], socket, sizeof(Greeting));
}

static bool same_cookie(const char *a, const char *b)
{
    unsigned char difference = 0;
    for (int i = 0; i < FRAME_COOKIE_BYTES; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return !difference;
}

/* Has the kernel find out when the machine of rank 0 is gone: the host does not read from the connection
   while no map runs. */
static void watch_connection(const Job *job)
{
    int on = 1, seconds = job->heartbeat_seconds < 2 ? 1 : (int)job->heartbeat_seconds / 2, probes = 2;
    unsigned most = (unsigned)(job->heartbeat_seconds * 1000);
    setsockopt(job->stream.socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(job->stream.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(job->stream.socket, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    setsockopt(job->stream.socket, IPPROTO_TCP, TCP_KEEPINTVL, &on, sizeof on);
    setsockopt(job->stream.socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    setsockopt(job->stream.socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &most, sizeof most);
}

/* Whether a rank is of this build; a job with one that is not is of no use. */
static bool is_of_this_build(Job *job, const Greeting *greeting)
{
    bool other = strncmp(greeting->version, PRICEMAP_VERSION, sizeof greeting->version) != 0;
    if (!other && greeting->protocol == FRAMES_PROTOCOL && greeting->layout == frames_layout())
        return true;
    fail(
        job,
        "parallel_map: machine %.*s: its pricemap-rank is version %.*s%s and pricemap %s: install both from one "
        "build on every machine, or set PRICEMAP_RANK",
        (int)sizeof greeting->machine, greeting->machine, (int)sizeof greeting->version, greeting->version,
        other ? "" : " of another build", PRICEMAP_VERSION);
    return false;
}

/* Takes rank 0's greeting, whose cookie was right: the caller's connection is the job's. */
static void welcome(Job *job, FrameStream *caller, const Greeting *greeting)
{
    if (!is_of_this_build(job, greeting))
        return;
    job->ranks = greeting->ranks > 0 && greeting->ranks <= RANKS_MAX
                     ? calloc((size_t)greeting->ranks, sizeof *job->ranks)
                     : NULL;
    if (!job->ranks) {
        fail(job, "parallel_map: no memory for %d ranks", greeting->ranks);
        return;
    }
    job->rank_count = greeting->ranks;
    job->greeted_count = 1;
    job->ranks[0].greeted = true;
    job->stream = *caller;
    job->stream.most = FRAME_BYTES_MAX;
    *caller = (FrameStream){.socket = -1};
    job->heard_ns = clock_ns();
    watch_connection(job);
    close(job->listening);
    job->listening = -1;
    for (int i = 0; i < JOB_CALLERS; i++)
        frame_stream_end(&job->callers[i]);
    job->state = JOB_GREETED;
    start_ranks(job);
}

static void hear_caller(Job *job, FrameStream *caller)
{
    Frame *frame;
    int got = frame_stream_receive(caller, &frame);
    if (!got)
        return;
    bool right = got > 0 && frame->header.kind == FRAME_GREETING &&
                 frame_holds(frame, sizeof(Greeting), true) &&
                 same_cookie(((const Greeting *)(const void *)frame->bytes)->cookie, job->cookie);
    if (right)
        welcome(job, caller, (const Greeting *)(const void *)frame->bytes);
    else
        frame_stream_end(caller);
    free(frame);
}

/* ---- frames of the ranks ---- */

static void note_ready(Job *job, const Frame *frame)
{
    int rank = frame->header.rank;
    if (rank < 0 || rank >= job->rank_count || !frame_holds(frame, sizeof(RankReady), true))
        return;
    RankReady ready;
    memcpy(&ready, frame->bytes, sizeof ready);
    ready.machine[sizeof ready.machine - 1] = ready.error[sizeof ready.error - 1] = 0;
    if (ready.error[0] || ready.workers < 1) {
        fail(job, "parallel_map: machine %s: %s", ready.machine,
             ready.error[0] ? ready.error : "it has no workers");
        return;
    }
    JobRank *of = &job->ranks[rank];
    if (!of->workers)
        job->ready_count++;
    of->workers = ready.workers;
    memcpy(of->machine, ready.machine, sizeof of->machine);
    if (job->ready_count < job->rank_count || job->state != JOB_CONNECTED)
        return;
    job->workers = 0;
    for (int i = 0; i < job->rank_count; i++) {
        job->ranks[i].first_worker = job->workers;
        job->workers += job->ranks[i].workers;
    }
    job->state = JOB_READY;
    job->was_ready = true;
}

/* Takes the greeting of a rank that is not rank 0. */
static void note_greeting(Job *job, const Frame *frame)
{
    int rank = frame->header.rank;
    Greeting greeting;
    if (rank < 1 || rank >= job->rank_count || job->ranks[rank].greeted ||
        !frame_holds(frame, sizeof greeting, true))
        return;
    memcpy(&greeting, frame->bytes, sizeof greeting);
    if (!is_of_this_build(job, &greeting))
        return;
    job->ranks[rank].greeted = true;
    job->greeted_count++;
    start_ranks(job);
}

/* The connection with rank 0 was lost; a machine that is off or unplugged closes none, but is out of reach.
 */
static void lose_connection(Job *job)
{
    int failure = job->stream.failure;
    if (failure == ETIMEDOUT || failure == EHOSTUNREACH || failure == ENETUNREACH)
        job->lost_rank = 0;
    fail(job, "parallel_map: the connection with the ranks was lost%s%s", failure ? ": " : "",
         failure ? strerror(failure) : "");
}

/* Takes the frames that have come, up to one about a task, which is returned. */
static Frame *hear_ranks(Job *job)
{
    while (job->state >= JOB_GREETED && job->state <= JOB_READY) {
        Frame *frame;
        int got = frame_stream_receive(&job->stream, &frame);
        if (!got)
            return NULL;
        if (got < 0) {
            /* Where the launcher has ended its last words say more. */
            struct pollfd watched = {.fd = job->guard, .events = POLLIN};
            enum { WORDS_MILLISECONDS = 100 };
            if (poll(&watched, 1, WORDS_MILLISECONDS) > 0)
                hear_guard(job);
            lose_connection(job);
            return NULL;
        }
        job->heard_ns = clock_ns();
        if (frame->header.kind == FRAME_RESULT)
            return frame;
        if (frame->header.kind == FRAME_GREETING)
            note_greeting(job, frame);
        if (frame->header.kind == FRAME_READY)
            note_ready(job, frame);
        if (frame->header.kind == FRAME_LOST && frame->header.id < (uint64_t)job->rank_count) {
            job->lost_rank = (int)frame->header.id;
            fail(job, "parallel_map: machine %s gave no sign of life for %g s",
                 job->ranks[job->lost_rank].machine, job->heartbeat_seconds);
        }
        free(frame);
    }
    return NULL;
}

/* ---- turns ---- */

static void check_clock(Job *job)
{
    int64_t now = clock_ns();
    if (job->state < JOB_READY && now > job->ready_by) {
        if (job->overdue)
            fail(job, "parallel_map: the ranks did not get ready within %d s", ready_seconds(job));
        /* The guard ends the launcher where the host lets go of it, and answers. */
        job->overdue = true;
        job->ready_by = now + (int64_t)WORDS_SECONDS * 1000000000;
        shutdown(job->guard, SHUT_WR);
    }
    if (job->state == JOB_READY && (double)(now - job->heard_ns) > 2e9 * job->heartbeat_seconds) {
        job->lost_rank = 0;
        fail(job, "parallel_map: machine %s gave no sign of life for %g s", job->ranks[0].machine,
             2 * job->heartbeat_seconds);
    }
}

/* Sleeps until something comes. */
static void nap(const Job *job, int milliseconds)
{
    enum { FIXED = 4 };
    struct pollfd watched[FIXED + JOB_CALLERS] = {
        {.fd = job->guard, .events = POLLIN},
        {.fd = job->files.whole ? -1 : job->files.socket, .events = POLLIN},
        {.fd = job->listening, .events = POLLIN},
        {.fd = job->stream.socket, .events = job->stream.first ? POLLIN | POLLOUT : POLLIN}};
    for (int i = 0; i < JOB_CALLERS; i++)
        watched[FIXED + i] = (struct pollfd){.fd = job->callers[i].socket, .events = POLLIN};
    poll(watched, FIXED + JOB_CALLERS, milliseconds);
}

/* Does all that can be done without waiting. */
static Frame *turn(Job *job)
{
    Frame *frame = hear_ranks(job);
    if (frame)
        return frame;
    if (job->listening >= 0)
        accept_callers(job);
    for (int i = 0; i < JOB_CALLERS && job->state == JOB_LAUNCHED; i++)
        if (job->callers[i].socket >= 0)
            hear_caller(job, &job->callers[i]);
    if (job->files.socket >= 0 && !job->files.whole && job->state < JOB_CONNECTED)
        hear_files(job);
    if (job->stream.socket >= 0 && !frame_stream_flush(&job->stream))
        lose_connection(job);
    if (job->state != JOB_FAILED) {
        struct pollfd watched = {.fd = job->guard, .events = POLLIN};
        if (poll(&watched, 1, 0) > 0)
            hear_guard(job);
    }
    return NULL;
}

Frame *job_pump(Job *job, int milliseconds)
{
    if (job->state == JOB_NONE || job->state == JOB_FAILED)
        return NULL;
    Frame *frame = turn(job);
    if (!frame && job->state != JOB_FAILED && milliseconds > 0) {
        nap(job, milliseconds);
        frame = turn(job);
    }
    if (!frame)
        check_clock(job);
    return frame;
}

void job_send(Job *job, Frame *frame)
{
    if (!frame)
        fail(job, "parallel_map: out of memory");
    else if (job->stream.socket < 0)
        free(frame);
    else
        frame_stream_queue(&job->stream, frame);
}

/* ---- the end ---- */

void job_end(Job *job)
{
    const bool ours = job->owner == getpid();
    bool politely = ours && job->state == JOB_READY;
    for (int i = 0; politely && i < job->rank_count; i++)
        politely = !job->ranks[i].tasks;
    if (politely) {
        job_send(job, frame_create(FRAME_END, FRAME_ALL_RANKS, 0, 0));
        politely = job->stream.socket >= 0 && frame_stream_flush(&job->stream) && !job->stream.first;
    }
    const char farewell = 0;
    if (politely)
        messages_send(job->guard, &farewell, sizeof farewell, NULL, 0);
    if (job->guard >= 0)
        close(job->guard);
    if (job->listening >= 0)
        close(job->listening);
    frame_stream_end(&job->stream);
    for (int i = 0; i < JOB_CALLERS; i++)
        frame_stream_end(&job->callers[i]);
    program_files_end(&job->files, ours);
    while (ours && job->starter && waitpid(job->starter, NULL, 0) < 0 && errno == EINTR)
        ;
    if (ours && job->unguarded)
        guard_remove_folder(job->folder);
    free(job->ranks);
    job_init(job);
}
