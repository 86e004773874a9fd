/* The SQL functions parallel_map_config, parallel_map_load and pricemap_version. */
#ifndef PRICEMAP_CONFIG_FUNCTIONS_H
#define PRICEMAP_CONFIG_FUNCTIONS_H

#include "ext/connection/connection_state.h"

/* Registers the three on the state's connection, each with a reference to the state. SQLITE_OK or an error.
 */
int config_functions_register(ConnectionState *state);

#endif
