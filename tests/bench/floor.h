/* The floor: the same kernel over the same array in plain C and POSIX threads, no SQL. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <stddef.h>
#include <stdint.h>

/* Raises every price crazily, by 10 %, into `raised`, with `threads` threads (1 or more) that are started and
 * ended here; each takes the next price that was not taken. Returns 0, or an errno, or EDOM where a price
 * cannot be raised. */
int floor_map(const double *prices, double *raised, size_t count, int64_t rounds, int threads);

/* The i-th price, from 1, of the bench's price lists. */
double floor_price(size_t i);

#endif
