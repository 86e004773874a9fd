#include "ext/evaluate/instant_vfs.h"

#include <stddef.h>
#include <string.h>

static int base_time(sqlite3_vfs *base, sqlite3_int64 *now)
{
    if (base->iVersion >= 2 && base->xCurrentTimeInt64)
        return base->xCurrentTimeInt64(base, now);
    double days = 0;
    int rc = base->xCurrentTime(base, &days);
    *now = (sqlite3_int64)(days * 86400000.0);
    return rc;
}

static int instant_time_int64(sqlite3_vfs *vfs, sqlite3_int64 *now)
{
    InstantVfs *instant = (InstantVfs *)vfs;
    *now = instant->now;
    return instant->now ? SQLITE_OK : base_time(instant->base, now);
}

static int instant_time(sqlite3_vfs *vfs, double *days)
{
    sqlite3_int64 now;
    int rc = instant_time_int64(vfs, &now);
    *days = (double)now / 86400000.0;
    return rc;
}

int instant_vfs_open(InstantVfs *instant, const char *name, int flags, sqlite3 **db)
{
    *db = NULL;
    sqlite3_vfs *base = sqlite3_vfs_find(NULL);
    if (!base)
        return SQLITE_ERROR;
    /* A VFS of version 1 or 2 may be a shorter struct: copy no more than it has. */
    size_t size = base->iVersion >= 3   ? sizeof *base
                  : base->iVersion == 2 ? offsetof(sqlite3_vfs, xSetSystemCall)
                                        : offsetof(sqlite3_vfs, xCurrentTimeInt64);
    memset(&instant->vfs, 0, sizeof instant->vfs);
    memcpy(&instant->vfs, base, size);
    sqlite3_snprintf(sizeof instant->name, instant->name, "pricemap-%p", (void *)instant);
    instant->base = base;
    instant->vfs.pNext = NULL;
    instant->vfs.zName = instant->name;
    instant->vfs.xCurrentTime = instant_time;
    instant->vfs.xCurrentTimeInt64 = instant_time_int64;
    if (instant->vfs.iVersion < 2)
        instant->vfs.iVersion = 2;
    int rc = sqlite3_vfs_register(&instant->vfs, 0);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_open_v2(name, db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, instant->name);
    sqlite3_vfs_unregister(&instant->vfs);
    return rc;
}

int64_t instant_now(void)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_int64 now = 0;
    return vfs && base_time(vfs, &now) == SQLITE_OK ? now : 0;
}
