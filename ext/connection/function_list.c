#include "ext/connection/function_list.h"

#include <stdlib.h>

#include "sql/ext_sql.h"

static bool is_among(const FunctionNames *names, uint64_t name)
{
    for (int i = 0; i < names->count; i++)
        if (names->items[i] == name)
            return true;
    return false;
}

int function_names_add(FunctionNames *names, uint64_t name)
{
    if (is_among(names, name))
        return SQLITE_OK;
    if (names->count == names->room) {
        int room = 2 * names->room + 8;
        uint64_t *grown = realloc(names->items, (size_t)room * sizeof *grown);
        if (!grown)
            return SQLITE_NOMEM;
        names->items = grown;
        names->room = room;
    }
    names->items[names->count++] = name;
    return SQLITE_OK;
}

void function_names_free(FunctionNames *names)
{
    free(names->items);
    *names = (FunctionNames){0};
}

static int add_form(FunctionList *list, const FunctionForm *form)
{
    if (list->count == list->room) {
        int room = 2 * list->room + 32;
        FunctionForm *grown = realloc(list->items, (size_t)room * sizeof *grown);
        if (!grown)
            return SQLITE_NOMEM;
        list->items = grown;
        list->room = room;
    }
    list->items[list->count++] = *form;
    return SQLITE_OK;
}

static int read_row(sqlite3_stmt *row, const FunctionNames *names, FunctionList *list)
{
    /* The columns of the pragma. As a table it would begin a read transaction on main. */
    enum { NAME, BUILTIN, TYPE, ENCODING, ARGUMENTS, FLAGS };
    const char *name = (const char *)sqlite3_column_text(row, NAME);
    if (!name)
        return SQLITE_NOMEM;
    FunctionForm form = {.name = function_name(name, sqlite3_column_bytes(row, NAME)),
                         .own = !sqlite3_column_int(row, BUILTIN)};
    if (!form.own && !is_among(names, form.name))
        return SQLITE_OK;
    const char *encoding = (const char *)sqlite3_column_text(row, ENCODING);
    form.arguments = sqlite3_column_int(row, ARGUMENTS);
    form.utf16 = !encoding || sqlite3_stricmp(encoding, "utf8") != 0;
    form.form = hash_number(form.name, (uint64_t)form.arguments);
    form.traits = hash_text(hash_number(form.form, form.own), (const char *)sqlite3_column_text(row, TYPE));
    form.traits = hash_text(form.traits, encoding);
    form.traits = hash_number(form.traits, (uint64_t)sqlite3_column_int(row, FLAGS));
    return add_form(list, &form);
}

int function_list_read(sqlite3 *db, const FunctionNames *names, FunctionList *list)
{
    sqlite3_stmt *statement = NULL;
    bool any = false;
    int rc = sqlite3_prepare_v2(db, sql_ext_host_functions, -1, &statement, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        any = true;
        rc = read_row(statement, names, list);
    }
    sqlite3_finalize(statement);
    return rc != SQLITE_DONE ? rc : any ? SQLITE_OK : SQLITE_AUTH;
}

static int compare_forms(const void *a, const void *b)
{
    const FunctionForm *left = a, *right = b;
    return left->form < right->form ? -1 : left->form > right->form;
}

bool function_list_has(FunctionList *list, const FunctionForm *form)
{
    if (!list->count)
        return false;
    if (!list->sorted)
        qsort(list->items, (size_t)list->count, sizeof *list->items, compare_forms);
    list->sorted = true;
    return bsearch(form, list->items, (size_t)list->count, sizeof *list->items, compare_forms);
}

void function_list_free(FunctionList *list)
{
    free(list->items);
    *list = (FunctionList){0};
}
