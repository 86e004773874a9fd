#include "ext/evaluate/worker_vfs.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 64 << 10,
    /* Smaller reads are of the file's header, which others may change at any time. */
    PAGE_LEAST = 512,
};

static int base_time(sqlite3_vfs *base, sqlite3_int64 *now)
{
    if (base->iVersion >= 2 && base->xCurrentTimeInt64)
        return base->xCurrentTimeInt64(base, now);
    double days = 0;
    int rc = base->xCurrentTime(base, &days);
    *now = (sqlite3_int64)(days * 86400000.0);
    return rc;
}

static int worker_time_int64(sqlite3_vfs *vfs, sqlite3_int64 *now)
{
    WorkerVfs *worker = (WorkerVfs *)vfs;
    *now = worker->now;
    return worker->now ? SQLITE_OK : base_time(worker->base, now);
}

static int worker_time(sqlite3_vfs *vfs, double *days)
{
    sqlite3_int64 now;
    int rc = worker_time_int64(vfs, &now);
    *days = (double)now / 86400000.0;
    return rc;
}

static bool holds(const WorkerVfs *worker, int64_t offset, int amount)
{
    return offset >= worker->start && offset + amount <= worker->start + worker->length;
}

static void fill(WorkerVfs *worker, sqlite3_file *file, int64_t offset)
{
    sqlite3_int64 size = 0;
    worker->length = 0;
    if (worker->base_methods->xFileSize(file, &size) != SQLITE_OK || offset >= size)
        return;
    int length = size - offset < BLOCK_BYTES ? (int)(size - offset) : BLOCK_BYTES;
    if (worker->base_methods->xRead(file, worker->block, length, offset) != SQLITE_OK)
        return;
    worker->start = offset;
    worker->length = length;
}

/* Only a read that goes on where the last one ended is worth a block: in a table whose pages lie about, most
   of a block would be read for nothing. */
static int read_database(WorkerVfs *worker, sqlite3_file *file, void *to, int amount, int64_t offset)
{
    bool page = worker->active && amount >= PAGE_LEAST;
    if (page && offset == worker->next && !holds(worker, offset, amount))
        fill(worker, file, offset);
    worker->next = offset + amount;
    if (!page || !holds(worker, offset, amount))
        return worker->base_methods->xRead(file, to, amount, offset);
    memcpy(to, worker->block + (offset - worker->start), (size_t)amount);
    return SQLITE_OK;
}

static int worker_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset)
{
    WorkerVfs *worker =
        (WorkerVfs *)(void *)((char *)(uintptr_t)file->pMethods - offsetof(WorkerVfs, methods));
    int rc = read_database(worker, file, to, amount, offset);
    if (rc == SQLITE_OK && amount >= PAGE_LEAST)
        page_trail_see(&worker->trail, to, amount, page_trail_position(offset, false));
    return rc;
}

static int worker_read_log(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset)
{
    WorkerVfs *worker =
        (WorkerVfs *)(void *)((char *)(uintptr_t)file->pMethods - offsetof(WorkerVfs, log_methods));
    int rc = worker->base_log_methods->xRead(file, to, amount, offset);
    if (rc == SQLITE_OK && amount >= PAGE_LEAST)
        page_trail_see(&worker->trail, to, amount, page_trail_position(offset, true));
    return rc;
}

/* Methods of an older version may be a shorter struct: no more is copied than there is. */
static size_t methods_size(const sqlite3_io_methods *methods)
{
    return methods->iVersion >= 3   ? sizeof *methods
           : methods->iVersion == 2 ? offsetof(sqlite3_io_methods, xFetch)
                                    : offsetof(sqlite3_io_methods, xShmMap);
}

/* Has `file` read by `read`, with `methods` as a copy of its own ones. Returns these. */
static const sqlite3_io_methods *replace_read(sqlite3_file *file, sqlite3_io_methods *methods,
                                              int (*read)(sqlite3_file *, void *, int, sqlite3_int64))
{
    const sqlite3_io_methods *base = file->pMethods;
    memcpy(methods, base, methods_size(base));
    methods->xRead = read;
    file->pMethods = methods;
    return base;
}

/* Opens a file; those of the main database, which is the first that is opened, and of its log are read by
 * functions of ours. A log may be opened several times. Without memory for a block nothing is read ahead. */
static int worker_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    WorkerVfs *worker = (WorkerVfs *)vfs;
    int rc = worker->base->xOpen(worker->base, name, file, flags, out_flags);
    if (rc != SQLITE_OK || !file->pMethods)
        return rc;
    if (flags & SQLITE_OPEN_MAIN_DB && !worker->base_methods) {
        worker->block = malloc(BLOCK_BYTES);
        worker->base_methods = replace_read(file, &worker->methods, worker_read);
    } else if (flags & SQLITE_OPEN_WAL &&
               (!worker->base_log_methods || worker->base_log_methods == file->pMethods)) {
        worker->base_log_methods = replace_read(file, &worker->log_methods, worker_read_log);
    }
    return rc;
}

int worker_vfs_open(WorkerVfs *worker, const char *name, int flags, sqlite3 **db)
{
    *db = NULL;
    sqlite3_vfs *base = sqlite3_vfs_find(NULL);
    if (!base)
        return SQLITE_ERROR;
    /* A VFS of version 1 or 2 may be a shorter struct: copy no more than it has. */
    size_t size = base->iVersion >= 3   ? sizeof *base
                  : base->iVersion == 2 ? offsetof(sqlite3_vfs, xSetSystemCall)
                                        : offsetof(sqlite3_vfs, xCurrentTimeInt64);
    memset(&worker->vfs, 0, sizeof worker->vfs);
    memcpy(&worker->vfs, base, size);
    sqlite3_snprintf(sizeof worker->name, worker->name, "pricemap-%p", (void *)worker);
    worker->base = base;
    worker->vfs.pNext = NULL;
    worker->vfs.zName = worker->name;
    worker->vfs.xOpen = worker_open;
    worker->vfs.xCurrentTime = worker_time;
    worker->vfs.xCurrentTimeInt64 = worker_time_int64;
    if (worker->vfs.iVersion < 2)
        worker->vfs.iVersion = 2;
    int rc = sqlite3_vfs_register(&worker->vfs, 0);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_open_v2(name, db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, worker->name);
    sqlite3_vfs_unregister(&worker->vfs);
    return rc;
}

void worker_vfs_begin_range(WorkerVfs *worker)
{
    worker->length = 0;
    worker->next = -1;
    worker->active = worker->block != NULL;
}

void worker_vfs_end_range(WorkerVfs *worker)
{
    worker->active = false;
}

void worker_vfs_free(WorkerVfs *worker)
{
    free(worker->block);
    worker->block = NULL;
}

int64_t worker_vfs_host_time(void)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_int64 now = 0;
    return vfs && base_time(vfs, &now) == SQLITE_OK ? now : 0;
}
