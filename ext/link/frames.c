#include "ext/link/frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ext/channel/layout.h"

/* Also distinguishes a machine of the other byte order. */
static const uint32_t magic = 0x704d6652;

uint32_t frames_layout(void)
{
    return ((CHANNEL_LAYOUT * 31 + (uint32_t)sizeof(RankStart)) * 31 + (uint32_t)sizeof(TaskFrame)) * 31 +
           (uint32_t)sizeof(ResultFrame);
}

Frame *frame_create(FrameKind kind, int rank, uint64_t id, uint64_t size)
{
    Frame *frame = size <= FRAME_BYTES_MAX ? malloc(sizeof *frame + size) : NULL;
    if (!frame)
        return NULL;
    frame->next = NULL;
    frame->header =
        (FrameHeader){.magic = magic, .kind = (uint32_t)kind, .rank = rank, .id = id, .size = size};
    return frame;
}

Frame *frame_greeting(int rank, int ranks)
{
    Frame *frame = frame_create(FRAME_GREETING, rank, 0, sizeof(Greeting));
    if (!frame)
        return NULL;
    Greeting *greeting = (Greeting *)(void *)frame->bytes;
    memset(greeting, 0, sizeof *greeting);
    greeting->protocol = FRAMES_PROTOCOL;
    greeting->layout = frames_layout();
    greeting->ranks = ranks;
    snprintf(greeting->version, sizeof greeting->version, "%s", PRICEMAP_VERSION);
    gethostname(greeting->machine, sizeof greeting->machine - 1);
    return frame;
}

bool frame_header_fits(const FrameHeader *header, uint64_t most)
{
    return header->magic == magic && header->kind >= FRAME_GREETING && header->kind < FRAME_KINDS &&
           header->size <= most;
}

void frame_stream_begin(FrameStream *stream, int socket, uint64_t most)
{
    *stream = (FrameStream){.socket = socket, .most = most};
}

void frame_stream_end(FrameStream *stream)
{
    if (stream->socket >= 0)
        close(stream->socket);
    free(stream->incoming);
    while (stream->first) {
        Frame *next = stream->first->next;
        free(stream->first);
        stream->first = next;
    }
    *stream = (FrameStream){.socket = -1};
}

/* Receives up to `size` bytes. 0: none is there; -1: the end. */
static ssize_t receive(FrameStream *stream, void *bytes, size_t size)
{
    ssize_t received;
    do
        received = recv(stream->socket, bytes, size, MSG_DONTWAIT);
    while (received < 0 && errno == EINTR);
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    if (received < 0)
        stream->failure = errno;
    return received > 0 ? received : -1;
}

int frame_stream_receive(FrameStream *stream, Frame **frame)
{
    *frame = NULL;
    for (;;) {
        Frame *incoming = stream->incoming;
        size_t whole = incoming ? (size_t)incoming->header.size : sizeof stream->header;
        unsigned char *into = incoming ? incoming->bytes : (unsigned char *)&stream->header;
        if (stream->received < whole) {
            ssize_t size = receive(stream, into + stream->received, whole - stream->received);
            if (size <= 0)
                return (int)size;
            stream->received += (size_t)size;
            if (stream->received < whole)
                continue;
        }
        stream->received = 0;
        if (incoming) {
            stream->incoming = NULL;
            *frame = incoming;
            return 1;
        }
        if (!frame_header_fits(&stream->header, stream->most))
            return -1;
        stream->incoming = frame_create(FRAME_BEAT, 0, 0, stream->header.size);
        if (!stream->incoming)
            return -1;
        stream->incoming->header = stream->header;
    }
}

void frame_stream_queue(FrameStream *stream, Frame *frame)
{
    frame->next = NULL;
    if (stream->first)
        stream->last->next = frame;
    else
        stream->first = frame;
    stream->last = frame;
}

bool frame_stream_flush(FrameStream *stream)
{
    while (stream->first) {
        Frame *frame = stream->first;
        size_t whole = sizeof frame->header + (size_t)frame->header.size;
        const unsigned char *bytes = (const unsigned char *)&frame->header;
        ssize_t sent =
            send(stream->socket, bytes + stream->sent, whole - stream->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS))
            return true;
        if (sent < 0) {
            stream->failure = errno;
            return false;
        }
        stream->sent += (size_t)sent;
        if (stream->sent < whole)
            continue;
        stream->sent = 0;
        stream->first = frame->next;
        free(frame);
    }
    return true;
}
