#include "ext/api/declared_columns.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/error.h"
#include "ext/plan/map_sql.h"

/* A text that the table's column and the map's may both not have. */
static bool is_same_word(const char *a, const char *b)
{
    return !sqlite3_stricmp(a ? a : "", b ? b : "");
}

char *declared_columns_say_other(const Column *column)
{
    return sqlite3_mprintf(
        "parallel_map: the column %s compares otherwise than when this table was made: its "
        "source has changed, or what the host's authorizer says of it; drop the table and "
        "create it again",
        column->name);
}

int declared_columns_check(const ColumnList *declared, KeptPlan *kept, char **message)
{
    const ColumnList *now = &kept->plan->output;
    bool same = now->count == declared->count;
    for (int i = 0; same && i < now->count; i++)
        same = !strcmp(now->items[i].name, declared->items[i].name);
    if (!same)
        return error_text(message, sqlite3_mprintf("parallel_map: the source has changed, and the map has "
                                                   "other columns than this table: drop it and create it "
                                                   "again"));
    for (int i = 0; i < now->count; i++) {
        const Column *column = &now->items[i];
        if (is_same_word(column->type, declared->items[i].type) &&
            is_same_word(column->collation, declared->items[i].collation))
            continue;
        if (!kept->only_null)
            kept->only_null = calloc((size_t)now->count, sizeof *kept->only_null);
        if (!kept->only_null)
            return SQLITE_NOMEM;
        kept->only_null[i] = true;
    }
    return SQLITE_OK;
}
