/*
 * Starting pricemap-worker from a host of unknown shape and size, and finding the files that this takes.
 */
#ifndef PRICEMAP_LAUNCH_H
#define PRICEMAP_LAUNCH_H

#include <sys/types.h>

/*
 * The path of pricemap-worker: $PRICEMAP_WORKER, counted from `folder` (NULL: as it is) where it is relative,
 * or the file beside the shared object that this code is in,
 * or the one in the libexec folder of the installation that the object is a part of, wherever that was moved
 * to, or the one in the libexec folder that was configured. Where there is none of them: the one beside, so
 * that the error at the start names a path. Free it with free(). NULL when out of memory. Any thread.
 */
char *launch_worker_path(const char *folder);

/*
 * The path of the shared library that holds the host's SQLite, "" when it has no file that a worker could
 * load (it is part of the host's program). Free it with free(). NULL when out of memory. Needs sqlite3_api.
 */
char *launch_sqlite_path(void);

/*
 * Runs the program at `path` with `socket` as its descriptor CHANNEL_SOCKET, all signals at their defaults
 * and none blocked, whatever this thread's are. Does not copy the host, however large it is. The started
 * process is a child of the host and must be waited for by its id. 0, or the errno of what failed.
 */
int launch_program(const char *path, int socket, pid_t *pid);

#endif
