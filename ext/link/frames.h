/*
 * Frames: what the host and the ranks of an MPI job send each other, over the host's connection with rank 0
 * and, unchanged, between ranks. A frame is a header and its bytes in one block of memory, in the byte order
 * of its machine: a rank of another one is refused by the header's magic number.
 *
 * A stream is one end of the connection. Neither end ever waits in it: what cannot be sent at once stays in
 * a queue of the stream's. Used by one thread.
 */
#ifndef PRICEMAP_FRAMES_H
#define PRICEMAP_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ext/channel/messages.h"
#include "ext/data/task.h"

enum {
    /* Number of the protocol, raised with every change of a frame or of its meaning. */
    FRAMES_PROTOCOL = 2,
    FRAME_COOKIE_BYTES = 33,
    FRAME_MACHINE_BYTES = 64,
    FRAME_ERROR_BYTES = 768,
    /* Recipes that a rank keeps. */
    FRAME_RECIPES = 16,
    /* Rank of a frame to all ranks. */
    FRAME_ALL_RANKS = -1,
};

/* Bytes of the largest frame: the rows of one task are bounded by SQLite's own limits. */
#define FRAME_BYTES_MAX ((uint64_t)1 << 36)

typedef enum FrameKind {
    /* Rank 0 → host: Greeting, the first frame of the connection; then each other rank's, which it has sent
       to rank 0 first of all. The form of header and greeting never changes, so that each build can see that
       another one is not its own. */
    FRAME_GREETING = 1,
    /* Host → all ranks: RankStart, a program and its files. May come again, with more workers. */
    FRAME_START,
    /* Rank → host: RankReady, the answer to each start. */
    FRAME_READY,
    /* Host → rank: RecipeFrame, a recipe, which the rank keeps under the number `id`, less than
       FRAME_RECIPES, and the list of its files (file_checks.h). */
    FRAME_RECIPE,
    /* Host → rank: TaskFrame and the task's input; `id` is the task's number. A number that the rank has
       already, done in part, is that of the same task, whose rest is to be done. */
    FRAME_TASK,
    /* Host → rank: the task `id` is not wanted any more. */
    FRAME_CANCEL,
    /* Rank → host: ResultFrame and the output of the task `id`. */
    FRAME_RESULT,
    /* Host → rank 0: no run uses the ranks; they are to end in IdleFrame seconds unless a task comes. */
    FRAME_IDLE,
    /* Host → all ranks: to end. */
    FRAME_END,
    /* Rank 0 → rank and back, and rank 0 → host: a sign of life. */
    FRAME_BEAT,
    /* Rank 0 → host: rank `id` gives no sign of life. */
    FRAME_LOST,
    FRAME_KINDS,
} FrameKind;

typedef struct FrameHeader {
    uint32_t magic, kind;
    /* Rank that a frame of the host's is for, or that one to the host is from. */
    int32_t rank;
    uint32_t reserved;
    uint64_t id;
    /* Bytes after the header. */
    uint64_t size;
} FrameHeader;

typedef struct Frame {
    struct Frame *next;
    FrameHeader header;
    unsigned char bytes[];
} Frame;

typedef struct Greeting {
    uint32_t protocol, layout;
    int32_t ranks;
    char version[32];
    /* Cookie, which rank 0 alone has. */
    char cookie[FRAME_COOKIE_BYTES];
    char machine[FRAME_MACHINE_BYTES];
} Greeting;

typedef struct RankStart {
    /* Workers of each rank; 0: as many as its machine has processors. */
    int32_t workers;
    int32_t has_table;
    int64_t table_offset;
    double heartbeat_seconds;
    char source_id[SOURCE_ID_BYTES];
    /* Library of the host's SQLite, as in HelloRequest. */
    char sqlite_path[4096];
    /* Bytes of the program of the workers, which follows: its path and then its arguments, each with its NUL;
       0: the rank's own pricemap-worker. */
    uint64_t program_bytes;
    /* Bytes of the list of the program's files, which follows then (program_files.h). */
    uint64_t files_bytes;
    /* Requirement on that program, as in WorkerProgram. */
    char needs[FRAME_MACHINE_BYTES];
} RankStart;

typedef struct RankReady {
    int32_t workers;
    char machine[FRAME_MACHINE_BYTES];
    /* Reason why the rank cannot do tasks; "": there is none. */
    char error[FRAME_ERROR_BYTES];
} RankReady;

typedef struct RecipeFrame {
    /* Bytes of the recipe, and of the list of files after it. */
    uint64_t recipe_bytes, files_bytes;
} RecipeFrame;

typedef struct TaskFrame {
    /* Number of the recipe with which the rank has it. */
    uint32_t recipe;
    /* Times that a task is tried again when its worker process died. */
    uint32_t retries;
    /* Seconds that a worker may take; 0: no limit. */
    double timeout;
    TaskOrder order;
} TaskFrame;

typedef struct ResultFrame {
    /* Number of times that a worker died over the task. */
    uint32_t retries;
    /* Whether the rank refuses the task's recipe, as files differ: the host is to send the recipe again
       before another of its tasks. */
    uint32_t refused;
    /* Report, whose times are those of the rank's own clock. */
    TaskReport report;
} ResultFrame;

typedef struct IdleFrame {
    double seconds;
} IdleFrame;

/* Fingerprint of the layout of what frames hold; see CHANNEL_LAYOUT. */
uint32_t frames_layout(void);

/* A greeting of this build, from the rank of this machine; NULL when out of memory. */
Frame *frame_greeting(int rank, int ranks);

/* A frame with room for `size` bytes, freed with free; NULL when out of memory. */
Frame *frame_create(FrameKind kind, int rank, uint64_t id, uint64_t size);

/* Whether a header that was received is one of a frame of at most `most` bytes. */
bool frame_header_fits(const FrameHeader *header, uint64_t most);

/* Whether a frame of this kind holds at least, or, `whole`, exactly so many bytes. */
static inline bool frame_holds(const Frame *frame, uint64_t size, bool whole)
{
    return whole ? frame->header.size == size : frame->header.size >= size;
}

typedef struct FrameStream {
    /* Socket, non-blocking; -1: none. */
    int socket;
    /* Most bytes of a frame to be received: few, before the other end is known. */
    uint64_t most;
    /* Header of the frame that is being received, and its bytes so far; the frame once the header is whole.
     */
    FrameHeader header;
    size_t received;
    Frame *incoming;
    /* Errno of the receive or send that found the other end gone; 0: none did, or the other end has closed.
     */
    int failure;
    /* Frames to be sent, and bytes of the first one that were. */
    Frame *first, *last;
    size_t sent;
} FrameStream;

/* Begins a stream that owns `socket`. */
void frame_stream_begin(FrameStream *stream, int socket, uint64_t most);
/* Closes the socket and frees what was not sent. */
void frame_stream_end(FrameStream *stream);

/* Receives a frame without waiting. 1: *frame is the caller's; 0: none is there yet; -1: the other end is
   gone, or sent what is no frame, or there is no memory. */
int frame_stream_receive(FrameStream *stream, Frame **frame);

/* Puts a frame, which the stream owns from then on, into the queue. */
void frame_stream_queue(FrameStream *stream, Frame *frame);

/* Sends what can be sent without waiting. False: the other end is gone. */
bool frame_stream_flush(FrameStream *stream);

#endif
