/*
 * All that the extension keeps for one connection: its defaults, its pools, its log. There is no other state:
 * it hangs off the modules and functions that are registered, each with one reference, and goes with the last
 * of them when the connection closes. Used on the connection's thread only.
 */
#ifndef PRICEMAP_CONNECTION_STATE_H
#define PRICEMAP_CONNECTION_STATE_H

#include "ext/evaluate/runner.h"
#include "ext/executors/kinds.h"
#include "ext/connection/run_log.h"

typedef struct Settings {
    /* Executor of maps that name none; NULL: `auto`. */
    const ExecutorKind *executor;
    int workers;            /* 0: the processors there are */
    int64_t chunk;          /* 0: the planner's choice */
    int retries;            /* per task, after its worker process died */
    double timeout_seconds; /* per task; 0: none */
    double idle_seconds;    /* that a pool is kept without work */
    bool progress;
} Settings;

typedef struct ConnectionState {
    sqlite3 *db;
    int references;
    Settings settings;
    RunLog log;
    unsigned maps_prepared; /* uses of parallel_map in statements prepared so far; see Plan.reads_a_map */
    int depth;              /* sources that are being read just now, one inside the other */
    /* Folder in which the host stood when it loaded the extension; NULL: none that has a name. */
    char *folder;
    ChunkRunner *runner; /* evaluators in place */
    /* Executors in the order of executor_kinds; NULL until first used. */
    Executor *executors[EXECUTOR_KINDS];
    char **extensions; /* for workers to load: path and entry point, in turn */
    int extension_count;
    int processors;        /* as last looked at … */
    int64_t processors_ns; /* … at this time, CLOCK_MONOTONIC */
    uint64_t last_scan;    /* the number of the last partition scan */
} ConnectionState;

/* A state with one reference; NULL when out of memory. */
ConnectionState *connection_state_create(sqlite3 *db);
ConnectionState *connection_state_ref(ConnectionState *state);
/* Drops a reference; the last one ends the pools and frees everything. Takes void: it is a destructor for
 * SQLite. */
void connection_state_unref(void *state);

/*
 * The executor of one kind with at least `workers` workers, made and started when needed. SQLITE_OK with *out
 * set, held for the caller, who lets go of it (executor_let_go); else an error with *message set
 * (sqlite3_free it).
 */
int connection_state_executor(ConnectionState *state, const ExecutorKind *kind, int workers, Executor **out,
                              char **message);

/* The processors that this process may use: as processors_available, but looked up once a second at the most.
 */
int connection_state_processors(ConnectionState *state);

/* Remembers an extension for workers to load (once). The texts are copied; `entry` may be "". SQLITE_OK or
 * NOMEM. */
int connection_state_add_extension(ConnectionState *state, const char *path, const char *entry);

#endif
