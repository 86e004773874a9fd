#include "ext/api/function_form.h"

#include <string.h>

const char function_form_declaration[] =
    "CREATE TABLE x(key INTEGER, value, source HIDDEN, map HIDDEN, executor HIDDEN, workers HIDDEN, chunk HIDDEN)";

/* The key of most sources is their rowid. */
static const ColumnFacts key_facts = {"key", COMPARES_INTEGERS, SEARCH_ROWID, true, 1};
static const ColumnFacts value_facts = {"value", COMPARES_ANY, SEARCH_NONE, false, 0};
static const RequestColumns function_columns = {&value_facts, 1, &key_facts, ROWS_UNKNOWN, true};

const RequestColumns *function_form_columns(void)
{
    return &function_columns;
}

int function_form_offer(sqlite3_index_info *info, int *next, char **message)
{
    int constraint_index[ARGUMENTS];
    memset(constraint_index, -1, sizeof constraint_index);
    for (int i = 0; i < info->nConstraint; i++) {
        int argument = info->aConstraint[i].iColumn - COLUMN_SOURCE;
        if (argument < 0 || argument >= ARGUMENTS || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT;
        constraint_index[argument] = i;
    }
    /* The terms of an OR are offered by themselves, without the arguments, which hold beside. */
    if (constraint_index[0] < 0 && constraint_index[1] < 0 && info->nConstraint)
        return SQLITE_CONSTRAINT;
    if (constraint_index[0] < 0 || constraint_index[1] < 0) {
        *message = sqlite3_mprintf("parallel_map: %s is missing: call parallel_map(source, map [, executor, "
                                   "workers, chunk])",
                                   constraint_index[0] < 0 ? "source" : "map");
        return SQLITE_ERROR;
    }
    for (int argument = 0; argument < ARGUMENTS; argument++)
        if (constraint_index[argument] >= 0) {
            info->idxNum |= 1 << argument;
            info->aConstraintUsage[constraint_index[argument]].argvIndex = (*next)++;
            info->aConstraintUsage[constraint_index[argument]].omit = 1;
        }
    return SQLITE_OK;
}

void function_form_result(sqlite3_context *context, const MapArguments *arguments, int column)
{
    if (column == COLUMN_SOURCE)
        sqlite3_result_text(context, arguments->source, -1, SQLITE_TRANSIENT);
    else if (column == COLUMN_MAP)
        sqlite3_result_text(context, arguments->map, -1, SQLITE_TRANSIENT);
    else if (column == COLUMN_EXECUTOR && arguments->has_executor)
        sqlite3_result_text(context, executor_kind_name(arguments->executor), -1, SQLITE_STATIC);
    else if (column == COLUMN_WORKERS && arguments->has_workers)
        sqlite3_result_int(context, arguments->workers);
    else if (column == COLUMN_CHUNK && arguments->has_chunk)
        sqlite3_result_int64(context, arguments->chunk);
}
