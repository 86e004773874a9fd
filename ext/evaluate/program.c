#include "ext/evaluate/program.h"

#include <limits.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"

/* The columns of EXPLAIN. */
enum { EXPLAIN_OPCODE = 1, EXPLAIN_P2 = 3 };

static const char explain[] = "EXPLAIN ";

/* The limit on the length of a statement holds for `sql` alone. */
static int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **explained)
{
    char *text = sqlite3_mprintf("%s%s", explain, sql);
    int most = sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, -1);
    int longer = (int)sizeof explain - 1;
    sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, most < INT_MAX - longer ? most + longer : INT_MAX);
    int rc = text ? sqlite3_prepare_v2(db, text, -1, explained, NULL) : SQLITE_NOMEM;
    sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, most);
    sqlite3_free(text);
    return rc;
}

int program_read(sqlite3 *db, const char *sql, ProgramFacts *facts)
{
    sqlite3_stmt *explained = NULL;
    int rc = prepare(db, sql, &explained);
    SqliteLimits own;
    *facts = (ProgramFacts){0};
    /* The words of EXPLAIN may be longer than the values of the map. */
    limits_lift(db, &own);
    while (rc == SQLITE_OK && (rc = sqlite3_step(explained)) == SQLITE_ROW) {
        const char *opcode = (const char *)sqlite3_column_text(explained, EXPLAIN_OPCODE);
        rc = opcode ? SQLITE_OK : SQLITE_NOMEM;
        if (opcode && !strcmp(opcode, "Once"))
            facts->has_constants = true;
        else if (opcode && !strcmp(opcode, "ResultRow"))
            facts->columns = sqlite3_column_int(explained, EXPLAIN_P2);
        /* Nothing else is wanted of a program that may be long. */
        if (facts->has_constants && facts->columns) {
            rc = SQLITE_DONE;
            break;
        }
    }
    sqlite3_finalize(explained);
    limits_restore(db, &own);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}
