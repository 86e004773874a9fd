/*
 * The messages between host and zygote, each with one send on a socket of whole messages (SOCK_SEQPACKET). A
 * message begins with its kind, and its size is that of its struct. Host and zygote are built from this file.
 */
#ifndef PRICEMAP_MESSAGES_H
#define PRICEMAP_MESSAGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    /* Number of the protocol, raised with every change of a message or of its meaning. */
    MESSAGES_PROTOCOL = 4,
    /* The zygote's end of the socket, as the program is started with it. */
    MESSAGES_SOCKET = 3,
    MESSAGES_DESCRIPTORS_MAX = 2,
    SOURCE_ID_BYTES = 128,
    FILES_REPLY_BYTES = 4096,
};

typedef enum MessageKind {
    /* Host → zygote: HelloRequest, with the memory and a pidfd of the host (where the kernel has pidfds). */
    MESSAGE_HELLO = 1,
    /* Host → zygote: HostMessage, to fork workers. */
    MESSAGE_FORK,
    /* Host → zygote: HostMessage, to kill a worker. */
    MESSAGE_KILL,
    /* Host → zygote: HostMessage, to kill all workers and end. */
    MESSAGE_END,
    /* Zygote → host: HelloReply, with a pidfd of the zygote (where the kernel has pidfds). */
    MESSAGE_WELCOME,
    /* Zygote → host: ZygoteMessage, the process exists. */
    MESSAGE_FORKED,
    /* Zygote → host: ZygoteMessage, fork failed; `status` is its errno. */
    MESSAGE_UNFORKED,
    /* Zygote → host: ZygoteMessage, the process was reaped; `status` as from waitpid. */
    MESSAGE_DEAD,
    /* Host or rank → program of another language, in place of a hello: HostMessage, to name the files of its
       modules and end; see program_files.h. */
    MESSAGE_FILES,
    /* Program → host or rank: FilesReply, the next part of the list. */
    MESSAGE_FILE_LIST,
} MessageKind;

typedef struct HelloRequest {
    uint32_t kind;
    uint32_t protocol;
    char version[32];
    uint32_t layout;
    int32_t has_table;
    /* Offset of the API table from the start of the SQLite library, where has_table. */
    int64_t table_offset;
    char source_id[SOURCE_ID_BYTES];
    char sqlite_path[4096];
} HelloRequest;

typedef struct HelloReply {
    uint32_t kind;
    uint32_t protocol;
    char version[32];
    uint32_t layout;
    int32_t pid;
    /* Source id of the SQLite that the workers use. */
    char source_id[SOURCE_ID_BYTES];
    /* Error text; "" when the zygote can fork workers. */
    char error[512];
} HelloReply;

typedef struct HostMessage {
    uint32_t kind;
    /* FORK: index of the first new worker, less than EXECUTOR_WORKERS_MAX. */
    uint32_t index;
    /* FORK: region of the first new worker; KILL: of the worker that is to be killed. */
    uint32_t region;
    /* FORK: number of workers, with consecutive indexes and regions. */
    uint32_t count;
    /* KILL: slot that must still run the task `sequence` when the time has come; -1: kill in any case. */
    int32_t slot;
    /* KILL: milliseconds from now. */
    int32_t milliseconds;
    uint64_t sequence;
} HostMessage;

typedef struct ZygoteMessage {
    uint32_t kind;
    /* Index and region of the worker. */
    uint32_t index;
    uint32_t region;
    int32_t pid;
    int32_t status;
} ZygoteMessage;

typedef struct FilesReply {
    uint32_t kind;
    /* Bytes of this part; 0: the list is whole. */
    uint32_t size;
    char bytes[FILES_REPLY_BYTES];
} FilesReply;

typedef union Message {
    uint32_t kind;
    HelloRequest hello;
    HelloReply welcome;
    HostMessage host;
    ZygoteMessage zygote;
    FilesReply files;
} Message;

/*
 * Sends one message with up to MESSAGES_DESCRIPTORS_MAX descriptors, which stay the caller's (negative ones
 * are left out). Never blocks, never raises SIGPIPE. 0, or an errno: EAGAIN when the other end must read
 * first.
 */
int messages_send(int socket, const void *message, size_t size, const int *descriptors, int count);

/*
 * Receives one message without blocking. Returns its size; 0 at the end (the other side is gone); -1 with
 * errno (EAGAIN: no message yet). A message of a size that fits no kind comes as kind 0. `descriptors` gets
 * *count descriptors, close on exec, the caller's to close. Where `descriptors` is NULL, received ones are
 * closed.
 */
ssize_t messages_receive(int socket, Message *message, int *descriptors, int *count);

/* Advice for a fork that failed with this errno, as the end of an error text; "": there is none. */
const char *messages_fork_advice(int failure);

#endif
