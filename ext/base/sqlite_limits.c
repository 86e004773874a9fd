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

static int sum(int limit, int more)
{
    return limit < INT_MAX - more ? limit + more : INT_MAX;
}

int limit_raised(int code, int limit)
{
    /* In columns a key and a number of rows; in parameters the two ends of a range; in depth the range beside
       the WHERE that was given; in steps what the aggregate around a map takes for each of its columns. */
    enum { MORE_COLUMNS = 2, MORE_PARAMETERS = 2, MORE_DEPTH = 4, MORE_STEPS = 1000 };
    if (limit < 0)
        return limit;
    switch (code) {
    case SQLITE_LIMIT_SQL_LENGTH: /* of what the user wrote: the host has judged it */
        return INT_MAX;
    case SQLITE_LIMIT_COLUMN:
        return sum(limit, MORE_COLUMNS);
    case SQLITE_LIMIT_VARIABLE_NUMBER:
        return sum(limit, MORE_PARAMETERS);
    case SQLITE_LIMIT_EXPR_DEPTH:
        return sum(limit, MORE_DEPTH);
    case SQLITE_LIMIT_VDBE_OP:
        return limit < INT_MAX / 4 ? 2 * limit + MORE_STEPS : limit;
    default:
        return limit;
    }
}
