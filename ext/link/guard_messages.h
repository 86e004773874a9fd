/*
 * The messages between the host and the guard of an MPI job, each one send on a socket of whole messages.
 * Host and guard are built from this file.
 */
#ifndef PRICEMAP_GUARD_MESSAGES_H
#define PRICEMAP_GUARD_MESSAGES_H

#include <stdint.h>
#include <sys/types.h>

#include "ext/link/frames.h"

enum {
    GUARD_PROTOCOL = 2,
    /* Bytes of the launcher's command, and of what is kept of its standard error. */
    GUARD_COMMAND_BYTES = 16384,
    GUARD_WORDS_BYTES = 4096,
    GUARD_PATH_BYTES = 256,
};

/* Begin of the name of a guard's folder. */
#define GUARD_FOLDER "pricemap-mpi-"

/* Variable of the environment that has TMPDIR as it was, for ranks that are the launcher's own children. */
#define GUARD_OWN_TMPDIR "PRICEMAP_TMPDIR"

typedef enum GuardKind {
    /* Host → guard: GuardOrder, with a pidfd of the host (where the kernel has pidfds). */
    GUARD_ORDER = 1,
    /* Guard → host: GuardReply, with the listening socket: the launcher is being started. */
    GUARD_LISTENS,
    /* Guard → host: GuardReply, nothing was started; `words` say why. */
    GUARD_FAILED,
    /* Guard → host: GuardReply, the launcher has ended. */
    GUARD_ENDED,
} GuardKind;

typedef struct GuardOrder {
    uint32_t kind, protocol;
    /* Whether all ranks are on this machine, so that a socket in a folder does. */
    int32_t local;
    /* Whether the launcher is Open MPI's, which reaches other machines by a remote shell. */
    int32_t by_shell;
    /* Bytes of the command. */
    uint32_t command_size;
    /* Name under which ranks reach this machine; "": its own. */
    char address[GUARD_PATH_BYTES];
    /* Folder of a job before whose guard was killed, to be removed at the end as well; "": none. */
    char left_folder[GUARD_PATH_BYTES];
    /* Cookie, a text. */
    char cookie[FRAME_COOKIE_BYTES];
    /* Words of the launcher's command, each with its NUL. The address is appended as one more. */
    char command[GUARD_COMMAND_BYTES];
} GuardOrder;

typedef struct GuardReply {
    uint32_t kind, protocol;
    /* Id of the guard, and of the launcher. */
    int32_t pid, launcher;
    /* Status of the launcher, as from waitpid. */
    int32_t status;
    /* Folder of all that the job leaves in files. */
    char folder[GUARD_PATH_BYTES];
    /* Last words of the launcher, or an error text. */
    char words[GUARD_WORDS_BYTES];
} GuardReply;

/* Receives one message of at most `size` bytes without blocking, and up to one descriptor (else -1), close on
   exec, the caller's to close. Returns its size; 0 at the end; -1 with errno (EAGAIN: none yet). */
ssize_t guard_receive(int socket, void *message, size_t size, int *descriptor);

/* Removes a folder with all that is in it, unless that is not there. */
void guard_remove_folder(const char *folder);

#endif
