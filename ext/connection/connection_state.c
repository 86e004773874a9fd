#include "ext/connection/connection_state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/processors.h"

static const Settings default_settings = {
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
    state->folder = getcwd(NULL, 0);
    environment_read(&state->environment);
    state->runner = chunk_runner_create();
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
    for (int i = 0; i < EXECUTOR_KINDS; i++)
        executor_close(state->executors[i]);
    chunk_runner_free(state->runner);
    run_log_clear(&state->log);
    extension_functions_free(&state->extension_functions);
    for (int i = 0; i < 2 * state->extension_count; i++)
        free(state->extensions[i]);
    free(state->extensions);
    free(state->folder);
    free(state);
}

int connection_state_executor(ConnectionState *state, const ExecutorKind *kind, int workers, Executor **out,
                              char **message)
{
    *out = NULL;
    Executor **slot = &state->executors[executor_kind_index(kind)];
    if (!*slot)
        *slot = kind->create(&(ExecutorParts){.runner = state->runner, .folder = state->folder});
    Executor *executor = *slot;
    if (!executor)
        return SQLITE_NOMEM;
    executor_hold(executor);
    executor->limits.retries = (uint32_t)state->settings.retries;
    executor->limits.idle_seconds = state->settings.idle_seconds;
    int rc = executor_ensure_workers(executor, workers, message);
    if (rc == SQLITE_OK)
        *out = executor;
    else
        executor_let_go(executor);
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
