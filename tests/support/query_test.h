/* Help for tests of parallel_query: the oracle is the plain SELECT on the same connection. Include the cmocka
 * headers before this one. */
#ifndef QUERY_TEST_H
#define QUERY_TEST_H

#include <stdbool.h>

#include "tests/support/map_test.h"

/* Opens a file as the test's connection, with the tables that `script` makes. */
sqlite3 *query_test_open(MapTest *test, const char *script);

/* The query has to give the SELECT's rows, of which there are few, in the same order. Returns whether it was
   divided; where not, *why (for sqlite3_free) has the reason. */
bool query_test_compare(const MapTest *test, const char *select, char **why);

/* The same, and it has to be divided, but for `auto`, with a partial query that has the text `partial`. */
void query_test_expect_divided(const MapTest *test, const char *select, const char *partial);

/* The same, and it has to be run whole, for a reason that has the text. */
void query_test_expect_whole(const MapTest *test, const char *select, const char *reason);

/* The plan of a query under `auto` has to have a text. */
void query_test_expect_plan(sqlite3 *db, const char *select, const char *text);

#endif
