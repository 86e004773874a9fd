/*
 * The executors that one run uses. They are the connection's; the run holds them, so that no worker ends for
 * want of work meanwhile. On the connection's thread only.
 */
#ifndef PRICEMAP_EXECUTOR_SET_H
#define PRICEMAP_EXECUTOR_SET_H

#include "ext/connection/connection_state.h"

typedef struct ExecutorSet {
    ConnectionState *state;
    /* Executors that the run holds, in the order of executor_kinds; NULL: not that one. */
    Executor *held[EXECUTOR_KINDS];
    /* Executor of tasks that the host runs itself. */
    Executor *serial;
    /* Executor that receives new tasks. */
    Executor *executor;
    /* Kind that the user has set; NULL: `auto` chooses. */
    const ExecutorKind *requested;
    /* Number of workers of this executor that were started or found. */
    int started;
    /* Whether the map has functions in another language. */
    bool language;
    /* Interrupt probe of the connection, which may end the start of workers; borrowed. */
    sqlite3_stmt *probe;
    /* Nanoseconds that starting workers took. */
    int64_t startup_ns;
} ExecutorSet;

/* The begin of a set; members are as those of ExecutorSet. */
typedef struct ExecutorSetStart {
    ConnectionState *state;
    const ExecutorKind *requested;
    bool language;
    sqlite3_stmt *probe;
} ExecutorSetStart;

/* Begins the set with the serial executor in use and, where the user has set one (NULL: `auto`), the
 * requested one with so many workers, as executor_set_use. SQLITE_OK, or an error with *message set; in any
 * case the set ends with executor_set_let_go. */
int executor_set_begin(ExecutorSet *set, const ExecutorSetStart *start, int workers, char **message);

/*
 * Has the executor of this kind, of which up to `workers` are to be used, receive new tasks, and starts those
 * that have a processor each: executor_set_need has the others started as there are tasks for them. `workers`
 * is 0 for a remote kind, whose workers are all started, where the user has set no number.
 * SQLITE_OK, or an error with *message set (sqlite3_free it): then nothing has changed.
 */
int executor_set_use(ExecutorSet *set, const ExecutorKind *kind, int workers, char **message);

/* Sees to it that the executor in use has at least `workers` workers. SQLITE_OK, or an error with *message
 * set (sqlite3_free it). */
int executor_set_need(ExecutorSet *set, int workers, char **message);

/* Whether new tasks go to the host itself. */
static inline bool executor_set_is_in_place(const ExecutorSet *set)
{
    return set->executor == set->serial;
}

/* Has all workers let go of the file of a partition scan, soon. */
void executor_set_end_scan(ExecutorSet *set, uint64_t scan);

/*
 * Waits until no worker has the file of an ended scan open or locked: after the host's statement nothing of
 * the map is in the way of whatever the host, or another connection, does with it. `probe` is an interrupt
 * probe. Returns after ten seconds at the latest.
 */
void executor_set_await_end(ExecutorSet *set, sqlite3_stmt *probe);

/* Ends the use of all executors. */
void executor_set_let_go(ExecutorSet *set);

#endif
