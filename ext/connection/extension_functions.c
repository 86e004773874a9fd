#include "ext/connection/extension_functions.h"

#include <stdlib.h>

static int load(sqlite3 *db, const char *path, const char *entry)
{
    int rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    return rc == SQLITE_OK ? sqlite3_load_extension(db, path, *entry ? entry : NULL, NULL) : rc;
}

/* Reads the functions that a connection has after it loaded the extension, and had not before; among them
 * those by which the extension replaces SQLite's own. */
static int read_extension(const char *path, const char *entry, FunctionList *own)
{
    static const FunctionNames none = {0};
    sqlite3 *db = NULL;
    FunctionList before = {0};
    int rc = sqlite3_open_v2(":memory:", &db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (rc == SQLITE_OK)
        rc = function_list_read(db, &none, &before);
    if (rc == SQLITE_OK)
        rc = load(db, path, entry);
    if (rc == SQLITE_OK)
        rc = function_list_read(db, &none, own);
    int kept = 0;
    for (int i = 0; rc == SQLITE_OK && i < own->count; i++)
        if (!function_list_has(&before, &own->items[i]))
            own->items[kept++] = own->items[i];
    own->count = kept;
    function_list_free(&before);
    sqlite3_close(db);
    return rc;
}

int extension_functions_update(ExtensionFunctions *functions, char *const *extensions, int count)
{
    int rc = SQLITE_OK;
    if (functions->count >= count)
        return rc;
    FunctionList *grown = realloc(functions->items, (size_t)count * sizeof *grown);
    if (!grown)
        return SQLITE_NOMEM;
    functions->items = grown;
    while (rc == SQLITE_OK && functions->count < count) {
        size_t i = (size_t)functions->count;
        grown[i] = (FunctionList){0};
        rc = read_extension(extensions[2 * i], extensions[2 * i + 1], &grown[i]);
        if (rc == SQLITE_OK)
            functions->count++;
        else
            function_list_free(&grown[i]);
    }
    return rc;
}

static bool has_name(const FunctionList *list, uint64_t name)
{
    for (int i = 0; i < list->count; i++)
        if (list->items[i].name == name)
            return true;
    return false;
}

bool extension_functions_in_host(const ExtensionFunctions *functions, FunctionList *host, uint64_t name)
{
    int i = functions->count - 1;
    while (i >= 0 && !has_name(&functions->items[i], name))
        i--;
    bool all = true;
    for (int j = 0; i >= 0 && all && j < functions->items[i].count; j++)
        all = function_list_has(host, &functions->items[i].items[j]);
    return all;
}

void extension_functions_free(ExtensionFunctions *functions)
{
    for (int i = 0; i < functions->count; i++)
        function_list_free(&functions->items[i]);
    free(functions->items);
    *functions = (ExtensionFunctions){0};
}
