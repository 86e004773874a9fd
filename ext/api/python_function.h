/* The SQL function parallel_map_python: names a function of Python that maps of the connection may call. */
#ifndef PRICEMAP_PYTHON_FUNCTION_H
#define PRICEMAP_PYTHON_FUNCTION_H

#include "ext/connection/connection_state.h"

/* Registers it on the connection of `state`. SQLITE_OK or an error. */
int python_function_register(ConnectionState *state);

#endif
