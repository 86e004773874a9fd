/* Data of a chart with no other characters than the fonts of this machine have. */
#ifndef PRICEREPORT_DRAWABLE_H
#define PRICEREPORT_DRAWABLE_H

#include <stdbool.h>

#include "cli/base/failure.h"

/* Copies a .dat file to `copy`, with a question mark for each character that no font has, for PNG and PDF:
 * instead of such a character cairo draws its number, as large as the whole chart. Fonts are found by
 * fc-list, of fontconfig, and only where the file has characters that usual fonts lack. Returns 0 and whether
 * a copy was needed and made; -1 with the failure set. */
int drawable_copy(const char *path, const char *copy, bool *made, Failure *failure);

#endif
