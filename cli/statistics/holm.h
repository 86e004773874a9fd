/* Holm's correction (1979) of p-values for having tested several things at once. Pure; any thread. */
#ifndef PRICEREPORT_HOLM_H
#define PRICEREPORT_HOLM_H

#include <stddef.h>

#include "cli/base/failure.h"

/* Replaces each p by its adjusted one: the i-th smallest of m is multiplied by m - i + 1, is no less than
 * those before it, and at most 1. One that is NAN was no test: it stays, and does not count. Returns 0, or -1
 * with the failure set when memory ran out. */
int holm_adjust(double *p, size_t count, Failure *failure);

#endif
