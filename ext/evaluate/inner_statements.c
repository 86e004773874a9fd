#include "ext/evaluate/inner_statements.h"

#include <string.h>
#include <strings.h>

#include "sql/ext_sql.h"

/* Whether a pragma describes the schema, which is the same in a file wherever it is opened. */
static bool tells_of_schema(const char *pragma)
{
    static const char *const names[] = {"table_info", "table_xinfo", "index_list",
                                        "index_info", "index_xinfo", "foreign_key_list"};
    for (size_t i = 0; pragma && i < sizeof names / sizeof *names; i++)
        if (!strcasecmp(pragma, names[i]))
            return true;
    return false;
}

/* SQLite connects a table of a module when a statement names it that knows no other one of that name. */
static int connect_host_table(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **table,
                              char **message)
{
    Authorizer *authorizer = aux;
    (void)db;
    (void)argc;
    (void)table;
    if (!authorizer->refused && authorizer->stage == RUNNING_MAP)
        authorizer->refused = TASK_REFUSED_TABLES;
    *message = sqlite3_mprintf("no such table: %s", argv[2]);
    return SQLITE_ERROR;
}

/* Some tables of SQLite's own get their module when they are first named: those of pragmas and, in newer
   versions, of JSON. */
static int find_own_table(sqlite3 *db, const char *name, bool *own)
{
    sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\"", name);
    if (!sql)
        return SQLITE_NOMEM;
    *own = sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK;
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return SQLITE_OK;
}

static int register_host_table(Authorizer *authorizer, sqlite3 *db, sqlite3_stmt *modules, const char *name)
{
    static const sqlite3_module host_table = {.xConnect = connect_host_table};
    bool own = false;
    int rc;
    while ((rc = sqlite3_step(modules)) == SQLITE_ROW && !own) {
        const char *module = (const char *)sqlite3_column_text(modules, 0);
        own = !module || !strcasecmp(module, name);
    }
    sqlite3_reset(modules);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return rc;
    rc = own ? SQLITE_OK : find_own_table(db, name, &own);
    if (rc != SQLITE_OK || own)
        return rc;
    return sqlite3_create_module_v2(db, name, &host_table, authorizer, NULL);
}

int inner_statements_register(Authorizer *authorizer, sqlite3 *db)
{
    const Recipe *recipe = authorizer->recipe;
    const char *name = recipe_text(recipe, recipe->host_tables);
    sqlite3_stmt *modules = NULL;
    int rc =
        recipe->host_table_count ? sqlite3_prepare_v2(db, sql_ext_modules, -1, &modules, NULL) : SQLITE_OK;
    for (uint32_t i = 0; rc == SQLITE_OK && i < recipe->host_table_count; i++, name = recipe_text_after(name))
        rc = register_host_table(authorizer, db, modules, name);
    sqlite3_finalize(modules);
    return rc;
}

/* Of temp a worker has nothing. */
static bool is_temporary_schema(int action, const char *table)
{
    return action == SQLITE_READ && table &&
           (!strcasecmp(table, "sqlite_temp_master") || !strcasecmp(table, "sqlite_temp_schema"));
}

int inner_statement_authorize(Authorizer *authorizer, int action, const char *name)
{
    if (action == SQLITE_FUNCTION && !authorizer->refused && !authorizer_refuses(name) &&
        names_have(&authorizer->host_only, name)) {
        sqlite3_snprintf(sizeof authorizer->lacking, authorizer->lacking, "%s()", name);
        authorizer->refused = TASK_REFUSED_FUNCTION;
        return SQLITE_DENY;
    }
    bool reads = action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE ||
                 (action == SQLITE_FUNCTION && !authorizer_refuses(name)) ||
                 (action == SQLITE_PRAGMA && tells_of_schema(name));
    if (!authorizer->refused && reads && authorizer->recipe->flags & RECIPE_TABLES &&
        !is_temporary_schema(action, name))
        return SQLITE_OK;
    if (!authorizer->refused)
        authorizer->refused = reads ? TASK_REFUSED_TABLES : TASK_REFUSED_CHANGE;
    return SQLITE_DENY;
}

/* The list has a function once for each number of arguments, together. */
static void name_functions(const Authorizer *authorizer, sqlite3 *db, char *text, int size)
{
    enum { FUNCTION_NAME, FUNCTION_BUILTIN };
    sqlite3_stmt *list = NULL;
    char last[64] = "";
    int length = 0;
    text[0] = 0;
    if (sqlite3_prepare_v2(db, sql_ext_host_functions, -1, &list, NULL) == SQLITE_OK)
        while (sqlite3_step(list) == SQLITE_ROW && length < size / 2) {
            const char *name = (const char *)sqlite3_column_text(list, FUNCTION_NAME);
            if (!name || sqlite3_column_int(list, FUNCTION_BUILTIN) || !strcasecmp(name, last) ||
                !names_have(&authorizer->functions, name) || !strncasecmp(name, "increase_price", 14))
                continue;
            sqlite3_snprintf(sizeof last, last, "%s", name);
            sqlite3_snprintf(size - length, text + length, "%s%s()", length ? ", " : "", name);
            length = (int)strlen(text);
        }
    sqlite3_finalize(list);
    if (!length)
        sqlite3_snprintf(size, text, "its name is not known");
}

void inner_statement_report(const Authorizer *authorizer, sqlite3 *db, TaskReport *report)
{
    enum { NAMES_SIZE = TASK_MESSAGE_SIZE / 2 };
    char names[NAMES_SIZE];
    name_functions(authorizer, db, names, NAMES_SIZE);
    report->refused = authorizer->refused;
    sqlite3_snprintf(
        TASK_MESSAGE_SIZE, report->message,
        report->refused == TASK_REFUSED_FUNCTION ? "a function in it (%s) runs a statement with %s" : "%s",
        names, authorizer->lacking);
}
