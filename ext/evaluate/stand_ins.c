#include "ext/evaluate/stand_ins.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ext/data/task.h"
#include "sql/ext_sql.h"

/* Columns of PRAGMA function_list. */
enum { NAME, BUILTIN, KIND, ENCODING, ARGUMENTS, FLAGS };

/* SQLite takes no more arguments than this. */
enum { ARGUMENTS_MOST = 127 };

/* A form of a function of the host. */
typedef struct HostForm {
    const char *name, *form;
    /* Number of arguments; negative: any number. */
    int arguments;
    /* Whether the connection has the same form. */
    bool same;
    /* Whether the connection has the name at all, for any number of arguments, and for which numbers. */
    bool named, takes_any;
    bool takes[ARGUMENTS_MOST + 1];
} HostForm;

char *stand_in_form(sqlite3_stmt *row)
{
    return sqlite3_mprintf("%d %s %s %d", sqlite3_column_int(row, ARGUMENTS), sqlite3_column_text(row, KIND),
                           sqlite3_column_text(row, ENCODING), sqlite3_column_int(row, FLAGS));
}

static void collation_needed(void *arg, sqlite3 *db, int encoding, const char *name)
{
    Authorizer *authorizer = arg;
    (void)db;
    (void)encoding;
    if (authorizer->refused || !authorizer_in_function(authorizer))
        return;
    sqlite3_snprintf(sizeof authorizer->lacking, authorizer->lacking, "the collation %s", name);
    authorizer->refused = TASK_REFUSED_FUNCTION;
}

void stand_ins_watch_collations(Authorizer *authorizer, sqlite3 *db)
{
    sqlite3_collation_needed(db, authorizer, collation_needed);
}

static HostForm *read_host(const Recipe *recipe, uint32_t count)
{
    HostForm *forms = calloc(count, sizeof *forms);
    if (!forms)
        return NULL;
    const char *text = recipe_text(recipe, recipe->host_functions);
    for (uint32_t i = 0; i < count; i++) {
        forms[i].name = text;
        forms[i].form = recipe_text_after(text);
        forms[i].arguments = atoi(forms[i].form);
        text = recipe_text_after(forms[i].form);
    }
    return forms;
}

/* Notes in the host's forms of this name what the connection has. */
static int compare_row(HostForm *forms, uint32_t count, sqlite3_stmt *row)
{
    const char *name = (const char *)sqlite3_column_text(row, NAME);
    int arguments = sqlite3_column_int(row, ARGUMENTS);
    if (!name)
        return SQLITE_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        HostForm *form = &forms[i];
        if (strcasecmp(form->name, name) != 0)
            continue;
        form->named = true;
        form->takes_any = form->takes_any || arguments < 0;
        if (arguments >= 0 && arguments <= ARGUMENTS_MOST)
            form->takes[arguments] = true;
        char *text = sqlite3_column_int(row, BUILTIN) ? NULL : stand_in_form(row);
        form->same = form->same || (text && !strcmp(text, form->form));
        sqlite3_free(text);
    }
    return SQLITE_OK;
}

static int compare(sqlite3 *db, HostForm *forms, uint32_t count)
{
    sqlite3_stmt *list = NULL;
    int rc = sqlite3_prepare_v2(db, sql_ext_host_functions, -1, &list, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(list)) == SQLITE_ROW)
        rc = compare_row(forms, count, list);
    sqlite3_finalize(list);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* The authorizer lets no statement call it. */
static void stand_in(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    sqlite3_result_error(context, "parallel_map: a function of the host was called in a worker", -1);
}

/* Deterministic and innocuous, so that the schema of a file, which may have the name, is read as without. */
static int put(sqlite3 *db, const HostForm *form, int arguments)
{
    if (form->takes_any || (arguments >= 0 && form->takes[arguments]))
        return SQLITE_OK;
    return sqlite3_create_function_v2(db, form->name, arguments,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL, stand_in,
                                      NULL, NULL, NULL);
}

/* A function for any number of arguments would hide SQLite's own of the name, which pricemap's statements may
   call: then one is registered for each number that is free. */
static int register_form(sqlite3 *db, const HostForm *form)
{
    if (form->arguments > ARGUMENTS_MOST)
        return SQLITE_OK;
    if (form->arguments >= 0 || !form->named)
        return put(db, form, form->arguments);
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i <= ARGUMENTS_MOST; i++)
        rc = put(db, form, i);
    return rc;
}

/* PRAGMA case_sensitive_like, on or off, replaces LIKE by functions of SQLite's: workers have the same
   setting. */
static bool is_like_of_pragma(const Recipe *recipe, const HostForm *form)
{
    return recipe->flags & (RECIPE_LIKE_BINARY | RECIPE_LIKE_NOCASE) && !strcasecmp(form->name, "like");
}

int stand_ins_register(Authorizer *authorizer, sqlite3 *db)
{
    const Recipe *recipe = authorizer->recipe;
    const uint32_t count = recipe->host_function_count;
    if (!count)
        return SQLITE_OK;
    HostForm *forms = read_host(recipe, count);
    int rc = forms ? compare(db, forms, count) : SQLITE_NOMEM;
    for (uint32_t i = 0; rc == SQLITE_OK && i < count; i++) {
        if (forms[i].same || is_like_of_pragma(recipe, &forms[i]))
            continue;
        rc = names_add(&authorizer->host_only, forms[i].name);
        if (rc == SQLITE_OK)
            rc = register_form(db, &forms[i]);
    }
    free(forms);
    return rc;
}
