/* SQLite files in folders that may not be written: another user's, a mounted artefact, a read-only file
 * system. */
#ifndef PRICEREPORT_READ_ONLY_H
#define PRICEREPORT_READ_ONLY_H

#include <stdbool.h>
#include <sqlite3.h>

/* Whether a file that failed with this result code of SQLite may be read as an unchanging one: the file may
 * be read, its folder may not be written, and there is no journal beside it that would have to be read, too.
 * In WAL mode that shows that no process writes the file: a writer's files would be beside it. */
bool read_only_applies(const char *file, int code);

/* Opens such a file. Reads are right as long as the file does not change, and only temporary tables may be
 * written. Returns an SQLite result code; the connection is to be closed also after a failure. */
int read_only_open(const char *file, sqlite3 **db);

#endif
