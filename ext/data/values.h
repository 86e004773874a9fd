/*
 * The values of a statement's parameters, as a row of a rowset: what the query around a map compares
 * columns of the map with. The text of a statement calls each by its number, from 0.
 */
#ifndef PRICEMAP_VALUES_H
#define PRICEMAP_VALUES_H

#include "ext/data/rowset.h"

/* The name of a parameter, to be followed by the number of its value. */
#define VALUE_PARAMETER ":pricemap_"

/* Rows of the rowset: the values, and, where the user has parameters as well, their names, as blobs. */
enum { VALUES_ROW, VALUES_NAMES_ROW };

/* Binds the parameters of a statement that is not in use; text has `encoding`. SQLITE_OK; SQLITE_CORRUPT
   where a value is not there, or an error as of sqlite3_bind_value. */
int values_bind(sqlite3_stmt *statement, const RowsetView *values, int encoding);

#endif
