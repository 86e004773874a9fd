#include "ext/evaluate/connection.h"

#include <dlfcn.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/data/task.h"
#include "ext/data/values.h"
#include "ext/evaluate/like_setting.h"
#include "ext/functions/json_parts.h"
#include "ext/functions/row_position.h"
#include "ext/functions/price_functions.h"
#include "ext/functions/sum_functions.h"
#include "ext/functions/version_function.h"

/* Why an extension does not load. SQLite tries a path, and then the path with ".so" after it, and reports
   the second alone. */
static const char *load_failure(const char *path, const char *text)
{
    size_t length = strlen(path);
    const char *missing = ".so: cannot open shared object file";
    if (strncmp(text, path, length) != 0 || strncmp(text + length, missing, strlen(missing)) != 0)
        return text;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library)
        dlclose(library);
    const char *first = library ? NULL : dlerror();
    return first ? first : text;
}

static int load_extensions(sqlite3 *db, const Recipe *recipe, char *message)
{
    if (!recipe->extension_count)
        return SQLITE_OK;
    int rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    const char *text = recipe_text(recipe, recipe->extensions);
    for (uint32_t i = 0; rc == SQLITE_OK && i < recipe->extension_count; i++) {
        const char *path = text;
        const char *entry = recipe_text_after(path);
        char *error = NULL;
        rc = sqlite3_load_extension(db, path, *entry ? entry : NULL, &error);
        if (rc != SQLITE_OK)
            sqlite3_snprintf(TASK_MESSAGE_SIZE, message, "parallel_map_load: %s: %s", path,
                             error ? load_failure(path, error) : sqlite3_errstr(rc));
        sqlite3_free(error);
        text = recipe_text_after(entry);
    }
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    return rc;
}

/* Makes LIKE compare as on the host's connection, whatever functions of that name an extension has. */
static int apply_like_setting(sqlite3 *db, uint32_t flags)
{
    return like_setting_apply(db, flags & RECIPE_LIKE_BINARY   ? LIKE_BINARY
                                  : flags & RECIPE_LIKE_NOCASE ? LIKE_NOCASE
                                                               : LIKE_UNKNOWN);
}

int worker_connection_open(const Recipe *recipe, WorkerVfs *vfs, sqlite3 **db)
{
    bool range = recipe->scan != 0;
    int rc = worker_vfs_open(
        vfs, range ? recipe_text(recipe, recipe->uri) : ":memory:",
        range ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, db);
    if (rc != SQLITE_OK)
        return rc;
    if (recipe->encoding != SQLITE_UTF8 && !range)
        rc = sqlite3_exec(*db,
                          recipe->encoding == SQLITE_UTF16LE ? "PRAGMA encoding = 'UTF-16le'"
                                                             : "PRAGMA encoding = 'UTF-16be'",
                          NULL, NULL, NULL);
    return rc;
}

int worker_connection_load(const Recipe *recipe, sqlite3 *db, char *message)
{
    int rc = load_extensions(db, recipe, message);
    if (rc == SQLITE_OK)
        rc = apply_like_setting(db, recipe->flags);
    /* Rows of a task are met in their order: by an index that SQLite makes for a condition they would come in
     * the order of that index, and those of the first task would be kept for all. */
    if (rc == SQLITE_OK && strstr(recipe_text(recipe, recipe->select), VALUE_PARAMETER))
        rc = sqlite3_exec(db, "PRAGMA automatic_index = OFF", NULL, NULL, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, !!(recipe->flags & RECIPE_DQS), NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return rc;
}

/* Registers SQL functions that maps may call; `stop` is as of worker_connection_add_functions. */
typedef int FunctionProvider(sqlite3 *db, PriceStop *stop);

static int provide_version(sqlite3 *db, PriceStop *stop)
{
    (void)stop;
    return version_function_register(db);
}

static int provide_parts(sqlite3 *db, PriceStop *stop)
{
    (void)stop;
    int rc = sum_functions_register(db);
    if (rc == SQLITE_OK)
        rc = json_parts_register(db);
    return rc == SQLITE_OK ? row_position_register(db) : rc;
}

static FunctionProvider *const providers[] = {price_functions_register_stoppable, provide_version,
                                              provide_parts};

int worker_connection_add_functions(sqlite3 *db, PriceStop *stop)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof providers / sizeof *providers; i++)
        rc = providers[i](db, stop);
    return rc;
}

void worker_connection_limit(sqlite3 *db, const Recipe *recipe)
{
    for (int i = 0; i < RECIPE_LIMITS; i++)
        sqlite3_limit(db, i, limit_raised(i, recipe->limits[i]));
}
