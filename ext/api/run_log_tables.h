/* parallel_map_runs and parallel_map_tasks: the run log as tables. */
#ifndef PRICEMAP_RUN_LOG_TABLES_H
#define PRICEMAP_RUN_LOG_TABLES_H

#include "ext/connection/connection_state.h"

/* Registers both on the state's connection, each with a reference to the state. SQLITE_OK or an error. */
int run_log_tables_register(ConnectionState *state);

#endif
