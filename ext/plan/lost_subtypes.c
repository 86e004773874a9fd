#include "ext/plan/lost_subtypes.h"

#include <stdlib.h>
#include "ext/evaluate/program.h"

static int find_clearing_instruction(void *arg, const Instruction *instruction)
{
    enum { COPY_CLEARS = 2 }; /* a bit of the copy's P5 */
    bool *clears = arg;
    *clears = instruction_is(instruction, "ClrSubtype") ||
              (instruction_is(instruction, "Copy") &&
               instruction_number(instruction, INSTRUCTION_P5) & COPY_CLEARS);
    return *clears ? SQLITE_DONE : SQLITE_OK;
}

/* Sets *clears to whether SQLite takes the subtype off what a subquery of the source gives as `columns`. A
   version that does not know the instruction takes it off nowhere. `filtered`: the map has a WHERE, for
   which SQLite may run the subquery beside; any will do. */
static int find_clearing(sqlite3 *db, const Source *source, bool filtered, const char *columns, bool *clears)
{
    char *sql = sqlite3_mprintf("SELECT %s FROM %s%s", columns, source->from, filtered ? " WHERE ?1" : "");
    *clears = false;
    int rc = sql ? program_each(db, sql, find_clearing_instruction, clears) : SQLITE_NOMEM;
    sqlite3_free(sql);
    if (rc == SQLITE_OK || rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT)
        return rc;
    *clears = true;
    return SQLITE_OK;
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
