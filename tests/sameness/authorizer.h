/*
 * The authorizer of a case's host: one column, in whatever table, is denied or read as NULL, or was so until
 * a first map had run. An authorizer that gets such a name does not say so to SQLite: what it prepared stays
 * prepared.
 */
#ifndef SAMENESS_AUTHORIZER_H
#define SAMENESS_AUTHORIZER_H

#include "world.h"

typedef struct Authorizer {
    char column[24]; /* "": no authorizer */
    int before, now; /* what it says of the column: SQLITE_OK, SQLITE_DENY, SQLITE_IGNORE */
    bool set_anew;   /* for `now` it is set once more, which makes SQLite prepare everything again */
    int said;
} Authorizer;

/* None, mostly; else one over a column of the source. */
void authorizer_make(Authorizer *authorizer, Random *random, const WorldSource *source);

/* Sets it, as it was before; and has it say what it says now. The connection keeps a pointer to it until
   authorizer_unset. */
void authorizer_set_before(Authorizer *authorizer, sqlite3 *db);
void authorizer_set_now(Authorizer *authorizer, sqlite3 *db);
void authorizer_unset(sqlite3 *db);

/* What the shell has no command for: a comment on standard output, where there is an authorizer. */
void authorizer_print(const Authorizer *authorizer);

#endif
