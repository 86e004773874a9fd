/* How the virtual table of a query is declared: the columns of the SELECT, and its parameters, hidden. */
#ifndef PRICEMAP_QUERY_COLUMNS_H
#define PRICEMAP_QUERY_COLUMNS_H

#include "ext/split/split_plan.h"

/*
 * CREATE TABLE text for sqlite3_declare_vtab. Columns have their declared types where `declared`, and else
 * the shortest type of their affinity. A parameter has the name that stands in the SELECT, without the
 * character before it where no column has that name. NULL when out of memory; sqlite3_free it.
 */
char *query_columns_declare(const SplitPlan *plan, bool declared);

/* The name of parameter number i, from 0, as the SELECT has it. NULL when out of memory; sqlite3_free it. */
char *query_parameter_name(const SplitPlan *plan, int i);

/*
 * Which databases the query reads, and the versions of their schemas: two equal texts say that its tables
 * have not changed. Prepares the query on the connection, on its thread. NULL where that fails; sqlite3_free
 * it.
 */
char *query_columns_schemas(sqlite3 *db, const char *query);

#endif
