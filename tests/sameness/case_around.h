/* What stands around a map: conditions, a join, an order and a limit. */
#ifndef CASE_AROUND_H
#define CASE_AROUND_H

#include "case_source.h"

typedef struct Around {
    /* The query, in which %s stands for the map or the plain subquery; sqlite3_malloc'd. */
    char *query;
    /* Whether its rows may come in any order, and whether it says which one, whatever that of the map is. */
    bool any_order, says_order;
} Around;

/*
 * Makes a query around a map with the columns e0, e1, e2, which is a column of the source, and e3, which is
 * its rowid where it has one. An expression compares otherwise in a table than in a subquery, except with
 * what has no affinity. `ordered`: the rows of the map come in an order; `unique`: no two have the
 * same e3. False when out of memory.
 */
bool around_make(Around *around, Random *random, bool ordered, bool unique);

#endif
