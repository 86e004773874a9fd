/*
 * Facts about a statement before it runs, from its program as EXPLAIN lists it.
 */
#ifndef PRICEMAP_PROGRAM_H
#define PRICEMAP_PROGRAM_H

#include <stdbool.h>

#include "ext/base/sqlite_api.h"

typedef struct ProgramFacts {
    /* The number of columns of a row; 0: the program gives none. */
    int columns;
    /* Whether a part of the program runs once however many rows there are: a call with constant arguments,
       the list of an IN, a subquery that no row matters to. */
    bool has_constants;
} ProgramFacts;

/*
 * Compiles `sql`, a SELECT, on the connection and reads its program. SQLITE_OK; else an error as of
 * sqlite3_prepare_v2, its text the connection's.
 */
int program_read(sqlite3 *db, const char *sql, ProgramFacts *facts);

#endif
