#include "ext/base/sqlite_limits.h"

#include <limits.h>
#include <stddef.h>

void limits_read(sqlite3 *db, SqliteLimits *limits)
{
    for (int i = 0; i < SQLITE_LIMITS; i++)
        limits->values[i] = sqlite3_limit(db, i, -1);
}

void limits_lift(sqlite3 *db, SqliteLimits *own)
{
    static const int lifted[] = {
        SQLITE_LIMIT_LENGTH,       SQLITE_LIMIT_SQL_LENGTH,      SQLITE_LIMIT_COLUMN,
        SQLITE_LIMIT_EXPR_DEPTH,   SQLITE_LIMIT_COMPOUND_SELECT, SQLITE_LIMIT_VDBE_OP,
        SQLITE_LIMIT_FUNCTION_ARG, SQLITE_LIMIT_VARIABLE_NUMBER,
    };
    limits_read(db, own);
    for (size_t i = 0; i < sizeof lifted / sizeof *lifted; i++)
        sqlite3_limit(db, lifted[i], INT_MAX);
}

void limits_restore(sqlite3 *db, const SqliteLimits *own)
{
    for (int i = 0; i < SQLITE_LIMITS; i++)
        sqlite3_limit(db, i, own->values[i]);
}
