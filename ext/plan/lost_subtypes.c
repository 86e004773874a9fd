#include "ext/plan/lost_subtypes.h"

#include <stdlib.h>
#include <string.h>

/* Sets *clears to whether SQLite takes the subtype off what a subquery of the source gives as `columns`. A
   version that does not know the instruction takes it off nowhere. `filtered`: the map has a WHERE, for
   which SQLite may run the subquery beside; any will do. */
static int find_clearing(sqlite3 *db, const Source *source, bool filtered, const char *columns, bool *clears)
{
    enum { OPCODE = 1, P5 = 6, COPY_CLEARS = 2 }; /* columns of EXPLAIN, and a bit of the copy's P5 */
    sqlite3_stmt *statement = NULL;
    char *sql =
        sqlite3_mprintf("EXPLAIN SELECT %s FROM %s%s", columns, source->from, filtered ? " WHERE ?1" : "");
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    *clears = rc != SQLITE_OK;
    if (rc != SQLITE_OK)
        return rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT ? rc : SQLITE_OK;
    while (rc == SQLITE_OK && !*clears && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *opcode = (const char *)sqlite3_column_text(statement, OPCODE);
        rc = opcode ? SQLITE_OK : SQLITE_NOMEM;
        *clears = opcode && (!strcmp(opcode, "ClrSubtype") ||
                             (!strcmp(opcode, "Copy") && sqlite3_column_int(statement, P5) & COPY_CLEARS));
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int lost_subtypes_find(sqlite3 *db, const Source *source, bool filtered, const int *inputs, int count,
                       bool **lost)
{
    bool any = false;
    free(*lost);
    *lost = calloc((size_t)count + 1, sizeof **lost);
    if (!*lost)
        return SQLITE_NOMEM;
    int rc = source->table ? SQLITE_OK : find_clearing(db, source, filtered, "*", &any);
    for (int i = 0; rc == SQLITE_OK && any && i < count; i++) {
        char *name = sqlite3_mprintf("\"%w\"", source->columns.items[inputs[i]].name);
        rc = name ? find_clearing(db, source, filtered, name, &(*lost)[i]) : SQLITE_NOMEM;
        sqlite3_free(name);
    }
    return rc;
}
