/* Random SQL: values, and expressions over the columns of a source. */
#ifndef SAMENESS_EXPRESSION_H
#define SAMENESS_EXPRESSION_H

#include "world.h"

/* Appends a literal of any type: edges of the numbers, texts with NULs and broken UTF-8, blobs. */
void expression_value(sqlite3_str *sql, Random *random);

/* Appends an expression of at most `depth` levels over the source's columns, built from SQLite's
 * deterministic functions and pricemap's; with `may_fail` it may fail for some rows. */
void expression_append(sqlite3_str *sql, Random *random, const WorldSource *source, int depth, bool may_fail);

#endif
