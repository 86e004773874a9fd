/*
 * The combining query of a stage, over the parts that workers gave, on a connection of its own: nothing that
 * it needs gets a name on the host's. On the host connection's thread only.
 */
#ifndef PRICEMAP_COMBINER_H
#define PRICEMAP_COMBINER_H

#include "ext/evaluate/connection.h"
#include "ext/evaluate/worker_vfs.h"
#include "ext/run/host_watch.h"
#include "ext/run/query_parts_table.h"
#include "ext/run/query.h"

/* Zeros: it was not begun. Stays where it is while it is used. */
typedef struct Combiner {
    WorkerVfs vfs;
    sqlite3 *db;
    sqlite3_stmt *statement;
    PartsSource source;
    /* Watch for the host's interrupt, and the hook by which it ends long functions. */
    HostWatch watch;
    PriceStop stop;
} Combiner;

/*
 * Prepares the stage's combining query over `parts`, or over `stream` (NULL: none), which have to outlive it,
 * at the instant `now`. SQLITE_OK; SQLITE_NOMEM; or another error with *why set (sqlite3_free it). End it in
 * any case.
 */
int combiner_begin(Combiner *combiner, const Query *query, const SplitStage *stage, const Parts *parts,
                   PartsStream *stream, int64_t now, char **why);

/* Steps to the next row of combiner->statement. As sqlite3_step; SQLITE_INTERRUPT: the host was interrupted.
 */
int combiner_step(Combiner *combiner);

/* Frees it; a combiner that was not begun needs no end. */
void combiner_end(Combiner *combiner);

#endif
