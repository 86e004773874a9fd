/* The virtual table parallel_map, in both of its forms. */
#ifndef PRICEMAP_PARALLEL_MAP_H
#define PRICEMAP_PARALLEL_MAP_H

#include "ext/connection/connection_state.h"

/* Registers the module on the state's connection, with a reference to the state. SQLITE_OK or an error. */
int parallel_map_register(ConnectionState *state);

#endif
