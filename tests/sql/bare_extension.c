/* An extension as some vendors link it: it calls the mathematical library, and does not name it. bare_cbrt(x)
 * is the cube root of x. */
#include <math.h>
#include <stddef.h>

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

int sqlite3_bareextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);

static void bare_cbrt(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    sqlite3_result_double(context, cbrt(sqlite3_value_double(argv[0])));
}

int sqlite3_bareextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    SQLITE_EXTENSION_INIT2(routines);
    (void)message;
    return sqlite3_create_function(db, "bare_cbrt", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, bare_cbrt,
                                   NULL, NULL);
}
