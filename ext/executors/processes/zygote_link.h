/*
 * The host's end of the link to the zygote of one pool: the program is started, greets, is sent messages, and
 * ends. The link knows nothing of workers: which of them live is the pool's business. On the host's thread.
 */
#ifndef PRICEMAP_ZYGOTE_LINK_H
#define PRICEMAP_ZYGOTE_LINK_H

#include <stdbool.h>

#include "ext/channel/messages.h"
#include "ext/executors/processes/launch.h"

enum {
    /* Seconds that the zygote has to answer. */
    HELLO_SECONDS = 10,
    /* The same for a program that imports modules of the user's first. */
    IMPORT_SECONDS = 60,
    /* Milliseconds that the zygote has to end its workers and itself; then it is killed. */
    FAREWELL_MILLISECONDS = 100,
    POOL_ERROR_SIZE = 768,
};

/* The last thing that went wrong with a pool's zygote or with a fork, as an error message; "" at first. */
typedef struct PoolError {
    char text[POOL_ERROR_SIZE];
} PoolError;

__attribute__((format(printf, 2, 3))) void pool_set_error(PoolError *error, const char *format, ...);

typedef enum ZygoteState { ZYGOTE_NONE, ZYGOTE_STARTING, ZYGOTE_READY } ZygoteState;

typedef struct ZygoteLink {
    /* Program of the workers, and the path of the host's SQLite ("" where it has no file). Borrowed for the
       link's whole life. */
    const WorkerProgram *program;
    const char *sqlite_path;
    ZygoteState state;
    /* Host's end of the socket; -1: no zygote. */
    int socket;
    /* Pidfd of the zygote; -1: not known yet, or the kernel has no pidfds. */
    int process;
    pid_t pid;
    /* The host's own child, which ends as soon as it has forked the zygote; 0 once it is reaped. */
    pid_t starter;
    /* Pidfd of the starter; -1: none. */
    int starter_process;
    /* Time by which a zygote that is ZYGOTE_STARTING has to answer. */
    int64_t hello_by;
} ZygoteLink;

/* A link to no zygote. */
void zygote_link_init(ZygoteLink *link, const WorkerProgram *program, const char *sqlite_path);

/* Seconds that the link's program has to answer. */
int zygote_link_hello_seconds(const ZygoteLink *link);

/* Starts the program and sends it hello with the shared memory; the link is ZYGOTE_STARTING then. False, with
   `error` set, where nothing was started. Does not wait for the answer. */
bool zygote_link_start(ZygoteLink *link, int memory, PoolError *error);

/* Receives one message without waiting, as messages_receive does. *descriptor is the one that came with it,
   the caller's to close, or -1. */
ssize_t zygote_link_receive(const ZygoteLink *link, Message *message, int *descriptor);

/* Takes a message for the zygote's answer. True: the link is ZYGOTE_READY and owns `descriptor`. False, with
   `error` set: the zygote does not fit this host, and `descriptor` is closed. */
bool zygote_link_welcome(ZygoteLink *link, const Message *message, int descriptor, PoolError *error);

/* Sends a message. 0, or an errno. */
int zygote_link_send(const ZygoteLink *link, const HostMessage *message);

/* Whether no message will ever come from a zygote whose socket is merely empty: it has ended, or its time to
   answer is over. */
bool zygote_link_is_over(const ZygoteLink *link);

/* Has the zygote end its workers and itself, and waits until it has, FAREWELL_MILLISECONDS at most. */
void zygote_link_end(ZygoteLink *link);

/* Kills the zygote, if it has not ended, and with it all workers; reaps what the host has to. The link is
   ZYGOTE_NONE then. */
void zygote_link_drop(ZygoteLink *link);

/* Closes a forked host's copies of the descriptors, and leaves the zygote alone. */
void zygote_link_close_copy(ZygoteLink *link);

/* Whether this process inherits its orphans, the zygote and its workers among them, and so must reap them: it
   is init, or a subreaper. */
bool zygote_link_inherits_orphans(void);

/* Waits, a fifth of a second at most, for the end of an inherited process that was killed. */
void zygote_link_reap_orphan(pid_t pid);

#endif
