/*
 * Which columns of a map are columns of its source as they are: a condition on such a column is one on the
 * source, and holds or fails before the map is computed.
 */
#ifndef PRICEMAP_BARE_COLUMNS_H
#define PRICEMAP_BARE_COLUMNS_H

#include "ext/plan/source.h"

/* Beside the columns of the source, from 0: the rowid, and an expression. */
enum { BARE_ROWID = -1, BARE_NOT = -2 };

/*
 * Sets *bare, `columns` ints to be freed with free, to the source's column for each column of the select-list
 * `map`, which has `columns` of them. A list that is not understood has none. SQLITE_OK or SQLITE_NOMEM.
 */
int bare_columns_find(const char *map, const Source *source, int columns, int **bare);

/* How SQLite would find the rows of the source whose column has a certain value. */
typedef enum SourceSearch { SEARCH_NONE, SEARCH_INDEX, SEARCH_ROWID } SourceSearch;

/* Finds that out from the plan of the host's connection for such a query. `column` may be BARE_ROWID. */
SourceSearch bare_column_search(sqlite3 *db, const Source *source, int column);

/* The name of a column of the source in a statement over it: alias and name. NULL when out of memory;
   sqlite3_free it. */
char *bare_column_name(const Source *source, int column);

#endif
