/* Which benchmarks texts on the command line mean. */
#ifndef PRICEREPORT_BENCHMARK_CHOICE_H
#define PRICEREPORT_BENCHMARK_CHOICE_H

#include <stddef.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"

/* Leaves the benchmarks that the names mean in the temporary table `chosen` (sql/judging/setup.sql): each is
 * a name with all its variants, a name with its variant, as in "increase_price threads x 2", or a pattern for
 * either, as in "increase_*". With no name, none is chosen. Returns 0, or -1 with the failure set, which
 * names the first that means nothing. */
int benchmark_choice_names(History *history, const char *const *names, size_t count, Failure *failure);

/* Chooses every benchmark. */
int benchmark_choice_all(History *history, Failure *failure);

#endif
