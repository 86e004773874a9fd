/*
 * Reads a database file in larger pieces while a range of its rows is walked. A walk over a table comes by
 * its pages one by one, mostly in the order of the file, and a call of the system for each is what remains to
 * be saved there. Mapping the file instead would let whoever shortens it kill the host.
 *
 * A file's methods are replaced by a copy of them with another xRead, which finds its ReadAhead through the
 * file's pointer to its methods. Used by one thread, the connection's.
 */
#ifndef PRICEMAP_READ_AHEAD_H
#define PRICEMAP_READ_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"

typedef struct ReadAhead {
    sqlite3_io_methods methods; /* the first member: the file's pMethods points here */
    const sqlite3_io_methods *base;
    unsigned char *block; /* `length` bytes of the file from `start` */
    int64_t start, length;
    int64_t next; /* where the last read ended */
    bool active;
} ReadAhead;

/*
 * Attaches to the file of a connection's main database. `ahead` must be zeroed, and must outlive the
 * connection. Nothing changes where the file or the memory is not to be had.
 */
void read_ahead_attach(ReadAhead *ahead, sqlite3 *db);

/*
 * Between the two, pages may be taken from what was read before them. The caller sees to it that the file's
 * pages do not change meanwhile: a read transaction on the connection, or somebody else's lock. Both do
 * nothing where it was not attached.
 */
void read_ahead_begin(ReadAhead *ahead);
void read_ahead_end(ReadAhead *ahead);

/* After the connection was closed. */
void read_ahead_free(ReadAhead *ahead);

#endif
