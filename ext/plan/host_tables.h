/*
 * Tables of the host's connection that are not in its main database, which is all that a worker has that
 * reads the file. A function of the map that reads tables by itself must not find less there.
 */
#ifndef PRICEMAP_HOST_TABLES_H
#define PRICEMAP_HOST_TABLES_H

#include "ext/connection/connection_state.h"

typedef struct HostTables {
    /* Names of maps in temp and of modules, `count` of them. */
    char **names;
    int count;
} HostTables;

/*
 * Reads them. SQLITE_OK; SQLITE_AUTH where a name may be that of another table than in main, an attached or a
 * temporary one, or where the host's authorizer has it so; else an error. Prepares a statement on the
 * connection, on its thread. Free with host_tables_free in any case.
 */
int host_tables_read(sqlite3 *db, HostTables *tables);

/* Frees the names. */
void host_tables_free(HostTables *tables);

#endif
