/*
 * The way to SQLite. Every file of the extension calls SQLite through the routines of the host's own copy,
 * never through a linked one. The pointer is set once, to the same value each time, by whoever loads this
 * code: sqlite3_pricemap_init in a host, sqlite_api_attach in a worker process or a unit test.
 */
#ifndef PRICEMAP_SQLITE_API_H
#define PRICEMAP_SQLITE_API_H

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

/*
 * Takes the address of the library's own sqlite3_initialize (NULL: not needed), sqlite3_auto_extension,
 * sqlite3_cancel_auto_extension, sqlite3_open and sqlite3_close (found with dlsym, so that any copy of SQLite
 * will do) and learns its routines from an extension that it registers for one moment. SQLITE_OK, or the
 * error of the open. Not thread-safe: call it before threads.
 */
typedef struct SqliteEntryPoints {
    int (*auto_extension)(void (*)(void));
    int (*cancel_auto_extension)(void (*)(void));
    int (*open)(const char *, sqlite3 **);
    int (*close)(sqlite3 *);
    int (*initialize)(void);
} SqliteEntryPoints;

int sqlite_api_attach(const SqliteEntryPoints *library);

#endif
