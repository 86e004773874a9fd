#include "ext/functions/own_functions.h"

#include <string.h>

#include "ext/functions/price_functions.h"
#include "sql/ext_sql.h"

OwnFunction own_function_named(const char *name, int length)
{
    static const char *const names[OWN_FUNCTIONS] = {
        [OWN_INCREASE_PRICE] = "increase_price", [OWN_INCREASE_PRICE_CRAZY] = "increase_price_crazy"};
    int found = 0;
    while (found < OWN_FUNCTIONS &&
           ((int)strlen(names[found]) != length || sqlite3_strnicmp(names[found], name, length) != 0))
        found++;
    return (OwnFunction)found;
}

static bool answers(sqlite3_stmt *row)
{
    bool all = true;
    for (int i = 0; all && i < sqlite3_column_count(row); i++) {
        const char *answer = (const char *)sqlite3_column_text(row, i);
        all = answer && !strcmp(answer, PRICEMAP_VERSION);
    }
    return all;
}

int own_function_present(sqlite3 *db, OwnFunction function, bool *has)
{
    sqlite3_stmt *statement;
    char probe;
    *has = false;
    int rc = sqlite3_prepare_v2(
        db, function == OWN_INCREASE_PRICE ? sql_ext_own_increase_price : sql_ext_own_increase_price_crazy,
        -1, &statement, NULL);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_pointer(statement, 1, &probe, PRICE_FUNCTIONS_PROBE, NULL);
    rc = sqlite3_step(statement);
    *has = rc == SQLITE_ROW && answers(statement);
    /* A function that fails on the probe is another one too; an interrupt says nothing about it. */
    sqlite3_finalize(statement);
    return rc == SQLITE_INTERRUPT || rc == SQLITE_NOMEM ? rc : SQLITE_OK;
}

int own_functions_present(sqlite3 *db, bool *has)
{
    int rc = SQLITE_OK;
    *has = true;
    for (int i = 0; rc == SQLITE_OK && *has && i < OWN_FUNCTIONS; i++)
        rc = own_function_present(db, (OwnFunction)i, has);
    return rc;
}
