/*
 * All that the extension keeps for one connection: its settings, its executors, its log. The extension has no
 * other state. Each module and function that is registered holds one reference; the state is freed with the
 * last of them, when the connection closes. On the connection's thread only.
 */
#ifndef PRICEMAP_CONNECTION_STATE_H
#define PRICEMAP_CONNECTION_STATE_H

#include "ext/base/environment.h"
#include "ext/connection/extension_functions.h"
#include "ext/evaluate/runner.h"
#include "ext/executors/kinds.h"
#include "ext/executors/processes/launch.h"
#include "ext/connection/run_log.h"

typedef struct Settings {
    /* Executor of maps that name none; NULL: `auto`. */
    const ExecutorKind *executor;
    /* Number of workers of maps that name none; 0: one per processor. */
    int workers;
    /* Most workers that `auto` uses for rows that wait, where no number of workers is set. */
    int waiting_workers;
    /* Rows per task of maps that name no chunk; 0: chunks are sized by time. */
    int64_t chunk;
    /* Number of times that a task is tried again after its worker process died. */
    int retries;
    /* Seconds that a worker may take for a task; 0: no limit. */
    double timeout_seconds;
    /* Seconds that workers are kept without work. */
    double idle_seconds;
    /* Whether long maps draw a progress line. */
    bool progress;
    /* Whether queries with sums that may be of reals are run whole, so that SQLite sums them. */
    bool sums_of_sqlite;
} Settings;

/* Functions in another language that maps of the connection may call; see language_functions.h. */
typedef struct LanguageFunctions {
    /* Texts of each, as a recipe has them: RECIPE_FUNCTION_TEXTS times the count. */
    char **texts;
    int count;
    /* Number of changes so far: a plan from before a change is outdated. */
    unsigned changes;
    /* Program of worker processes that have the functions; its path is NULL as long as there is none. */
    WorkerProgram program;
    /* Whether worker processes may be there that were started before the last change. */
    bool outdated_workers;
    /* Whether the host can call the functions, as the language's interpreter is in its process. */
    bool here;
    /* Nanoseconds that the last start of such worker processes took; 0: there was none. */
    double start_ns;
} LanguageFunctions;

/* A run's wish for one of the connection's executors. */
typedef struct ExecutorWish {
    const ExecutorKind *kind;
    int workers;
    /* Whether the map has functions in another language. */
    bool language;
    /* Interrupt probe of the connection, which may end the start of workers; NULL: nothing does. */
    sqlite3_stmt *probe;
} ExecutorWish;

typedef struct ConnectionState {
    /* Connection, which outlives the state. */
    sqlite3 *db;
    int references;
    Settings settings;
    /* Settings of workers on other machines; its texts are malloc'd. */
    MachineSettings machines;
    RunLog log;
    /* Number of times that parallel_map was used in statements prepared so far. A plan compares it before and
     * after preparing its source, to see whether the source reads a map, and with the number of its last
     * check by the authorizer. */
    unsigned maps_prepared;
    /* Number of sources that are being read just now, one inside the other. */
    int depth;
    /* Working folder of the host when it loaded the extension; NULL: it had no name. */
    char *folder;
    /* Evaluators of tasks that run on the host's own thread. */
    ChunkRunner *runner;
    /* Executors in the order of executor_kinds, those of maps with functions in another language apart; NULL
     * until first used. */
    Executor *executors[2][EXECUTOR_KINDS];
    LanguageFunctions language;
    /* Extensions for workers to load: path and entry point, in turn, so twice as many texts as the count. */
    char **extensions;
    int extension_count;
    /* Functions of those of them that a map has made a question of. */
    ExtensionFunctions extension_functions;
    /* Number of processors that this process may use, and the time of that count, CLOCK_MONOTONIC. */
    int processors;
    int64_t processors_ns;
    /* Number of the last run, from 1; the partition scan of a run has the same number. */
    uint64_t last_scan;
    /* Environment of the host's thread when it was last read, for workers to adopt. */
    Environment environment;
} ConnectionState;

/* Makes a state with one reference; NULL when out of memory. */
ConnectionState *connection_state_create(sqlite3 *db);
/* Adds a reference and returns the state. */
ConnectionState *connection_state_ref(ConnectionState *state);
/* Drops a reference; the last one ends the executors and frees everything. The argument is void, because
 * SQLite takes this function as a destructor. */
void connection_state_unref(void *state);

/*
 * The executor of one kind with at least so many workers, made and started when needed. SQLITE_OK with *out
 * set, held for the caller, which lets go of it (executor_let_go); else an error with *message set
 * (sqlite3_free it).
 */
int connection_state_executor(ConnectionState *state, const ExecutorWish *wish, Executor **out,
                              char **message);

/* Returns processors_available, counted anew once a second at the most. */
int connection_state_processors(ConnectionState *state);

/* Adds an extension for workers to load, unless it is there already. The texts are copied; `entry` may be "".
 * SQLITE_OK or SQLITE_NOMEM. */
int connection_state_add_extension(ConnectionState *state, const char *path, const char *entry);

#endif
