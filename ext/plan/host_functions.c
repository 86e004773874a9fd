#include "ext/plan/host_functions.h"

#include <stdlib.h>

#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/stand_ins.h"
#include "sql/ext_sql.h"

static int take_row(HostFunctionTexts *functions, sqlite3_stmt *row)
{
    enum { NAME, BUILTIN };
    if (sqlite3_column_int(row, BUILTIN))
        return SQLITE_OK;
    char **grown = realloc(functions->texts, 2 * (size_t)(functions->count + 1) * sizeof *grown);
    if (!grown)
        return SQLITE_NOMEM;
    functions->texts = grown;
    char **texts = grown + 2 * (size_t)functions->count++;
    texts[0] = sqlite3_mprintf("%s", sqlite3_column_text(row, NAME));
    texts[1] = stand_in_form(row);
    return texts[0] && texts[1] ? SQLITE_OK : SQLITE_NOMEM;
}

int host_functions_read(sqlite3 *db, HostFunctionTexts *functions)
{
    sqlite3_stmt *list = NULL;
    SqliteLimits own;
    *functions = (HostFunctionTexts){0};
    limits_lift(db, &own);
    int rc = sqlite3_prepare_v2(db, sql_ext_host_functions, -1, &list, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(list)) == SQLITE_ROW)
        rc = take_row(functions, list);
    sqlite3_finalize(list);
    limits_restore(db, &own);
    /* The connection has functions, this extension's at least. */
    if (rc == SQLITE_DONE)
        return functions->count ? SQLITE_OK : SQLITE_AUTH;
    return rc;
}

void host_functions_free(HostFunctionTexts *functions)
{
    for (int i = 0; i < 2 * functions->count; i++)
        sqlite3_free(functions->texts[i]);
    free(functions->texts);
    *functions = (HostFunctionTexts){0};
}
