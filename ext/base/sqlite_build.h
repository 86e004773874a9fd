/*
 * The build of the host's SQLite. A build may leave functions out, whose entries in the API table are NULL
 * then, and parts of its SQL.
 */
#ifndef PRICEMAP_SQLITE_BUILD_H
#define PRICEMAP_SQLITE_BUILD_H

#include <stdbool.h>

#include "ext/base/sqlite_api.h"

/*
 * Whether SQLite was built with an option, named as its documentation does without SQLITE_ in front. False as
 * well where a build does not list its options. Any thread.
 */
bool sqlite_build_has(const char *option);

/*
 * The first thing that pricemap cannot do without and that this SQLite lacks, and in *option the option that
 * left it out; NULL where all is there. To be called before any other function of SQLite. Any thread.
 */
const char *sqlite_build_lacks(const char **option);

#endif
