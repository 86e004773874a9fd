/*
 * Starts pricemap-worker from a host of unknown shape and size, and finds the files that this takes.
 */
#ifndef PRICEMAP_LAUNCH_H
#define PRICEMAP_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

/* A program whose processes are the workers of a pool: pricemap-worker, or another one that begins in the
   same way (worker/main.c). */
typedef struct WorkerProgram {
    /* Path, absolute. */
    char *path;
    /* Arguments, that with the name of the program included, with NULL at the end. */
    char **arguments;
    /* Requirement on a program of another language, as a sentence for messages, a constant; NULL: the program
       is pricemap-worker. */
    const char *needs;
} WorkerProgram;

/* Sets *copy to a copy of a program; free it with worker_program_free. False when out of memory. */
bool worker_program_copy(WorkerProgram *copy, const WorkerProgram *program);
void worker_program_free(WorkerProgram *program);

/*
 * The program pricemap-worker, to be freed with worker_program_free: at $PRICEMAP_WORKER, counted from
 * `folder` (NULL: as it is) where it is relative, or beside the shared object that this code is in, or in the
 * libexec folder of the installation that the object is a part of, wherever that was moved to, or in the
 * libexec folder that was configured. Where none of them exists: the path beside, so that the error at the
 * start names a path. False when out of memory. Any thread.
 */
bool launch_find_worker(WorkerProgram *program, const char *folder);

/*
 * The path of the library of a language (evaluate/language.h), a file of that name beside pricemap-worker,
 * to be freed with free; NULL where there is none, or when out of memory. Any thread.
 */
char *launch_find_library(const char *name);

/*
 * The program of MPI ranks, pricemap-rank: at $PRICEMAP_RANK, counted from `folder` where it is relative, or
 * where pricemap-worker is; to be freed with free. NULL where there is none (it was built without MPI), or
 * when out of memory. Any thread.
 */
char *launch_find_rank(const char *folder);

/* Whether this process is one of a pool of pricemap's: a worker, or the process that forks workers. */
bool launch_is_in_pool(void);

/*
 * The path of the shared library that holds the host's SQLite, "" when it has no file that a worker could
 * load (it is part of the host's program). Free it with free(). NULL when out of memory. Needs sqlite3_api.
 */
char *launch_sqlite_path(void);

/*
 * Runs the program with `socket` as its descriptor MESSAGES_SOCKET, all signals at their defaults
 * and none blocked, whatever this thread's are. Does not copy the host, however large it is. The started
 * process is a child of the host and must be waited for by its id. 0, or the errno of what failed.
 */
int launch_program(const WorkerProgram *program, int socket, pid_t *pid);

#endif
