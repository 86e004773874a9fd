/* Whole numbers that users write: in arguments of parallel_map and in its settings. */
#ifndef PRICEMAP_NUMBERS_H
#define PRICEMAP_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"

/* Reads a whole number with nothing around it. False where `text` is no number or lies outside least … most.
 */
bool number_parse(const char *text, int64_t least, int64_t most, int64_t *number);

/*
 * Reads a whole number from a value, as LIMIT takes one: some hosts bind every number as REAL, and 2.0 is 2.
 * False of NULL, of a fraction and of what is not finite.
 */
bool number_read(sqlite3_value *value, int64_t least, int64_t most, int64_t *number);

#endif
