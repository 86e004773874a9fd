#include "ext/plan/lost_subtypes.h"

#include <stdlib.h>
#include <string.h>

/* Whether SQLite takes the subtype off what a subquery of the source gives as `columns`. A version that does
   not know the instruction takes it off nowhere. `filtered`: the map has a WHERE, for which SQLite may run
   the subquery beside; any will do. */
static bool clears_subtype(sqlite3 *db, const Source *source, bool filtered, const char *columns)
{
    enum { OPCODE = 1, P5 = 6, COPY_CLEARS = 2 }; /* columns of EXPLAIN, and a bit of the copy's P5 */
    sqlite3_stmt *statement = NULL;
    bool clears = false;
    char *sql =
        sqlite3_mprintf("EXPLAIN SELECT %s FROM %s%s", columns, source->from, filtered ? " WHERE ?1" : "");
    if (!sql || sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        clears = true;
    while (!clears && sqlite3_step(statement) == SQLITE_ROW) {
        const char *opcode = (const char *)sqlite3_column_text(statement, OPCODE);
        clears = opcode && (!strcmp(opcode, "ClrSubtype") ||
                            (!strcmp(opcode, "Copy") && sqlite3_column_int(statement, P5) & COPY_CLEARS));
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return clears;
}

int lost_subtypes_find(sqlite3 *db, const Source *source, bool filtered, const int *inputs, int count,
                       bool **lost)
{
    free(*lost);
    *lost = calloc((size_t)count + 1, sizeof **lost);
    if (!*lost)
        return SQLITE_NOMEM;
    if (source->table || !clears_subtype(db, source, filtered, "*"))
        return SQLITE_OK;
    for (int i = 0; i < count; i++) {
        char *name = sqlite3_mprintf("\"%w\"", source->columns.items[inputs[i]].name);
        if (!name)
            return SQLITE_NOMEM;
        (*lost)[i] = clears_subtype(db, source, filtered, name);
        sqlite3_free(name);
    }
    return SQLITE_OK;
}
