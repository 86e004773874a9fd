/*
 * What the host and its worker processes share: one block of memory without a name (a memfd), and one socket
 * between the host and the zygote. This file fixes the layout of the memory and the messages on the socket;
 * both sides are built from it.
 *
 *   memory:  region 0: PoolControl
 *            region n: ChannelControl | input and output window of each slot, far apart
 *
 * A region is the channel of one worker process, and never of a second one: whatever a dying process still
 * writes, it writes where nobody looks any more. Regions and windows are so far apart that each can grow in
 * place; memory is taken only for what is used, and taken (fallocate) before it is written, so that a lack of
 * it is an error and not a SIGBUS. The size of the whole is fixed and sealed.
 *
 * No lock is shared. Each field has one writer at a time, and a slot's state says who that is:
 *
 *   FREE (host) → QUEUED (worker) → RUNNING (worker) → DONE (host) → FREE;  QUEUED → FREE when the host
 * withdraws it
 */
#ifndef PRICEMAP_CHANNEL_H
#define PRICEMAP_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ext/data/task.h"

enum {
    CHANNEL_PROTOCOL = 2,
    CHANNEL_SOCKET = 3,           /* the zygote's end, as it is born with it */
    CHANNEL_SLOTS = 8,            /* tasks that one worker holds: several runs' depth */
    CHANNEL_KEEP_BYTES = 4 << 20, /* of a window, once its slot is free */
    CHANNEL_ID_BYTES = 128,
    CHANNEL_DESCRIPTORS_MAX = 2,
};

#define CHANNEL_WINDOW_BYTES ((uint64_t)1 << 36)
#define CHANNEL_REGION_BYTES ((uint64_t)1 << 41)
#define CHANNEL_REGIONS ((uint32_t)1 << 20)

/* A word to sleep on, woken from any process that maps it. */
typedef struct Bell {
    atomic_uint count;
    atomic_uint sleeping; /* the owner may be asleep: ring */
} Bell;

/* Ended scans that are remembered for workers to hear of; one that missed more lets go of all it has open. */
enum { CHANNEL_ENDED_SCANS = 16 };

typedef struct PoolControl {
    Bell bell;                 /* the host's; rung by workers and by the zygote */
    atomic_llong idle_end_ns;  /* the host's: when the pool has been kept long enough; 0: it is in use */
    atomic_ullong ended_count; /* the host's: partition scans that ended, the last ones by count */
    atomic_ullong ended_scans[CHANNEL_ENDED_SCANS];
} PoolControl;

typedef enum SlotState { SLOT_FREE, SLOT_QUEUED, SLOT_RUNNING, SLOT_DONE } SlotState;

typedef struct ChannelSlot {
    _Alignas(64) atomic_uint state;
    /* The host's, before QUEUED. */
    uint64_t sequence; /* a worker takes the least one first */
    uint64_t recipe_size;
    uint64_t input_size;
    TaskOrder order;
    TaskControl control;
    /* The worker's, before DONE. */
    atomic_ullong
        output_reserved; /* bytes of the output window that have memory; the host lowers it in a free slot */
    uint64_t output_size;
    atomic_llong started_ns; /* 0 before RUNNING */
    TaskReport report;
} ChannelSlot;

typedef struct ChannelControl {
    Bell bell; /* the worker's */
    atomic_int pid;
    atomic_uint ready;   /* the worker got as far as looking for tasks */
    atomic_ullong heard; /* the worker's: ended scans whose files it has closed */
    ChannelSlot slots[CHANNEL_SLOTS];
} ChannelControl;

/* Two builds whose layouts differ must not meet, even when somebody forgot to raise the protocol's number. */
#define CHANNEL_LAYOUT ((uint32_t)(sizeof(ChannelControl) * 31 + sizeof(Recipe)))

/* ---- messages; each begins with its kind, and its size is that of its struct ---- */

typedef enum MessageKind {
    MESSAGE_HELLO =
        1, /* host → zygote: HelloRequest, with the memory and a pidfd of the host (where it has one) */
    MESSAGE_FORK,     /* host → zygote */
    MESSAGE_KILL,     /* host → zygote */
    MESSAGE_END,      /* host → zygote: kill all workers and go */
    MESSAGE_WELCOME,  /* zygote → host: HelloReply, with a pidfd of the zygote (where it has one) */
    MESSAGE_FORKED,   /* zygote → host */
    MESSAGE_UNFORKED, /* zygote → host: fork failed; status is its errno */
    MESSAGE_DEAD,     /* zygote → host: status as from waitpid; the process is reaped */
} MessageKind;

