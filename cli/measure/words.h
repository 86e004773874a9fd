/* Words of a command line that no shell reads. */
#ifndef PRICEREPORT_WORDS_H
#define PRICEREPORT_WORDS_H

#include "cli/base/failure.h"

/* Splits a text at its blanks. Quotes and backslashes keep blanks, as in a shell: nothing is special within
 * '...', and a backslash alone within "...". Everything else, such as $ and *, is taken as it stands. The
 * words end with NULL, and are one block, to be freed. Returns 0, or -1 with the failure set and NULL: a
 * quote that does not end, or no word at all. */
int words_split(const char *text, char ***words, Failure *failure);

#endif
