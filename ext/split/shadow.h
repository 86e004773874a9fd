/*
 * A connection to the host's file as a worker has it, by which a statement is understood: with the functions
 * of workers and an authorizer that notes what a statement reads and calls. The host's own connection has an
 * authorizer of the host's, which cannot be read nor put back.
 *
 * On the host's thread. Takes a lock on the file only while a statement is prepared or reads the schema.
 */
#ifndef PRICEMAP_SHADOW_H
#define PRICEMAP_SHADOW_H

#include "ext/connection/connection_state.h"
#include "ext/evaluate/morsels.h"
#include "ext/evaluate/program.h"
#include "ext/evaluate/worker_vfs.h"
#include "ext/functions/price.h"

typedef struct ShadowRead {
    char *table, *column;
} ShadowRead;

typedef struct Shadow {
    /* NULL: not open. */
    sqlite3 *db;
    WorkerVfs vfs;
    Recipe *recipe;
    MorselScan scan;
    PriceStop stop;
    /* Statement that reads the entry of a name in the schema, for split/tables; NULL: not prepared yet. */
    sqlite3_stmt *entry;
    /* Whether what is prepared is noted. */
    bool noting;
    /* Columns that were read, each once; of a table without columns that are read the column is "". */
    ShadowRead *reads;
    int read_count;
    /* Functions that were called, each once. */
    char **functions;
    int function_count;
    /* Whether a statement did other things than read, or memory was short. */
    bool refused, failed;
} Shadow;

/*
 * Opens the file `path`; `sql` is the text that will be prepared, for which the host's settings are read.
 * SQLITE_OK, or an error, with a text in `message` (TASK_MESSAGE_SIZE bytes) where there is one. Close it in
 * any case.
 */
int shadow_open(Shadow *shadow, ConnectionState *state, const char *path, const char *sql, char *message);

/* Notes what a SELECT reads and calls, and visits its program. SQLITE_OK; SQLITE_AUTH where it does more than
   that; else the error with which it does not prepare. */
int shadow_note(Shadow *shadow, const char *sql, ProgramVisitor *visit, void *arg);

/* Frees all of it; an unopened one too. */
void shadow_close(Shadow *shadow);

#endif
