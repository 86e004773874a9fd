/* The virtual table parallel_query: a whole SELECT, run by workers where that can be. */
#ifndef PRICEMAP_PARALLEL_QUERY_H
#define PRICEMAP_PARALLEL_QUERY_H

#include "ext/connection/connection_state.h"

/* Registers the module on the state's connection, with a reference to the state. SQLITE_OK or an error. */
int parallel_query_register(ConnectionState *state);

#endif
