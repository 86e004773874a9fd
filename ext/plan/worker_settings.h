/*
 * The settings of the host's connection that a recipe brings to a worker's connection, so that both take SQL
 * alike.
 */
#ifndef PRICEMAP_WORKER_SETTINGS_H
#define PRICEMAP_WORKER_SETTINGS_H

#include "ext/base/sqlite_limits.h"
#include "ext/connection/connection_state.h"

typedef struct WorkerSettings {
    /* Encoding of the host's databases: SQLITE_UTF8, SQLITE_UTF16LE or SQLITE_UTF16BE. */
    uint32_t encoding;
    /* RECIPE_DQS, and RECIPE_LIKE_ where one of the texts, or an extension, may call LIKE. */
    uint32_t flags;
    SqliteLimits limits;
    /* Columns that a table may have. */
    int most_columns;
} WorkerSettings;

/*
 * Reads the settings for SQL of these `count` texts, NULL ones left out, and brings state->environment up to
 * date. SQLITE_OK, or an error. On the connection's thread; prepares statements.
 */
int worker_settings_read(ConnectionState *state, const char *const *texts, int count,
                         WorkerSettings *settings);

#endif
