/*
 * Rules of the host for a map that SQLite allows: no functions that the host defined itself, because workers
 * would call others of the same name, and nothing that its authorizer denies.
 */
#ifndef PRICEMAP_HOST_RULES_H
#define PRICEMAP_HOST_RULES_H

#include "ext/evaluate/evaluator.h"
#include "ext/plan/map_sql.h"

/*
 * Judges the map that `evaluator` has prepared; `plain` is the same without workers. SQLITE_OK; else
 * an error with *message set (sqlite3_free it), or SQLITE_NOMEM. On the connection's thread; prepares
 * statements, and begins no transaction.
 */
int host_rules_check(sqlite3 *db, const Evaluator *evaluator, const PlainSelect *plain, char **message);

/* Whether one of the host's limits, and nothing else, keeps it from preparing the statement. Returns as
 * above. */
int host_rules_check_limits(sqlite3 *db, const PlainSelect *plain, char **message);

/* Whether the host's connection has a function of this name that is not SQLite's own; false where its
 * functions cannot be listed. */
bool host_rules_defines(sqlite3 *db, const char *name);

/*
 * The program that the host's connection makes of a statement now, as one number, without running it. Two
 * that are equal read the same and compute the same. 0: the connection cannot prepare it now.
 */
uint64_t host_rules_program(sqlite3 *db, const char *sql);

#endif
