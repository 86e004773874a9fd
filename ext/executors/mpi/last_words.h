/* The last words of a launcher, and the remedy for what they say. */
#ifndef PRICEMAP_LAST_WORDS_H
#define PRICEMAP_LAST_WORDS_H

#include <stddef.h>

/*
 * Writes the last words of a launcher as one line, without the rulers that Open MPI draws, into `line`,
 * and no more of them than fit. Returns the remedy, a constant; "": none is known.
 */
const char *last_words_read(const char *words, char *line, size_t size);

#endif
