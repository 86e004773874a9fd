/* The database that maps are timed over, and a connection to it that has the extensions. */
#ifndef PRICEREPORT_MAP_DATABASE_H
#define PRICEREPORT_MAP_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

/* The database that maps run over. */
typedef struct MapDatabase {
    /* Database file, opened read-only unless `is_written`; NULL: a database in memory that `setup` fills. */
    const char *file;
    bool is_written;
    /* SQL that makes the database in memory. */
    const char *setup;
    /* SQL that makes its table larger: ?1 is `fill_rows`; NULL: none. */
    const char *fill;
    int64_t fill_rows;
    /* Path of pricemap.so. */
    const char *extension;
    /* Further extensions, for the connection and for its workers. */
    const char *const *loads;
    size_t load_count;
    /* Functions of Python for maps to call. */
    const char *const *pythons;
    size_t python_count;
} MapDatabase;

/* Opens a connection, fills a database in memory, and loads the extensions. Returns 0, or -1 with the failure
 * set; *db is to be closed either way. */
int map_database_open(sqlite3 **db, const MapDatabase *database, Failure *failure);

#endif
