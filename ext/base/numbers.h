/* Numbers that users write: in arguments of parallel_map, in its settings, and as texts. */
#ifndef PRICEMAP_NUMBERS_H
#define PRICEMAP_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
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

/*
 * The type that SQLite's numeric affinity gives a text, `text` being its UTF-8 with a NUL after `bytes`
 * bytes: SQLITE_INTEGER with *integer set, SQLITE_FLOAT, or SQLITE_NULL where the text stays one. As SQLite
 * has it: space around a literal counts for nothing, and an integer beyond 64 bits is a REAL. Of a text with
 * a NUL in it SQLite's versions differ; here it stays a text.
 */
int number_type_of_text(const char *text, size_t bytes, int64_t *integer);

#endif
