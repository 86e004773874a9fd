#include "ext/channel/host_sqlite.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

static const char system_library[] = "libsqlite3.so.0";

/* The first address of the library that `address` is in, or NULL. */
static const char *library_start(const void *address)
{
    Dl_info info;
    return dladdr(address, &info) ? info.dli_fbase : NULL;
}

bool host_sqlite_table_offset(int64_t *offset)
{
    const char *start = library_start(sqlite3_api);
    if (start)
        *offset = (const char *)sqlite3_api - start;
    return start != NULL;
}

/* The first address of a library that was loaded, or NULL. */
static const char *start_of(void *library)
{
    struct link_map *map;
    return dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 ? library_start(map->l_ld) : NULL;
}

/* Sets a pointer to the function `name` of the library itself: one of a library that it needs is another
 * SQLite. */
static bool find(void *library, const char *name, void *function, size_t size)
{
    void *symbol = dlsym(library, name);
    /* dlsym gives data pointers, and C has no cast from them to functions. */
    memcpy(function, &symbol, size);
    return symbol && library_start(symbol) == start_of(library);
}

static bool attach_by_name(void *library)
{
    SqliteEntryPoints entry = {0};
    /* A build may leave it to its program to begin (SQLITE_OMIT_AUTOINIT). */
    if (!find(library, "sqlite3_initialize", &entry.initialize, sizeof entry.initialize))
        entry.initialize = NULL;
    return find(library, "sqlite3_auto_extension", &entry.auto_extension, sizeof entry.auto_extension) &&
           find(library, "sqlite3_cancel_auto_extension", &entry.cancel_auto_extension,
                sizeof entry.cancel_auto_extension) &&
           find(library, "sqlite3_open", &entry.open, sizeof entry.open) &&
           find(library, "sqlite3_close", &entry.close, sizeof entry.close) &&
           sqlite_api_attach(&entry) == SQLITE_OK;
}

static bool is_in(const char *start, const void *function, size_t size)
{
    void *address;
    memcpy(&address, function, size);
    return address && library_start(address) == start;
}

/*
 * The file may have been replaced since the host loaded it: the table is believed only if what it points to
 * is in the same library. The host then compares source ids, as always.
 */
static bool attach_by_table(void *library, int64_t offset)
{
    const char *start = start_of(library);
    if (!start)
        return false;
    const sqlite3_api_routines *table = (const void *)(start + offset);
    if (library_start(table) != start || offset % (int64_t)sizeof(void *) != 0 ||
        !is_in(start, &table->aggregate_context, sizeof table->aggregate_context) ||
        !is_in(start, &table->open, sizeof table->open) ||
        !is_in(start, &table->close, sizeof table->close) ||
        !is_in(start, &table->sourceid, sizeof table->sourceid))
        return false;
    /* The table does not lead to what such a build has to begin with. */
    if (table->compileoption_used && table->compileoption_used("OMIT_AUTOINIT"))
        return false;
    sqlite3 *db = NULL;
    int rc = table->open(":memory:", &db);
    table->close(db);
    if (rc != SQLITE_OK)
        return false;
    sqlite3_api = table;
    return true;
}

bool host_sqlite_attach(const char *path, bool has_table, int64_t table_offset, char *error,
                        size_t error_size)
{
    /* Lazily: a host's plug-in may need functions that only the host's program has, but SQLite in it needs
     * none. */
    void *library = *path ? dlopen(path, RTLD_LAZY | RTLD_LOCAL) : NULL;
    const char *refusal = *path && !library ? dlerror() : "it shows none of SQLite's functions";
    if (library && (attach_by_name(library) || (has_table && attach_by_table(library, table_offset))))
        return true;
    snprintf(error, error_size, "%s", *path && refusal ? refusal : "");
    library = dlopen(system_library, RTLD_LAZY | RTLD_LOCAL);
    if (library && attach_by_name(library))
        return true;
    const char *reason = library ? NULL : dlerror();
    snprintf(error, error_size, "no SQLite library could be loaded: %s",
             reason ? reason : "it has no functions");
    return false;
}
