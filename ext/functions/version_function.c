#include "ext/functions/version_function.h"

#include <stddef.h>

static void version(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    sqlite3_result_text(context, PRICEMAP_VERSION, -1, SQLITE_STATIC);
}

int version_function_register(sqlite3 *db)
{
    return sqlite3_create_function_v2(db, "pricemap_version", 0,
                                      SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC, NULL, version,
                                      NULL, NULL, NULL);
}
