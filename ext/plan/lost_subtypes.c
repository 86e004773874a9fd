/*
 * Subtypes, which some functions give to a value and others look at: JSON is one. SQLite stores none, and
 * versions from 3.40 on take them off some columns of a subquery, by the instruction ClrSubtype, or when they
 * copy the row of a subquery that runs beside. A map sees its source as a subquery.
 */
#include <stdlib.h>
#include <string.h>

#include "ext/plan/planner_internal.h"

/* Whether SQLite takes the subtype off what a subquery of the source gives as `columns`. A version that does
   not know the instruction takes it off nowhere. */
static bool clears_subtype(const Plan *plan, sqlite3 *db, const char *columns)
{
    enum { OPCODE = 1, P5 = 6, COPY_CLEARS = 2 }; /* columns of EXPLAIN, and a bit of the copy's P5 */
    sqlite3_stmt *statement = NULL;
    bool clears = false;
    char *sql = sqlite3_mprintf("EXPLAIN SELECT %s FROM %s", columns, plan->source.from);
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

int plan_find_lost_subtypes(Plan *plan, sqlite3 *db)
{
    free(plan->loses_subtype);
    plan->loses_subtype = calloc((size_t)plan->input_count + 1, sizeof *plan->loses_subtype);
    if (!plan->loses_subtype)
        return SQLITE_NOMEM;
    if (plan->source.table || !clears_subtype(plan, db, "*"))
        return SQLITE_OK;
    for (int i = 0; i < plan->input_count; i++) {
        char *name = sqlite3_mprintf("\"%w\"", plan->source.columns.items[plan->inputs[i]].name);
        if (!name)
            return SQLITE_NOMEM;
        plan->loses_subtype[i] = clears_subtype(plan, db, name);
        sqlite3_free(name);
    }
    return SQLITE_OK;
}
