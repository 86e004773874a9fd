/*
 * Whether threads may use the host's SQLite at one time, each with connections of its own.
 */
#ifndef PRICEMAP_SQLITE_THREADS_H
#define PRICEMAP_SQLITE_THREADS_H

/* SQLITE_OK where they may; SQLITE_ERROR where SQLite was built without mutexes, or the host has switched
 * them off, which never changes; SQLITE_NOMEM where that could not be found out now. Any thread. */
int sqlite_allows_threads(void);

#endif
