/*
 * Whether SQLite makes the same program of two statements: the proof that a text which was written out of a
 * tree means what the user's text means.
 */
#ifndef PRICEMAP_SAME_PROGRAM_H
#define PRICEMAP_SAME_PROGRAM_H

#include <stdbool.h>

#include "ext/base/sqlite_api.h"

/*
 * Compares the programs of `a` on the connection `one` with that of `b` on `other`, instruction by
 * instruction; names of parameters and columns are no part of them. *same is set with SQLITE_OK; else an
 * error, whose text is one of the connections'. Runs neither. On the thread of both connections.
 */
int same_program(sqlite3 *one, const char *a, sqlite3 *other, const char *b, bool *same);

#endif
