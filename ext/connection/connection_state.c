#include "ext/connection/connection_state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/interrupt.h"
#include "ext/base/processors.h"
#include "ext/connection/language_functions.h"

enum { HEARTBEAT_SECONDS = 10 };

static const Settings default_settings = {
    .waiting_workers = 32,
    .retries = 2,
    .idle_seconds = 60,
};

ConnectionState *connection_state_create(sqlite3 *db)
{
    ConnectionState *state = calloc(1, sizeof *state);
    if (!state)
        return NULL;
    state->db = db;
    state->references = 1;
    state->settings = default_settings;
    state->machines.heartbeat_seconds = HEARTBEAT_SECONDS;
    state->folder = getcwd(NULL, 0);
    environment_read(&state->environment);
    state->runner = chunk_runner_create(false);
    if (!state->runner) {
        free(state->folder);
        free(state);
        return NULL;
    }
    return state;
}

ConnectionState *connection_state_ref(ConnectionState *state)
{
    state->references++;
    return state;
}

void connection_state_unref(void *arg)
{
    ConnectionState *state = arg;
    if (--state->references)
        return;
    LanguagePause pause;
    /* Worker threads take the language's lock once more, to drop what they have of it. */
    language_functions_pause(&state->language, &pause);
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        executor_close(state->executors[false][i]);
        executor_close(state->executors[true][i]);
    }
    language_functions_resume(&pause);
    language_functions_free(&state->language);
    chunk_runner_free(state->runner);
    run_log_clear(&state->log);
    extension_functions_free(&state->extension_functions);
    for (int i = 0; i < 2 * state->extension_count; i++)
        free(state->extensions[i]);
    free(state->extensions);
    free(state->machines.hosts);
    free(state->machines.hostfile);
    free(state->machines.launcher);
    free(state->machines.address);
    free(state->folder);
    free(state);
}

static bool is_interrupted(void *probe)
{
    return host_interrupted_or_handled(probe);
}

/* Closes worker processes, and those of other machines, that were started before the functions changed,
   unless a map just uses some: then all stay until the next map. */
static void close_outdated(ConnectionState *state)
{
    Executor **slots = state->executors[true];
    for (int i = 0; i < EXECUTOR_KINDS; i++)
        if (slots[i] && slots[i]->kind->isolates && atomic_load(&slots[i]->users))
            return;
    for (int i = 0; state->language.outdated_workers && i < EXECUTOR_KINDS; i++)
        if (slots[i] && slots[i]->kind->isolates) {
            executor_close(slots[i]);
            slots[i] = NULL;
        }
    state->language.outdated_workers = false;
}

/* Makes the executor of a wish in `*slot`. SQLITE_OK, SQLITE_NOMEM, or an error with *message set. */
static int create_executor(ConnectionState *state, const ExecutorWish *wish, Executor **slot, char **message)
{
    bool isolates = wish->kind->isolates;
    if (isolates && launch_is_in_pool()) {
        *message =
            sqlite3_mprintf("parallel_map: this process is a worker of another map, and starts none of "
                            "its own: use executor = serial or threads");
        return SQLITE_ERROR;
    }
    const WorkerProgram *program = wish->language && isolates ? &state->language.program : NULL;
    *slot = wish->kind->create(&(ExecutorParts){
        .runner = state->runner, .folder = state->folder, .program = program, .machines = &state->machines});
    return *slot ? SQLITE_OK : SQLITE_NOMEM;
}

int connection_state_executor(ConnectionState *state, const ExecutorWish *wish, Executor **out,
                              char **message)
{
    *out = NULL;
    Executor **slot = &state->executors[wish->language][executor_kind_index(wish->kind)];
    bool starts_language = wish->language && wish->kind->isolates;
    if (starts_language)
        close_outdated(state);
    int rc = *slot ? SQLITE_OK : create_executor(state, wish, slot, message);
    if (rc != SQLITE_OK)
        return rc;
    Executor *executor = *slot;
    executor_hold(executor);
    executor->limits = (ExecutorLimits){.retries = (uint32_t)state->settings.retries,
                                        .idle_seconds = state->settings.idle_seconds,
                                        .give_up = wish->probe ? is_interrupted : NULL,
                                        .give_up_arg = wish->probe};
    rc = executor_ensure_workers(executor, wish->workers, message);
    executor->limits.give_up = NULL;
    if (rc == SQLITE_OK) {
        *out = executor;
        if (starts_language && executor->startup_ns)
            state->language.start_ns = (double)executor->startup_ns;
    } else {
        executor_let_go(executor);
    }
    return rc;
}

int connection_state_processors(ConnectionState *state)
{
    int64_t now_ns = clock_ns();
    if (!state->processors || now_ns - state->processors_ns > 1000000000) {
        state->processors = processors_available();
        state->processors_ns = now_ns;
    }
    return state->processors;
}

int connection_state_add_extension(ConnectionState *state, const char *path, const char *entry)
{
    for (size_t i = 0; i < (size_t)state->extension_count; i++)
        if (!strcmp(state->extensions[2 * i], path) && !strcmp(state->extensions[2 * i + 1], entry))
            return SQLITE_OK;
    char **grown = realloc(state->extensions, (size_t)(2 * state->extension_count + 2) * sizeof *grown);
    if (!grown)
        return SQLITE_NOMEM;
    state->extensions = grown;
    char *path_copy = strdup(path), *entry_copy = strdup(entry);
    if (!path_copy || !entry_copy) {
        free(path_copy);
        free(entry_copy);
        return SQLITE_NOMEM;
    }
    grown[2 * (size_t)state->extension_count] = path_copy;
    grown[2 * (size_t)state->extension_count + 1] = entry_copy;
    state->extension_count++;
    return SQLITE_OK;
}
