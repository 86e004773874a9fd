#include "ext/functions/own_functions.h"

#include "ext/functions/price_functions.h"
#include "sql/ext_sql.h"

int own_functions_present(sqlite3 *db, bool *has)
{
    sqlite3_stmt *statement;
    char probe;
    int rc = sqlite3_prepare_v2(db, sql_ext_own_functions, -1, &statement, NULL);
    *has = false;
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_pointer(statement, 1, &probe, PRICE_FUNCTIONS_PROBE, NULL);
    sqlite3_bind_text(statement, 2, PRICEMAP_VERSION, -1, SQLITE_STATIC);
    rc = sqlite3_step(statement);
    *has = rc == SQLITE_ROW && sqlite3_column_int(statement, 0);
    /* A function that fails on the probe is another one too; an interrupt says nothing about it. */
    sqlite3_finalize(statement);
    return rc == SQLITE_INTERRUPT || rc == SQLITE_NOMEM ? rc : SQLITE_OK;
}
