/*
 * Rows that a query's statements are given: the values of its parameters, and tables that are in no file,
 * whose rows were computed before and come with the recipe.
 */
#ifndef PRICEMAP_MADE_TABLES_H
#define PRICEMAP_MADE_TABLES_H

#include "ext/data/recipe.h"

/*
 * Binds the values of a rowset of one row to a statement's parameters from `first` on, as far as it has so
 * many; the rowset, whose texts have this encoding (SQLITE_UTF8 or SQLITE_UTF16), has to outlive their use.
 * SQLITE_OK or an error.
 */
int made_tables_bind_row(sqlite3_stmt *statement, int first, const void *rowset, size_t size, int encoding);

/* Makes the tables that a recipe has for its query, with their rows, on a connection that is none of the
 * host's. SQLITE_OK or an error; SQLITE_MISMATCH where a column's affinity would change a value. */
int made_tables_create(sqlite3 *db, const Recipe *recipe);

#endif
