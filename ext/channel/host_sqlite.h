/*
 * Giving a worker process the very SQLite that its host uses, wherever that lies.
 */
#ifndef PRICEMAP_HOST_SQLITE_H
#define PRICEMAP_HOST_SQLITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"

/*
 * Where the API table lies in the library that holds it, counted from the library's start. False where it is
 * in no library. To be asked in the host.
 */
bool host_sqlite_table_offset(int64_t *offset);

/*
 * Loads the library at `path` ("" or one that does not load: the system's) and sets sqlite3_api to its
 * routines. A library that keeps SQLite's functions to itself is attached through its API table, where the
 * host knows its place. Which SQLite it turned out to be is for the host to compare. `error` says
 * then why the library at `path` was not taken, and stays as it is where it was or there is none. False, with
 * a text in `error`, when none can be had. Not thread-safe; in a process without threads.
 */
bool host_sqlite_attach(const char *path, bool has_table, int64_t table_offset, char *error,
                        size_t error_size);

#endif
