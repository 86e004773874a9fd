/*
 * Stopping what a connection computes where its SQLite has no progress handler
 * (SQLITE_OMIT_PROGRESS_CALLBACK): a thread of its own calls the stop hook again and again, and interrupts
 * the connection when the hook says so. The thread lives as long as one computation, so that none is left
 * when the library is unmapped, or after a fork.
 */
#ifndef PRICEMAP_INTERRUPTER_H
#define PRICEMAP_INTERRUPTER_H

#include <pthread.h>
#include <stdbool.h>

#include "ext/base/sqlite_api.h"

typedef struct Interrupter {
    sqlite3 *db;
    int (*stop)(void *arg);
    void *arg;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    /* Whether the thread is there; where it could not be started the computation is stopped between rows. */
    bool running;
    /* Whether the computation is over, and whether it was interrupted; under the mutex. */
    bool over, interrupted;
} Interrupter;

/* Whether an interrupter is needed: SQLite has no progress handler. */
bool interrupter_is_needed(void);

/* Whether an evaluation on the host's own thread can be stopped within a row, too: another thread has to be
 * able to see the host's interrupt. */
bool interrupter_reaches_host(void);

/*
 * From now on `db`, which the calling thread is about to use, is interrupted within some hundredths of a
 * second after stop(arg) gives 1. stop runs on another thread. Does nothing where there is a progress
 * handler.
 */
void interrupter_begin(Interrupter *interrupter, sqlite3 *db, int (*stop)(void *arg), void *arg);

/* Ends the watch that interrupter_begin began, on the same thread, when no statement of the connection is
 * being stepped. Returns whether the connection was interrupted: then a statement that is still open fails
 * with SQLITE_INTERRUPT in its next step. */
bool interrupter_end(Interrupter *interrupter);

#endif
