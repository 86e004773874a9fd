/*
 * The way to SQLite. Every file of the extension calls SQLite through the routines of the host's own copy,
 * never through a linked one. The pointer is set once, to the same value each time: in a host by
 * sqlite3_pricemap_init, in a worker process or a unit test by sqlite_api_attach.
 */
#ifndef PRICEMAP_SQLITE_API_H
#define PRICEMAP_SQLITE_API_H

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

/* A library's own sqlite3_auto_extension, sqlite3_cancel_auto_extension, sqlite3_open, sqlite3_close and
 * sqlite3_initialize (NULL: not needed), found with dlsym, so that any copy of SQLite will do. */
typedef struct SqliteEntryPoints {
    int (*auto_extension)(void (*)(void));
    int (*cancel_auto_extension)(void (*)(void));
    int (*open)(const char *, sqlite3 **);
    int (*close)(sqlite3 *);
    int (*initialize)(void);
} SqliteEntryPoints;

/* Sets the routines to those of the library: they are passed to an extension that is registered for one
 * moment. SQLITE_OK, or the error of the open. Not thread-safe: call it before threads. */
int sqlite_api_attach(const SqliteEntryPoints *library);

#endif
