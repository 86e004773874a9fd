/* The table-valued function parallel_query_plan, which says how parallel_query would do a SELECT. */
#ifndef PRICEMAP_PARALLEL_QUERY_PLAN_H
#define PRICEMAP_PARALLEL_QUERY_PLAN_H

#include "ext/connection/connection_state.h"

/* Registers the module on the state's connection, with a reference to the state. SQLITE_OK or an error. */
int parallel_query_plan_register(ConnectionState *state);

#endif
