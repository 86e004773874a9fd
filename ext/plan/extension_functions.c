#include "ext/plan/extension_functions.h"

#include <stdlib.h>
#include <string.h>

#include "sql/ext_sql.h"

/* A form of a function, by hashes of 64 bits: of its name, and of its name with the number of arguments. */
typedef struct Form {
    uint64_t form, name;
} Form;

typedef struct Forms {
    /* Forms, sorted once they are all there. */
    Form *items;
    int count, room;
} Forms;

struct ExtensionFunctions {
    int count;
    /* Extensions, in the order in which workers load them. */
    struct {
        Forms own;
        bool in_host;
    } extensions[];
};

static uint64_t hash_name(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++) {
        unsigned char letter = (unsigned char)*name;
        letter = letter >= 'A' && letter <= 'Z' ? (unsigned char)(letter + 32) : letter;
        hash = (hash ^ letter) * 0x100000001b3u;
    }
    return hash;
}

static int compare_forms(const void *a, const void *b)
{
    const Form *left = a, *right = b;
    return left->form < right->form ? -1 : left->form > right->form;
}

static bool has_form(const Forms *forms, const Form *form)
{
    return forms->count && bsearch(form, forms->items, (size_t)forms->count, sizeof *form, compare_forms);
}

static int add_form(Forms *forms, const char *name, int arguments)
{
    if (forms->count == forms->room) {
        int room = forms->room ? 2 * forms->room : 64;
        Form *grown = realloc(forms->items, (size_t)room * sizeof *grown);
        if (!grown)
            return SQLITE_NOMEM;
        forms->items = grown;
        forms->room = room;
    }
    uint64_t hash = hash_name(name);
    forms->items[forms->count++] = (Form){(hash ^ (uint64_t)(arguments + 2)) * 0x9e3779b97f4a7c15u, hash};
    return SQLITE_OK;
}

/* The functions of a connection that are not SQLite's own. */
static int read_forms(sqlite3 *db, Forms *forms)
{
    enum { FUNCTION_NAME, FUNCTION_BUILTIN, FUNCTION_TYPE, FUNCTION_ENCODING, FUNCTION_ARGUMENTS };
    sqlite3_stmt *list = NULL;
    int rc = sqlite3_prepare_v2(db, sql_ext_host_functions, -1, &list, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(list)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(list, FUNCTION_NAME);
        rc = SQLITE_OK;
        if (name && !sqlite3_column_int(list, FUNCTION_BUILTIN))
            rc = add_form(forms, name, sqlite3_column_int(list, FUNCTION_ARGUMENTS));
    }
    sqlite3_finalize(list);
    if (rc == SQLITE_DONE && forms->count)
        qsort(forms->items, (size_t)forms->count, sizeof *forms->items, compare_forms);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int load(sqlite3 *db, const char *path, const char *entry)
{
    int rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    return rc == SQLITE_OK ? sqlite3_load_extension(db, path, *entry ? entry : NULL, NULL) : rc;
}

/* Reads the functions that a connection has after it loaded the extension, and had not before. */
static int read_extension(const char *path, const char *entry, Forms *own)
{
    sqlite3 *db = NULL;
    Forms before = {0};
    int rc = sqlite3_open_v2(":memory:", &db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (rc == SQLITE_OK)
        rc = read_forms(db, &before);
    if (rc == SQLITE_OK)
        rc = load(db, path, entry);
    if (rc == SQLITE_OK)
        rc = read_forms(db, own);
    int kept = 0;
    for (int i = 0; rc == SQLITE_OK && i < own->count; i++)
        if (!has_form(&before, &own->items[i]))
            own->items[kept++] = own->items[i];
    own->count = kept;
    free(before.items);
    sqlite3_close(db);
    return rc;
}

int extension_functions_read(sqlite3 *host, const Recipe *recipe, ExtensionFunctions **out)
{
    Forms in_host = {0};
    ExtensionFunctions *functions =
        calloc(1, sizeof *functions + recipe->extension_count * sizeof *functions->extensions);
    *out = functions;
    int rc = functions ? read_forms(host, &in_host) : SQLITE_NOMEM;
    const char *path = recipe_text(recipe, recipe->extensions);
    for (uint32_t i = 0; rc == SQLITE_OK && i < recipe->extension_count; i++) {
        const char *entry = recipe_text_after(path);
        Forms *own = &functions->extensions[functions->count].own;
        bool *all = &functions->extensions[functions->count++].in_host;
        rc = read_extension(path, entry, own);
        *all = true;
        for (int j = 0; *all && j < own->count; j++)
            *all = has_form(&in_host, &own->items[j]);
        path = recipe_text_after(entry);
    }
    free(in_host.items);
    if (rc != SQLITE_OK) {
        extension_functions_free(functions);
        *out = NULL;
    }
    return rc;
}

bool extension_functions_in_host(const ExtensionFunctions *functions, const char *name)
{
    uint64_t hash = hash_name(name);
    for (int i = functions->count - 1; i >= 0; i--) {
        const Forms *own = &functions->extensions[i].own;
        for (int j = 0; j < own->count; j++)
            if (own->items[j].name == hash)
                return functions->extensions[i].in_host;
    }
    return true;
}

void extension_functions_free(ExtensionFunctions *functions)
{
    for (int i = 0; functions && i < functions->count; i++)
        free(functions->extensions[i].own.items);
    free(functions);
}
