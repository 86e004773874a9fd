/*
 * The files of the modules that a program of another language (language.h) imports for its functions. A
 * process of the program, which imports what workers would, answers a request with their list, and ends. By
 * this list machines are compared. On the host's thread, or a rank's only one.
 *
 * A list has three texts for each file, with a NUL each: the module's name, in the order of these names, the
 * file's path, and its digest. Among them is an entry of the interpreter, with its version for a digest.
 */
#ifndef PRICEMAP_PROGRAM_FILES_H
#define PRICEMAP_PROGRAM_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "ext/executors/processes/launch.h"

typedef struct ProgramFiles {
    /* Own end of a socket; -1: nothing was requested. */
    int socket;
    /* Own child, which ends as soon as it has forked the one that answers, and its pidfd or -1; 0:
       none. */
    pid_t starter;
    int starter_process;
    /* List so far, its bytes, and whether it is whole. */
    char *list;
    size_t size;
    bool whole;
} ProgramFiles;

/* A list that was not requested. */
void program_files_init(ProgramFiles *files);

/* Starts a process of the program and requests its list. 0, or an errno. */
int program_files_request(ProgramFiles *files, const WorkerProgram *program);

/* Receives what has come of the answer, without waiting. 1: the list is whole; 0: not yet; -1: there will be
   none, and `error`, of `room` bytes, says why. */
int program_files_hear(ProgramFiles *files, char *error, size_t room);

/* Whether the list of this machine is the host's; if not, `error`, of `room` bytes, says what differs. */
bool program_files_same(const ProgramFiles *own, const char *hosts, size_t hosts_size, char *error,
                        size_t room);

/* Ends the request and frees the list. `ours`: this process made the request, and is no forked copy of it. */
void program_files_end(ProgramFiles *files, bool ours);

#endif
