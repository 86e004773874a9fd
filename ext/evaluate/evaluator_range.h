/* The function that a partition recipe's tracing statement calls with each rowid; see evaluator_range.c. It
 * returns 1. */
#ifndef PRICEMAP_EVALUATOR_RANGE_H
#define PRICEMAP_EVALUATOR_RANGE_H

#define RANGE_TRACE_FUNCTION "pricemap_trace"

#endif
