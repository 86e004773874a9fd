#include "ext/plan/host_tables.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/plan/sql_text.h"
#include "sql/ext_sql.h"

static int add_name(HostTables *tables, const char *name)
{
    char **grown = realloc(tables->names, (size_t)(tables->count + 1) * sizeof *grown);
    if (!grown)
        return SQLITE_NOMEM;
    tables->names = grown;
    grown[tables->count] = strdup(name);
    if (!grown[tables->count])
        return SQLITE_NOMEM;
    tables->count++;
    return SQLITE_OK;
}

/* Whether `text`, as SQLite keeps it in a schema, makes a map or a query of ours. */
static bool makes_own_table(const char *text)
{
    return text &&
           (sql_makes_virtual_table(text, "parallel_map") || sql_makes_virtual_table(text, "parallel_query"));
}

/* A map in temp hides nothing of main: a function that reads it is refused. Tables of pragmas, which a worker
   gets when they are first named, would only make the list long. */
static int take_row(HostTables *tables, sqlite3_stmt *row)
{
    const char *name = (const char *)sqlite3_column_text(row, 0);
    const char *made_by = (const char *)sqlite3_column_text(row, 1);
    bool module = sqlite3_column_int(row, 2);
    if (!name || (!module && !makes_own_table(made_by)))
        return SQLITE_AUTH;
    return module && !sqlite3_strnicmp(name, "pragma_", 7) ? SQLITE_OK : add_name(tables, name);
}

int host_tables_read(sqlite3 *db, HostTables *tables)
{
    sqlite3_stmt *statement = NULL;
    SqliteLimits own;
    *tables = (HostTables){0};
    limits_lift(db, &own);
    int rc = sqlite3_prepare_v2(db, sql_ext_beside_main, -1, &statement, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
        rc = take_row(tables, statement);
    sqlite3_finalize(statement);
    limits_restore(db, &own);
    /* The connection has modules, this one's at least: an authorizer had the question ignored. */
    if (rc == SQLITE_DONE)
        return tables->count ? SQLITE_OK : SQLITE_AUTH;
    return rc;
}

void host_tables_free(HostTables *tables)
{
    for (int i = 0; i < tables->count; i++)
        free(tables->names[i]);
    free(tables->names);
    *tables = (HostTables){0};
}
