/*
 * The SQL faces of exact sums, by which a query is divided into parts: workers compute pricemap_sum_part(x)
 * of their rows, and the sum, total or average of all of them comes out of those states.
 */
#ifndef PRICEMAP_SUM_FUNCTIONS_H
#define PRICEMAP_SUM_FUNCTIONS_H

#include <stdbool.h>

#include "ext/base/sqlite_api.h"

#define SUM_PART_FUNCTION "pricemap_sum_part"
#define SUM_FUNCTION "pricemap_sum"
#define TOTAL_FUNCTION "pricemap_total"
#define AVG_FUNCTION "pricemap_avg"
#define SUM_OF_VALUES_FUNCTION "pricemap_sum_of_values"
#define TOTAL_OF_VALUES_FUNCTION "pricemap_total_of_values"
#define AVG_OF_VALUES_FUNCTION "pricemap_avg_of_values"

/*
 * Registers on a connection that is none of the host's the aggregates
 *     pricemap_sum_part(x): the state of the sum of x, a blob; NULL of no value
 *     pricemap_sum(state), pricemap_total(state), pricemap_avg(state): sum, total and avg of all the values
 *     pricemap_sum_of_values(x), pricemap_total_of_values(x), pricemap_avg_of_values(x): the same of the
 *     values themselves, for those that DISTINCT has left
 * Arguments are taken as SQLite's sum takes them. Where the integers may have left 64 bits on their way, the
 * two sums are the error "integer overflow"; whether SQLite's sum is one depends on the order of the rows.
 * What is no state is an error. SQLITE_OK or the error of sqlite3_create_function_v2.
 */
int sum_functions_register(sqlite3 *db);

/* Whether it is the name of one of them. */
bool sum_functions_have(const char *name);

#endif
