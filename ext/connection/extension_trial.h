/*
 * Whether workers will be able to load an extension, seen before a map needs it. On the connection's thread.
 */
#ifndef PRICEMAP_EXTENSION_TRIAL_H
#define PRICEMAP_EXTENSION_TRIAL_H

#include "ext/connection/connection_state.h"

/* Loads an extension into a connection of its own in this process, as workers in place and in threads will;
 * `entry` may be "". SQLITE_OK, or an error with a text in `message`, which has TASK_MESSAGE_SIZE bytes. */
int extension_trial_here(const char *path, const char *entry, char *message);

/*
 * Has one worker of each kind that lives in another process load it. SQLITE_OK: *trouble is NULL, or says
 * which workers cannot, and why (sqlite3_free it); those that cannot be started at all cannot either.
 * SQLITE_NOMEM. Starts a worker where none is there, waits for it, and ends it again; one that hangs in the
 * extension is killed.
 */
int extension_trial_in_workers(ConnectionState *state, const char *path, const char *entry, char **trouble);

#endif
