/*
 * Tries whether workers can load an extension, before a map needs it. On the connection's thread only.
 */
#ifndef PRICEMAP_EXTENSION_TRIAL_H
#define PRICEMAP_EXTENSION_TRIAL_H

#include "ext/connection/connection_state.h"

/* Loads an extension into a connection of its own in this process, as the host and worker threads will;
 * `entry` may be "". SQLITE_OK, or an error with a text in `message`, which has TASK_MESSAGE_SIZE bytes. */
int extension_trial_here(const char *path, const char *entry, char *message);

/*
 * Has one worker of each kind that isolates the host load the extension. SQLITE_OK: *error is NULL, or says
 * which workers cannot load it, and why (sqlite3_free it); workers that cannot be started cannot load it
 * either. SQLITE_NOMEM. A worker is started where there is none, and ended again; a worker that hangs in the
 * extension is killed.
 */
int extension_trial_in_workers(ConnectionState *state, const char *path, const char *entry, char **error);

#endif
