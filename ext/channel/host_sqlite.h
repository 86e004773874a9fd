/*
 * Gives a worker process the SQLite that its host uses, whichever file that is in.
 */
#ifndef PRICEMAP_HOST_SQLITE_H
#define PRICEMAP_HOST_SQLITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"

/*
 * The offset of the API table from the start of the library that holds it. False where no library holds it.
 * To be called in the host.
 */
bool host_sqlite_table_offset(int64_t *offset);

/*
 * Loads the library at `path` ("" or one that does not load: the system's) and sets sqlite3_api to its
 * routines. A library that keeps SQLite's functions to itself is attached through its API table, where the
 * host knows its offset. The host then compares which SQLite it is. `error` gets the reason why the library
 * at `path` was not taken ("" where `path` is ""), and is unchanged where it was taken. False, with a text in
 * `error`, where no library can be had. Not thread-safe; in a process without threads.
 */
bool host_sqlite_attach(const char *path, bool has_table, int64_t table_offset, char *error,
                        size_t error_size);

#endif
