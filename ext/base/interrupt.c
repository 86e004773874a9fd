#include "ext/base/interrupt.h"

#include <stddef.h>

#include "ext/base/sqlite_limits.h"

/* Steps of a probe that let a host's progress handler have its turn. */
enum { HANDLER_STEPS = 64 };

int interrupt_probe_prepare(sqlite3 *db, sqlite3_stmt **probe)
{
    SqliteLimits own;
    limits_lift(db, &own);
    int rc = sqlite3_prepare_v3(db, "SELECT 1", -1, SQLITE_PREPARE_PERSISTENT, probe, NULL);
    limits_restore(db, &own);
    return rc;
}

bool host_interrupted(sqlite3_stmt *probe)
{
    sqlite3_reset(probe);
    int rc = sqlite3_step(probe);
    sqlite3_reset(probe);
    return rc == SQLITE_INTERRUPT;
}

bool host_interrupted_or_handled(sqlite3_stmt *probe)
{
    for (int i = 0; i < HANDLER_STEPS; i++)
        if (host_interrupted(probe))
            return true;
    return false;
}
