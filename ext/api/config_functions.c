#include "ext/api/config_functions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ext/api/machine_settings.h"
#include "ext/base/error.h"
#include "ext/base/numbers.h"
#include "ext/base/processors.h"
#include "ext/connection/extension_trial.h"
#include "ext/functions/version_function.h"
#include "ext/plan/map_arguments.h"

typedef enum SettingName {
    SETTING_EXECUTOR,
    SETTING_WORKERS,
    SETTING_WAITING,
    SETTING_CHUNK,
    SETTING_RETRIES,
    SETTING_TIMEOUT,
    SETTING_IDLE,
    SETTING_PROGRESS,
    SETTING_SUMS,
    SETTINGS,
} SettingName;

static const struct {
    const char *name, *expected;
    /* Bounds of a setting that is a whole number. */
    int64_t least, most;
} setting_forms[SETTINGS] = {
    [SETTING_EXECUTOR] = {"executor", EXECUTOR_CHOICES, 0, 0},
    [SETTING_WORKERS] = {"workers", "a whole number from 1 to 1024, or NULL for the processors there are", 1,
                         EXECUTOR_WORKERS_MAX},
    [SETTING_WAITING] = {"waiting_workers", "a whole number from 1 to 1024", 1, EXECUTOR_WORKERS_MAX},
    [SETTING_CHUNK] = {"chunk",
                       "a whole number of rows from 1 to 1000000000, or NULL for the planner's choice", 1,
                       CHUNK_ROWS_MAX},
    [SETTING_RETRIES] = {"retries", "a whole number from 0 to 100", 0, 100},
    [SETTING_TIMEOUT] = {"timeout_seconds", "a number from 0 (no limit) to 1000000", 0, 0},
    [SETTING_IDLE] = {"idle_seconds", "a number from 0 to 1000000", 0, 0},
    [SETTING_PROGRESS] = {"progress", "0 or 1", 0, 1},
    [SETTING_SUMS] = {"sums", "'exact' or 'sqlite'", 0, 0},
};

static bool find_setting(const char *name, SettingName *setting)
{
    for (int i = 0; i < SETTINGS; i++)
        if (!strcasecmp(name, setting_forms[i].name)) {
            *setting = (SettingName)i;
            return true;
        }
    return false;
}

static void setting_result(sqlite3_context *context, const Settings *settings, SettingName setting)
{
    switch (setting) {
    case SETTING_EXECUTOR:
        sqlite3_result_text(context, executor_kind_name(settings->executor), -1, SQLITE_STATIC);
        break;
    case SETTING_WORKERS:
        sqlite3_result_int(context, settings->workers ? settings->workers : processors_available());
        break;
    case SETTING_WAITING:
        sqlite3_result_int(context, settings->waiting_workers);
        break;
    case SETTING_CHUNK:
        if (settings->chunk)
            sqlite3_result_int64(context, settings->chunk);
        break;
    case SETTING_RETRIES:
        sqlite3_result_int(context, settings->retries);
        break;
    case SETTING_TIMEOUT:
        sqlite3_result_double(context, settings->timeout_seconds);
        break;
    case SETTING_IDLE:
        sqlite3_result_double(context, settings->idle_seconds);
        break;
    case SETTING_SUMS:
        sqlite3_result_text(context, settings->sums_of_sqlite ? "sqlite" : "exact", -1, SQLITE_STATIC);
        break;
    default:
        sqlite3_result_int(context, settings->progress);
    }
}

static bool read_seconds(sqlite3_value *value, double *seconds)
{
    int type = sqlite3_value_numeric_type(value);
    *seconds = sqlite3_value_double(value);
    return (type == SQLITE_INTEGER || type == SQLITE_FLOAT) && *seconds >= 0 && *seconds <= 1e6;
}

static bool set_sums(Settings *settings, sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    settings->sums_of_sqlite = text && !strcasecmp(text, "sqlite");
    return settings->sums_of_sqlite || (text && !strcasecmp(text, "exact"));
}

static bool set_setting(Settings *settings, SettingName setting, sqlite3_value *value)
{
    bool none = sqlite3_value_type(value) == SQLITE_NULL;
    bool reset = none && (setting == SETTING_WORKERS || setting == SETTING_CHUNK);
    int64_t number = 0;
    if (setting == SETTING_EXECUTOR) {
        const char *text = (const char *)sqlite3_value_text(value);
        return text && executor_kind_parse(text, &settings->executor);
    }
    if (setting == SETTING_SUMS)
        return set_sums(settings, value);
    if (setting == SETTING_TIMEOUT)
        return read_seconds(value, &settings->timeout_seconds);
    if (setting == SETTING_IDLE)
        return read_seconds(value, &settings->idle_seconds);
    if (!reset && !number_read(value, setting_forms[setting].least, setting_forms[setting].most, &number))
        return false;
    if (setting == SETTING_WORKERS)
        settings->workers = (int)number;
    else if (setting == SETTING_WAITING)
        settings->waiting_workers = (int)number;
    else if (setting == SETTING_CHUNK)
        settings->chunk = number;
    else if (setting == SETTING_RETRIES)
        settings->retries = (int)number;
    else
        settings->progress = number;
    return true;
}

