/* The floor of the crazy raise's kernel. */
#ifndef BENCH_BARE_LOOP_H
#define BENCH_BARE_LOOP_H

#include <stdint.h>

/* Nothing but two square roots of `number` for each of `count` elements, in vectors of `lanes` doubles (8, 4,
 * 2, or 1 for a machine whose vectors are not known here), which the processor must have. */
void bare_loop_run(int lanes, double number, int64_t count);

#endif
