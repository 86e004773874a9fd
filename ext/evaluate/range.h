/* The functions that a partition recipe's tracing statement calls; see range.c. */
#ifndef PRICEMAP_RANGE_H
#define PRICEMAP_RANGE_H

/* Is called with each rowid before the map sees the row; whether the row is still wanted. */
#define RANGE_TRACE_FUNCTION "pricemap_trace"
/* The first (0) and the last (1) rowid of the range. A parameter could not change while a statement waits. */
#define RANGE_BOUND_FUNCTION "pricemap_bound"
/* Is called with the rowid of each row that the conditions on the source let through; true. */
#define RANGE_COUNT_FUNCTION "pricemap_count"

#endif
