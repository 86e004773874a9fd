/* The settings of workers on other machines, as parallel_map_config sets and shows them. */
#ifndef PRICEMAP_MACHINE_SETTINGS_H
#define PRICEMAP_MACHINE_SETTINGS_H

#include "ext/connection/connection_state.h"

/*
 * The call of parallel_map_config for a setting of this kind: sets it, unless `value` is NULL, and gives its
 * value, or an error. False: `name` is none of them, and nothing was done.
 */
bool machine_setting_function(sqlite3_context *context, ConnectionState *state, const char *name,
                              sqlite3_value *value);

#endif
