/*
 * The VFS of a worker's connection, a shim over the host's default one that is made for one connection.
 *
 * One instant for a whole map: `'now'` in SQL is the same in every chunk, as it is within one statement.
 * SQLite reads the time from a connection's VFS, and this one gives the instant that the task brings.
 *
 * Reading ahead: a table scan reads pages mostly in file order, and one pread per page is the largest
 * remaining cost, so sequential reads are served from a block of 64 KiB. (Mapping the file is no option:
 * truncating it would kill the host with SIGBUS.) The methods of the main database's file are replaced by a
 * copy of them with another xRead, which finds the shim through the file's pointer to its methods.
 *
 * The page trail takes in each page that is read from that file, and from its write-ahead log, whose methods
 * are replaced in the same way.
 *
 * Used by one thread at a time, the connection's.
 */
#ifndef PRICEMAP_WORKER_VFS_H
#define PRICEMAP_WORKER_VFS_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"
#include "ext/evaluate/page_trail.h"

typedef struct WorkerVfs {
    /* First member: SQLite hands its address back. */
    sqlite3_vfs vfs;
    sqlite3_vfs *base;
    char name[48];
    /* Instant in Julian-day milliseconds; 0: the base VFS gives the time. To be set between statements
     * only. */
    int64_t now;
    /* Methods of the main database's file, to which its pMethods points. */
    sqlite3_io_methods methods;
    const sqlite3_io_methods *base_methods;
    /* The same of its write-ahead log, which SQLite opens when it first reads. */
    sqlite3_io_methods log_methods;
    const sqlite3_io_methods *base_log_methods;
    /* Pages that the connection has read last. */
    PageTrail trail;
    /* Block of `length` bytes of the file from `start`; NULL: there is no file, or no memory. */
    unsigned char *block;
    int64_t start, length;
    /* Offset at which the last read ended. */
    int64_t next;
    /* Whether a range is being read, so that pages may be taken from the block that was read ahead. */
    bool active;
} WorkerVfs;

/*
 * Opens `name` with the SQLITE_OPEN_ flags `flags`, for one thread at a time, on `worker`, which must be
 * zeroed and outlive the connection. The VFS is registered only while the connection opens, so nothing of it
 * stays in the process's list. Returns as sqlite3_open_v2 does; *db must be closed in any case.
 */
int worker_vfs_open(WorkerVfs *worker, const char *name, int flags, sqlite3 **db);

/*
 * Between the two, pages may be taken from what was read before them. The caller sees to it that the file's
 * pages do not change meanwhile: a read transaction on the connection, or a lock that another connection
 * holds.
 */
void worker_vfs_begin_range(WorkerVfs *worker);
void worker_vfs_end_range(WorkerVfs *worker);

/* Frees the block, after the connection was closed. */
void worker_vfs_free(WorkerVfs *worker);

/* The time of the default VFS, in Julian-day milliseconds; 0: not known. */
int64_t worker_vfs_host_time(void);

#endif
