#include "ext/rank/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/rank/peers.h"

enum {
    /* Signs of life in the time after whose end without one a rank counts as lost. */
    BEATS = 4,
    COOKIE_SECONDS = 30,
};

struct Broker {
    FrameStream stream;
    /* Time of the next sign of life, and of the end of a job that is idle; 0: none. */
    int64_t beat_ns, idle_end_ns;
    /* Whether the host knows of a rank that is lost. */
    bool told;
};

/* ---- the beginning ---- */

static int connect_here(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    if (connection >= 0 && connect(connection, (const struct sockaddr *)&name, sizeof name) == 0)
        return connection;
    if (connection >= 0)
        close(connection);
    return -1;
}

/* Connects to 'PORT:NAME'. */
static int connect_there(const char *address)
{
    char port[16];
    size_t length = strcspn(address, ":");
    if (length >= sizeof port || address[length] != ':')
        return -1;
    memcpy(port, address, length);
    port[length] = 0;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int connection = -1, on = 1;
    if (getaddrinfo(address + length + 1, port, &hints, &found) != 0)
        return -1;
    for (const struct addrinfo *each = found; each && connection < 0; each = each->ai_next) {
        connection = socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connection >= 0 && connect(connection, each->ai_addr, each->ai_addrlen) != 0) {
            close(connection);
            connection = -1;
        }
    }
    freeaddrinfo(found);
    if (connection >= 0)
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return connection;
}

/* Reads the cookie, the one line of standard input, which a launcher may keep open. */
static void read_cookie(char *cookie)
{
    size_t length = 0;
    alarm(COOKIE_SECONDS);
    while (length < FRAME_COOKIE_BYTES - 1 && read(STDIN_FILENO, cookie + length, 1) == 1 &&
           cookie[length] != '\n')
        length++;
    alarm(0);
    cookie[length] = 0;
}

Broker *broker_connect(const char *address, int ranks)
{
    Broker *broker = calloc(1, sizeof *broker);
    Frame *frame = frame_greeting(0, ranks);
    int connection = !strncmp(address, "unix:", 5)  ? connect_here(address + 5)
                     : !strncmp(address, "tcp:", 4) ? connect_there(address + 4)
                                                    : -1;
    if (!broker || !frame)
        rank_abort("out of memory");
    if (connection < 0) {
        char text[512];
        snprintf(text, sizeof text,
                 "cannot connect to the host at %s: %s: set mpi_address to a name that reaches it", address,
                 strerror(errno));
        rank_abort(text);
    }
    fcntl(connection, F_SETFL, O_NONBLOCK);
    frame_stream_begin(&broker->stream, connection, FRAME_BYTES_MAX);
    read_cookie(((Greeting *)(void *)frame->bytes)->cookie);
    frame_stream_queue(&broker->stream, frame);
    return broker;
}

/* ---- frames ---- */

void broker_queue(Broker *broker, Frame *frame)
{
    frame_stream_queue(&broker->stream, frame);
}

static void pass_to_all(Rank *rank, const Frame *frame)
{
    for (int i = 1; i < rank->count; i++) {
        Frame *copy = frame_create((FrameKind)frame->header.kind, i, frame->header.id, frame->header.size);
        if (!copy)
            rank_abort("out of memory");
        memcpy(copy->bytes, frame->bytes, frame->header.size);
        peers_queue(rank->peers, i, copy);
    }
}

static void handle(Rank *rank, Frame *frame)
{
    Broker *broker = rank->broker;
    int to = frame->header.rank;
    broker->idle_end_ns = 0;
    if (frame->header.kind == FRAME_IDLE && frame_holds(frame, sizeof(IdleFrame), true)) {
        IdleFrame idle;
        memcpy(&idle, frame->bytes, sizeof idle);
        broker->idle_end_ns = clock_ns() + (int64_t)(idle.seconds * 1e9);
        free(frame);
        return;
    }
    if (to == FRAME_ALL_RANKS)
        pass_to_all(rank, frame);
    if (to > 0 && to < rank->count)
        peers_queue(rank->peers, to, frame);
    else
        rank_handle(rank, frame);
}

bool broker_move(Rank *rank)
{
    Frame *frame;
    int got;
    bool moved = rank->broker->stream.first != NULL;
    if (!frame_stream_flush(&rank->broker->stream))
        rank_abort("the host is gone");
    while ((got = frame_stream_receive(&rank->broker->stream, &frame)) > 0) {
        handle(rank, frame);
        moved = true;
    }
    if (got < 0 && !rank->ending)
        rank_abort("the host is gone");
    return moved;
}

void broker_sleep(const Broker *broker, int64_t nanoseconds)
{
    const struct timespec most = {.tv_nsec = (long)nanoseconds};
    struct pollfd watched = {.fd = broker->stream.socket,
                             .events = broker->stream.first ? POLLIN | POLLOUT : POLLIN};
    ppoll(&watched, 1, &most, NULL);
}

/* ---- the clock ---- */

static void beat(Rank *rank)
{
    Broker *broker = rank->broker;
    Frame *frame = frame_create(FRAME_BEAT, FRAME_ALL_RANKS, 0, 0);
    if (!frame)
        rank_abort("out of memory");
    pass_to_all(rank, frame);
    /* A host that reads nothing, as no map runs, is sent one. */
    if (broker->stream.first)
        free(frame);
    else
        broker_queue(broker, frame);
}

/* Announces the first rank that gives no sign of life to the host, which ends the job. */
static void tell_lost(Rank *rank, int64_t now)
{
    for (int i = 1; i < rank->count && !rank->broker->told; i++) {
        double silent = (double)(now - peers_heard_ns(rank->peers, i)) / 1e9;
        if (now < rank->judged_ns || silent <= rank->heartbeat_seconds)
            continue;
        Frame *frame = frame_create(FRAME_LOST, 0, (uint64_t)i, 0);
        if (!frame)
            rank_abort("out of memory");
        broker_queue(rank->broker, frame);
        rank->broker->told = true;
    }
}

/* Whether this machine, rather than the host, was cut off: nothing that was sent is confirmed. A host that
   reads nothing for long confirms that it has no room. */
static bool is_cut_off(const Broker *broker, double heartbeat_seconds)
{
    struct tcp_info state;
    socklen_t size = sizeof state;
    enum { SENT_AGAIN = 2 };
    if (getsockopt(broker->stream.socket, IPPROTO_TCP, TCP_INFO, &state, &size) != 0 || size < sizeof state)
        return false;
    return (state.tcpi_retransmits >= SENT_AGAIN || state.tcpi_probes >= SENT_AGAIN) &&
           state.tcpi_last_ack_recv > 1000 * RANK_PATIENCE * heartbeat_seconds;
}

void broker_check(Rank *rank, int64_t now)
{
    Broker *broker = rank->broker;
    if (rank->heartbeat_seconds > 0 && now >= broker->beat_ns) {
        beat(rank);
        broker->beat_ns = now + (int64_t)(rank->heartbeat_seconds * 1e9 / BEATS);
        tell_lost(rank, now);
        if (is_cut_off(broker, rank->heartbeat_seconds))
            rank_abort("the host is out of reach");
    }
    if (broker->idle_end_ns && now >= broker->idle_end_ns) {
        Frame *end = frame_create(FRAME_END, FRAME_ALL_RANKS, 0, 0);
        if (!end)
            rank_abort("out of memory");
        pass_to_all(rank, end);
        free(end);
        rank->ending = true;
    }
}

void broker_free(Broker *broker)
{
    if (broker)
        frame_stream_end(&broker->stream);
    free(broker);
}
