/* One case: a map, said once to SQLite itself and once to parallel_map, and what both give. */
#ifndef SAMENESS_CASE_H
#define SAMENESS_CASE_H

#include "authorizer.h"
#include "world.h"

typedef struct Case {
    char *setup;    /* statements before `map`; "" */
    char *plain;    /* the oracle */
    char *other;    /* what SQLite might give as well; NULL */
    char *map;      /* the same by parallel_map */
    char *teardown; /* statements after `map`; "" */
    /* A file of the world is damaged: the map may fail where the plain query does not. */
    bool damaged;
    /* The query needs a part of the map, which may not come by the damage that the plain query meets. */
    bool reads_part;
    Authorizer authorizer;
    bool one_authorizer; /* it says of the map what it said of the setup */
    /* The authorizer does not have a column ignored in the setup that the map reads then. */
    bool not_made_ignored;
    int left_after; /* another run of it is left open after so many rows; -1: none */
    bool any_order; /* rows may come in another order */
    bool any_error; /* rows or columns are computed in another order: another error may be the first */
} Case;

/* A random case over one of the world's sources. False when out of memory; free it with case_free in either
 * case.
 */
bool case_make(Case *test, Random *random, const World *world);
void case_free(Case *test);

/* What the cases so far were worth. */
typedef struct CaseCounts {
    long rows; /* compared */
    /* Cases beside a damaged file, and those of them that gave rows. */
    long damaged, read_damaged;
    long failing; /* cases that failed after their first row */
} CaseCounts;

/*
 * Runs the case and adds it to the counts. NULL where both gave the same: rows, and where they failed, the
 * rows before and the reason. Else what differed, a text that is valid until the next call.
 */
const char *case_run(Case *test, sqlite3 *db, CaseCounts *counts);

#endif
