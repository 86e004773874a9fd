/*
 * Rules of the host for a map that SQLite allows: no functions that the host defined itself, because workers
 * would call others of the same name, and nothing that its authorizer denies.
 */
#ifndef PRICEMAP_HOST_RULES_H
#define PRICEMAP_HOST_RULES_H

#include "ext/connection/connection_state.h"
#include "ext/evaluate/evaluator.h"
#include "ext/plan/host_view.h"

/*
 * Judges the map that `evaluator` has prepared; `plain` is the same without workers. What the host makes of
 * it goes into `view`, which is empty. SQLITE_OK; else an error with *message set (sqlite3_free it), or
 * SQLITE_NOMEM. On the connection's thread; prepares statements, and begins no transaction.
 */
int host_rules_check(ConnectionState *state, const Evaluator *evaluator, const PlainSelect *plain,
                     HostView *view, char **message);

/*
 * Checks functions by their names alone: whether workers, of which `worker` is a connection, call the same
 * ones as the host, and whether the host lets them be called; and adds them to `view`. Returns as above.
 */
int host_rules_check_functions(ConnectionState *state, sqlite3 *worker, char *const *names, int count,
                               HostView *view, char **message);

/* Whether one of the host's limits, and nothing else, keeps it from preparing the statement. Returns as
 * above. */
int host_rules_check_limits(sqlite3 *db, const PlainSelect *plain, char **message);

/* Whether the host's connection has a function of this name that is not SQLite's own; false where its
 * functions cannot be listed. */
bool host_rules_defines(sqlite3 *db, const char *name);

#endif
