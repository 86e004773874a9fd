#include "ext/plan/worker_settings.h"

#include <stdbool.h>
#include <string.h>

#include "ext/evaluate/like_setting.h"

/* The text encoding of the host's databases: all of a connection have one. */
static uint32_t host_encoding(sqlite3 *db)
{
    sqlite3_stmt *statement;
    uint32_t encoding = SQLITE_UTF8;
    /* A build without UTF-16 (SQLITE_OMIT_UTF16) opens no such database. */
    if (!sqlite3_api->value_text16 ||
        sqlite3_prepare_v2(db, "PRAGMA encoding", -1, &statement, NULL) != SQLITE_OK)
        return encoding;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        if (name && !strcmp(name, "UTF-16le"))
            encoding = SQLITE_UTF16LE;
        else if (name && !strcmp(name, "UTF-16be"))
            encoding = SQLITE_UTF16BE;
    }
    sqlite3_finalize(statement);
    return encoding;
}

/* Whether the text has the word LIKE in it, as an operator, a function or anything else. */
static bool may_call_like(const char *text)
{
    return text && strcasestr(text, "like");
}

int worker_settings_read(ConnectionState *state, const char *const *texts, int count,
                         WorkerSettings *settings)
{
    sqlite3 *db = state->db;
    int rc = SQLITE_OK, dqs = 0;
    LikeSetting like = LIKE_UNKNOWN;
    /* Statements of an extension's functions may call it as well. */
    bool called = state->extension_count > 0;
    *settings = (WorkerSettings){.encoding = SQLITE_UTF8};
    environment_update(&state->environment);
    limits_lift(db, &settings->limits);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, -1, &dqs);
    for (int i = 0; i < count; i++)
        called = called || may_call_like(texts[i]);
    if (called)
        rc = like_setting_read(db, &like);
    settings->flags = (dqs ? RECIPE_DQS : 0u) | (like == LIKE_NOCASE ? RECIPE_LIKE_NOCASE : 0u) |
                      (like == LIKE_BINARY ? RECIPE_LIKE_BINARY : 0u);
    if (rc == SQLITE_OK)
        settings->encoding = host_encoding(db);
    settings->most_columns = sqlite3_limit(db, SQLITE_LIMIT_COLUMN, -1);
    limits_restore(db, &settings->limits);
    return rc;
}