static void config_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    ConnectionState *state = sqlite3_user_data(context);
    const char *name = (const char *)sqlite3_value_text(argv[0]);
    SettingName setting;
    if (name && machine_setting_function(context, state, name, argc == 2 ? argv[1] : NULL))
        return;
    if (!name || !find_setting(name, &setting)) {
        error_result(
            context,
            sqlite3_mprintf(
                "parallel_map_config: unknown name '%s': expected executor, workers, waiting_workers, "
                "chunk, retries, timeout_seconds, idle_seconds, progress, sums, mpi_hosts, mpi_hostfile, "
                "mpi_launcher, mpi_address or heartbeat_seconds",
                name ? name : "NULL"));
        return;
    }
    Settings settings = state->settings;
    if (argc == 2 && !set_setting(&settings, setting, argv[1])) {
        const char *value = (const char *)sqlite3_value_text(argv[1]);
        error_result(context, sqlite3_mprintf("parallel_map_config: %s is '%s': expected %s",
                                              setting_forms[setting].name, value ? value : "NULL",
                                              setting_forms[setting].expected));
        return;
    }
    state->settings = settings;
    setting_result(context, &settings, setting);
}

/* A path relative to a folder is made absolute, as workers may stand elsewhere. A name without a slash is the
   dynamic linker's to find. NULL when out of memory; sqlite3_free it. */
static char *absolute_path(const char *path)
{
    char *folder = *path != '/' && strchr(path, '/') ? getcwd(NULL, 0) : NULL;
    char *absolute = folder ? sqlite3_mprintf("%s/%s", folder, path) : sqlite3_mprintf("%s", path);
    free(folder);
    return absolute;
}

static void load_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    ConnectionState *state = sqlite3_user_data(context);
    const char *path = (const char *)sqlite3_value_text(argv[0]);
    const char *entry = argc == 2 ? (const char *)sqlite3_value_text(argv[1]) : NULL;
    int allowed = 0;
    sqlite3_db_config(state->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, -1, &allowed);
    if (!allowed) {
        error_result(
            context,
            sqlite3_mprintf("parallel_map_load: this connection does not allow loading extensions: the host "
                            "has to enable it first"));
        return;
    }
    if (!path || !*path) {
        error_result(context,
                     sqlite3_mprintf("parallel_map_load: path is %s: expected the path of an extension",
                                     path ? "empty" : "NULL"));
        return;
    }
    char message[TASK_MESSAGE_SIZE] = "", *remark = NULL;
    char *absolute = absolute_path(path);
    int rc = absolute ? extension_trial_here(absolute, entry ? entry : "", message) : SQLITE_NOMEM;
    if (rc == SQLITE_OK) {
        message[0] = 0;
        rc = extension_trial_in_workers(state, absolute, entry ? entry : "", &remark);
    }
    if (rc == SQLITE_OK)
        rc = connection_state_add_extension(state, absolute, entry ? entry : "");
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM && message[0])
        sqlite3_result_error(context, message, -1);
    else if (rc != SQLITE_OK)
        sqlite3_result_error_code(context, rc);
    else if (remark)
        sqlite3_result_text(context, remark, -1, SQLITE_TRANSIENT);
    sqlite3_free(remark);
    sqlite3_free(absolute);
}

int config_functions_register(ConnectionState *state)
{
    static const struct {
        const char *name;
        int arguments, flags;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        /* Declared deterministic although they are not: SQLite up to at least 3.40 enforces SQLITE_DIRECTONLY
           in CHECK constraints only for deterministic functions. */
        {"parallel_map_config", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY | SQLITE_DETERMINISTIC, config_function},
        {"parallel_map_config", 2, SQLITE_UTF8 | SQLITE_DIRECTONLY | SQLITE_DETERMINISTIC, config_function},
        {"parallel_map_load", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY | SQLITE_DETERMINISTIC, load_function},
        {"parallel_map_load", 2, SQLITE_UTF8 | SQLITE_DIRECTONLY | SQLITE_DETERMINISTIC, load_function},
    };
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof functions / sizeof *functions; i++)
        rc = sqlite3_create_function_v2(state->db, functions[i].name, functions[i].arguments,
                                        functions[i].flags, connection_state_ref(state),
                                        functions[i].function, NULL, NULL, connection_state_unref);
    return rc == SQLITE_OK ? version_function_register(state->db) : rc;
}
