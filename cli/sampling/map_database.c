#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/base/query.h"
#include "cli/base/read_only.h"
#include "cli/sampling/map_database.h"

enum { BUSY_MILLISECONDS = 10000 };

/* SQLite tries a name with .so after it, too, and its message is about that one. */
static bool is_there(const char *path)
{
    char with_ending[PATH_MAX];
    snprintf(with_ending, sizeof with_ending, "%s.so", path);
    return access(path, F_OK) == 0 || access(with_ending, F_OK) == 0;
}

/* Why an extension does not load. SQLite tries a path, and then the path with ".so" after it, and reports
 * the second one alone. */
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

static int load(sqlite3 *db, const char *path, Failure *failure)
{
    char *message = NULL;
    if (strchr(path, '/') && !is_there(path))
        return failure_set(failure, "cannot load the extension %s: there is no such file", path);
    if (sqlite3_load_extension(db, path, NULL, &message) == SQLITE_OK)
        return 0;
    failure_set(failure, "cannot load the extension %s: %s", path,
                message ? load_failure(path, message) : sqlite3_errmsg(db));
    sqlite3_free(message);
    return -1;
}

/* For this connection and for its workers. Workers run elsewhere, so that a relative path is made absolute.
 */
static int load_for_workers(sqlite3 *db, const char *path, Failure *failure)
{
    char *absolute = realpath(path, NULL);
    const char *name = absolute ? absolute : path;
    int result = load(db, name, failure);
    if (result == 0)
        result = query_run(db, NULL, failure, "SELECT parallel_map_load(?1)", "t", name);
    free(absolute);
    return result;
}

static int load_extensions(sqlite3 *db, const MapDatabase *database, Failure *failure)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    int result = load(db, database->extension, failure);
    for (size_t i = 0; i < database->load_count && result == 0; i++)
        result = load_for_workers(db, database->loads[i], failure);
    for (size_t i = 0; i < database->python_count && result == 0; i++)
        result = query_run(db, NULL, failure, "SELECT parallel_map_python(?1)", "t", database->pythons[i]);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    return result;
}

/* Opens the file once more, as an unchanging one: in a folder that may not be written there is no other way
 * to read one in WAL mode. */
static int open_unchanging(sqlite3 **db, const char *name, Failure *failure)
{
    sqlite3_close(*db);
    if (read_only_open(name, db) != SQLITE_OK)
        return failure_set(failure, "cannot open the database %s: %s", name,
                           *db ? sqlite3_errmsg(*db) : "out of memory");
    return query_run(*db, NULL, failure, "PRAGMA schema_version", "");
}

int map_database_open(sqlite3 **db, const MapDatabase *database, Failure *failure)
{
    *db = NULL;
    if (database->file && access(database->file, R_OK) != 0)
        return failure_set(failure, "cannot read the database %s: %s", database->file, strerror(errno));
    const char *name = database->file ? database->file : ":memory:";
    const bool is_read = database->file && !database->is_written;
    int flags =
        is_read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | (database->file ? 0 : SQLITE_OPEN_CREATE);
    if (sqlite3_open_v2(name, db, flags, NULL) != SQLITE_OK)
        return failure_set(failure, "cannot open the database %s: %s", name,
                           *db ? sqlite3_errmsg(*db) : "out of memory");
    sqlite3_busy_timeout(*db, BUSY_MILLISECONDS);
    /* Opening reads nothing: only this finds out that a file is no database. */
    if (query_run(*db, NULL, failure, "PRAGMA schema_version", "") &&
        (!is_read || !read_only_applies(name, sqlite3_errcode(*db)) || open_unchanging(db, name, failure)))
        return -1;
    if (database->setup && query_script(*db, database->setup, failure))
        return -1;
    if (database->fill && query_run(*db, NULL, failure, database->fill, "i", database->fill_rows))
        return -1;
    return load_extensions(*db, database, failure);
}
