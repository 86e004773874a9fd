#include "ext/rank/peers.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/base/clock.h"

enum {
    /* Bytes of a frame's first message, its header included. */
    FRONT_BYTES = 64 << 10,
    TAG = 1,
};

/* Bytes of each further message. The tests have ranks with less. */
#ifndef PEERS_PART_BYTES
#define PEERS_PART_BYTES ((uint64_t)1 << 30)
#endif
static const uint64_t part_bytes = PEERS_PART_BYTES;

typedef struct Peer {
    int number;
    int64_t heard_ns;
    /* Front of the frame that is being received; the frame once its header is there, and bytes of it. */
    unsigned char *front;
    Frame *incoming;
    uint64_t received;
    MPI_Request receive;
    /* Frames to be sent, and bytes of the first one, with its header, whose sending has begun; 0: none has.
     */
    Frame *first, *last;
    uint64_t begun;
    MPI_Request send;
} Peer;

struct Peers {
    int count;
    Peer peers[];
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- receiving ---- */

static void receive_front(Peer *peer)
{
    MPI_Irecv(peer->front, FRONT_BYTES, MPI_BYTE, peer->number, TAG, MPI_COMM_WORLD, &peer->receive);
}

static void receive_part(Peer *peer)
{
    uint64_t size = least(peer->incoming->header.size - peer->received, part_bytes);
    MPI_Irecv(peer->incoming->bytes + peer->received, (int)size, MPI_BYTE, peer->number, TAG, MPI_COMM_WORLD,
              &peer->receive);
}

__attribute__((noreturn)) static void abort_because_of(const Peer *peer, const char *what)
{
    char text[128];
    snprintf(text, sizeof text, "rank %d %s", peer->number, what);
    rank_abort(text);
}

/* Begins a frame with the front that has come. */
static void begin_frame(Peer *peer, int size)
{
    FrameHeader header;
    if (size < (int)sizeof header)
        abort_because_of(peer, "has sent too little");
    memcpy(&header, peer->front, sizeof header);
    if (!frame_header_fits(&header, FRAME_BYTES_MAX) || (uint64_t)size - sizeof header > header.size)
        abort_because_of(peer, "is of another build, or on a machine of another kind");
    peer->incoming = frame_create(FRAME_BEAT, 0, 0, header.size);
    if (!peer->incoming)
        rank_abort("out of memory");
    peer->incoming->header = header;
    peer->received = (uint64_t)size - sizeof header;
    if (peer->received)
        memcpy(peer->incoming->bytes, peer->front + sizeof header, peer->received);
}

/* Returns the frame that is whole now, and opens the next receive; NULL: none is. */
static Frame *receive(Peer *peer, bool *moved)
{
    int done = 0, size = 0;
    MPI_Status status;
    MPI_Test(&peer->receive, &done, &status);
    if (!done)
        return NULL;
    *moved = true;
    peer->heard_ns = clock_ns();
    MPI_Get_count(&status, MPI_BYTE, &size);
    if (peer->incoming)
        peer->received += (uint64_t)size;
    else
        begin_frame(peer, size);
    Frame *frame = peer->incoming;
    if (peer->received < frame->header.size) {
        receive_part(peer);
        return NULL;
    }
    peer->incoming = NULL;
    receive_front(peer);
    return frame;
}

/* ---- sending ---- */

static void send(Peer *peer)
{
    Frame *frame = peer->first;
    uint64_t whole = sizeof frame->header + frame->header.size;
    uint64_t size = peer->begun ? least(whole - peer->begun, part_bytes) : least(whole, FRONT_BYTES);
    MPI_Isend((unsigned char *)&frame->header + peer->begun, (int)size, MPI_BYTE, peer->number, TAG,
              MPI_COMM_WORLD, &peer->send);
    peer->begun += size;
}

/* Goes on with the next part, or the next frame, once the open send is done. */
static void go_on(Peer *peer, bool *moved)
{
    while (peer->first) {
        int done = 0;
        if (peer->begun)
            MPI_Test(&peer->send, &done, MPI_STATUS_IGNORE);
        if (peer->begun && !done)
            return;
        *moved = true;
        Frame *frame = peer->first;
        if (peer->begun == sizeof frame->header + frame->header.size) {
            peer->first = frame->next;
            peer->begun = 0;
            free(frame);
        }
        if (peer->first)
            send(peer);
    }
}

/* ---- all peers ---- */

void peers_free(Peers *peers)
{
    for (int i = 0; peers && i < peers->count; i++) {
        Peer *peer = &peers->peers[i];
        MPI_Cancel(&peer->receive);
        MPI_Request_free(&peer->receive);
        free(peer->front);
        free(peer->incoming);
    }
    free(peers);
}

Peers *peers_create(int number, int count)
{
    int peer_count = number ? 1 : count - 1;
    Peers *peers = calloc(1, sizeof *peers + (size_t)peer_count * sizeof(Peer));
    for (int i = 0; peers && i < peer_count; i++) {
        Peer *peer = &peers->peers[i];
        *peer = (Peer){.number = number ? 0 : i + 1,
                       .heard_ns = clock_ns(),
                       .front = malloc(FRONT_BYTES),
                       .receive = MPI_REQUEST_NULL,
                       .send = MPI_REQUEST_NULL};
        if (!peer->front) {
            peers_free(peers);
            return NULL;
        }
        receive_front(peer);
        peers->count++;
    }
    return peers;
}

/* Rank 0 has the others in their order, and they have rank 0 alone. */
static Peer *peer_of(Peers *peers, int number)
{
    return &peers->peers[number ? number - 1 : 0];
}

void peers_queue(Peers *peers, int to, Frame *frame)
{
    Peer *peer = peer_of(peers, to);
    frame->next = NULL;
    if (peer->first)
        peer->last->next = frame;
    else
        peer->first = frame;
    peer->last = frame;
}

bool peers_move(Peers *peers, void (*take)(void *arg, int from, Frame *frame), void *arg)
{
    bool moved = false;
    for (int i = 0; i < peers->count; i++) {
        Peer *peer = &peers->peers[i];
        go_on(peer, &moved);
        for (Frame *frame; (frame = receive(peer, &moved));)
            take(arg, peer->number, frame);
    }
    return moved;
}

bool peers_sending(const Peers *peers)
{
    for (int i = 0; i < peers->count; i++)
        if (peers->peers[i].first)
            return true;
    return false;
}

int64_t peers_heard_ns(const Peers *peers, int from)
{
    return peers->peers[from ? from - 1 : 0].heard_ns;
}