typedef struct HelloRequest {
    uint32_t kind;
    uint32_t protocol;
    char version[32];
    uint32_t layout;
    int32_t has_table;
    int64_t table_offset; /* of the API table from the start of the SQLite library, where has_table */
    char source_id[CHANNEL_ID_BYTES];
    char sqlite_path[4096];
} HelloRequest;

typedef struct HelloReply {
    uint32_t kind;
    uint32_t protocol;
    char version[32];
    uint32_t layout;
    int32_t pid;
    char source_id[CHANNEL_ID_BYTES]; /* of the SQLite that the workers use */
    /* Why the zygote cannot fork workers, or "". With another source_id than the host's: why the host's
     * SQLite could not be loaded. */
    char error[512];
} HelloReply;

typedef struct HostMessage {
    uint32_t kind;
    uint32_t place;       /* FORK: from 0, less than EXECUTOR_WORKERS_MAX */
    uint32_t region;      /* FORK: the new worker's; KILL: of the worker that is meant */
    uint32_t count;       /* FORK: so many, in consecutive places and regions */
    int32_t slot;         /* KILL: only if this slot still runs the task `sequence`; -1: in any case */
    int32_t milliseconds; /* KILL: from now */
    uint64_t sequence;
} HostMessage;

typedef struct ZygoteMessage {
    uint32_t kind;
    uint32_t place;
    uint32_t region;
    int32_t pid;
    int32_t status;
} ZygoteMessage;

typedef union Message {
    uint32_t kind;
    HelloRequest hello;
    HelloReply welcome;
    HostMessage host;
    ZygoteMessage zygote;
} Message;

/*
 * Sends one message with up to CHANNEL_DESCRIPTORS_MAX descriptors (which stay the caller's; negative ones
 * are left out). Never blocks, never raises SIGPIPE. 0, or an errno: EAGAIN when the other end must read
 * first.
 */
int channel_send(int socket, const void *message, size_t size, const int *descriptors, int count);

/*
 * Receives one message without blocking. Its size; 0 at the end (the other side is gone); -1 with errno
 * (EAGAIN: none there). A message of a size that fits no kind comes as kind 0. `descriptors` gets *count of
 * them, close on exec, the caller's to close. Where `descriptors` is NULL, those that come are closed.
 */
ssize_t channel_receive(int socket, Message *message, int *descriptors, int *count);

/* ---- bells ---- */

/* Wakes the owner if it sleeps or is about to. Call it after the change it should see. */
void bell_ring(Bell *bell);
/*
 * The owner's way to sleep: seen = bell_listen(); look whether there is anything to do; if not,
 * bell_sleep(seen); in any case bell_wake(). bell_sleep returns when rung since bell_listen, after
 * `nanoseconds` (negative: no limit), or for no reason.
 */
unsigned bell_listen(Bell *bell);
void bell_sleep(Bell *bell, unsigned seen, int64_t nanoseconds);
void bell_wake(Bell *bell);

/* ---- memory ---- */

/* A part of the shared memory as one process maps it. */
typedef struct Window {
    unsigned char *data; /* NULL while size is 0 */
    size_t size;
    uint64_t offset;
} Window;

/* The shared memory, empty: a descriptor, 3 or greater, close on exec; or minus an errno: EFBIG when the
   limit on file sizes (ulimit -f) forbids it. */
int channel_memory_create(void);

uint64_t channel_region_offset(uint32_t region);
uint64_t channel_input_offset(uint32_t region, int slot);
uint64_t channel_output_offset(uint32_t region, int slot);
/* Where the input rowset begins in the window that begins with a recipe of this size. */
uint64_t channel_input_start(uint64_t recipe_size);

/* `size` rounded up to what windows are enlarged to, so that they rarely are. */
uint64_t window_round(uint64_t size);
/* Takes memory for bytes [from, to) of the window at `offset`. SQLITE_OK; SQLITE_FULL or SQLITE_NOMEM, and
   errno says why. */
int window_allocate(int memory, uint64_t offset, uint64_t from, uint64_t to);
/* Maps at least `size` bytes (memory must have been taken for them). The data may move. SQLITE_OK,
   SQLITE_FULL when that is beyond the window's end, or SQLITE_NOMEM: then unchanged, and errno says why. */
int window_map(Window *window, int memory, uint64_t size);
/* window_allocate and window_map of what is missing up to `size`. */
int window_reserve(Window *window, int memory, uint64_t size);
/* Gives back what is mapped beyond `keep` bytes, and, with `memory` not -1, all memory of the window beyond
 * them. */
void window_trim(Window *window, int memory, size_t keep);
/* Gives back the memory of a whole region that nobody uses any more. */
void channel_region_discard(int memory, uint32_t region);

/* ---- small things that both sides need ---- */

/* What a user can do where a fork failed with this errno, as the end of a message; "" where nothing is known.
 */
const char *channel_fork_advice(int failure);

#endif
