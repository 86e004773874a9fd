/* A worker's private connection, as the host's is in all that a map can notice. */
#ifndef PRICEMAP_WORKER_CONNECTION_H
#define PRICEMAP_WORKER_CONNECTION_H

#include "ext/data/recipe.h"
#include "ext/evaluate/worker_vfs.h"
#include "ext/functions/price.h"

/*
 * Opens the connection: to the file of a partition, else to a database in memory that holds nothing. `vfs`
 * must be zeroed and outlive the connection. SQLITE_OK or an error; *db must be closed in any case.
 */
int worker_connection_open(const Recipe *recipe, WorkerVfs *vfs, sqlite3 **db);

/*
 * Loads the recipe's extensions, and sets what of the host's settings changes the meaning of SQL. SQLITE_OK,
 * or an error, for which `message` (TASK_MESSAGE_SIZE bytes) may have a text.
 */
int worker_connection_load(const Recipe *recipe, sqlite3 *db, char *message);

/* Registers the functions of pricemap that maps may call. `stop` ends long calls, and must outlive the
   connection. SQLITE_OK or an error. */
int worker_connection_add_functions(sqlite3 *db, PriceStop *stop);

/* Sets the host's limits, with room for what stands around a map. */
void worker_connection_limit(sqlite3 *db, const Recipe *recipe);

#endif
