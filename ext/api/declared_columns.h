/* The columns that a table of a map was declared with, held against those that the map has now. */
#ifndef PRICEMAP_DECLARED_COLUMNS_H
#define PRICEMAP_DECLARED_COLUMNS_H

#include "ext/api/plan_cache.h"

/*
 * The columns that were declared must still be the map's: its source may have changed since. Those that have
 * another affinity or collation now are noted in kept->only_null: what the host's authorizer has read as NULL
 * (SQLITE_IGNORE) has lost both, also within a CAST, and how a NULL compares is the same. A value of such a
 * column that is no NULL is an error, once it is read: see declared_columns_say_other.
 * SQLITE_OK; else an error with *message set, or SQLITE_NOMEM.
 */
int declared_columns_check(const ColumnList *declared, KeptPlan *kept, char **message);

/* Says that a column compares otherwise than it was declared. NULL when out of memory; sqlite3_free it. */
char *declared_columns_say_other(const Column *column);

#endif
