/* SQLite as a build with one option more would be; see reduced_sqlite.c. */
#ifndef REDUCED_SQLITE_H
#define REDUCED_SQLITE_H

#include <sqlite3ext.h>

/* The routines of the build that PRICEMAP_TEST_BUILD names, as such a build gives them to an extension. The
 * table is the library's. */
const sqlite3_api_routines *reduced_table(void);

#endif
