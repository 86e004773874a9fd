#include "ext/api/parameters.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/error.h"
#include "ext/plan/sql_text.h"

static bool has(const Parameters *parameters, const char *name)
{
    for (int i = 0; i < parameters->count; i++)
        if (!strcmp(parameters->names[i], name))
            return true;
    return false;
}

static int add(Parameters *parameters, const SqlToken *name, char **message)
{
    char **grown = realloc(parameters->names, (size_t)(parameters->count + 1) * sizeof *grown);
    if (!grown)
        return SQLITE_NOMEM;
    parameters->names = grown;
    char *text = sqlite3_mprintf(":%.*s", (int)name->length, name->start);
    if (!text)
        return SQLITE_NOMEM;
    if (has(parameters, text)) {
        sqlite3_free(text);
        return SQLITE_OK;
    }
    parameters->names[parameters->count++] = text;
    if (parameters->count > PARAMETERS_MAX)
        return error_text(
            message, sqlite3_mprintf("parallel_map: a map has %d parameters at the most: make some values "
                                     "columns of the source",
                                     PARAMETERS_MAX));
    return SQLITE_OK;
}

int parameters_find(Parameters *parameters, const MapArguments *arguments, char **message)
{
    const char *texts[] = {arguments->source, arguments->map, arguments->where, arguments->group_by};
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        SqlToken name;
        const char *text = texts[i];
        while (rc == SQLITE_OK && text && (text = sql_next_parameter(text, &name)))
            rc = add(parameters, &name, message);
    }
    return rc;
}

char *parameters_declare(const Parameters *parameters, char *declaration)
{
    if (!declaration || !parameters->count)
        return declaration;
    sqlite3_str *sql = sqlite3_str_new(NULL);
    /* The last bracket is put after the hidden columns. */
    sqlite3_str_append(sql, declaration, (int)strlen(declaration) - 1);
    for (int i = 0; i < parameters->count; i++)
        sqlite3_str_appendf(sql, ", \"%w\" HIDDEN", parameters->names[i] + 1);
    sqlite3_str_appendall(sql, ")");
    sqlite3_free(declaration);
    return sqlite3_str_finish(sql);
}

/* Index of the usable constraint that gives a column its value; -1: none. *unusable: there is one, of a table
   that comes later in the join. */
static int find_value(const sqlite3_index_info *info, int column, bool *unusable)
{
    *unusable = false;
    for (int i = 0; i < info->nConstraint; i++) {
        int op = info->aConstraint[i].op;
        if (info->aConstraint[i].iColumn != column ||
            (op != SQLITE_INDEX_CONSTRAINT_EQ && op != SQLITE_INDEX_CONSTRAINT_IS))
            continue;
        if (info->aConstraint[i].usable)
            return i;
        *unusable = true;
    }
    return -1;
}

int parameters_offer(sqlite3_index_info *info, int first, int count, int *next)
{
    info->idxNum = 0;
    for (int i = 0; i < count; i++) {
        bool unusable;
        int constraint = find_value(info, first + i, &unusable);
        if (unusable && constraint < 0)
            return SQLITE_CONSTRAINT;
        if (constraint >= 0) {
            info->aConstraintUsage[constraint].argvIndex = (*next)++;
            info->aConstraintUsage[constraint].omit = 1;
        } else if (!info->idxNum) {
            info->idxNum = i + 1;
        }
    }
    return SQLITE_OK;
}

int parameters_missing(const Parameters *parameters, int missing, char **message)
{
    const char *name = parameters->names[missing - 1] + 1;
    return error_text(message,
                      sqlite3_mprintf("parallel_map: the parameter %s of this map is not given: call "
                                      "the table with its value in brackets, or write WHERE %s = value",
                                      name, name));
}

void parameters_read(const Parameters *parameters, sqlite3_value *const *argv, ScanRequest *request)
{
    for (int i = 0; i < parameters->count; i++)
        request->parameters[i] = argv[i];
    request->parameter_names = (const char *const *)parameters->names;
    request->plan.parameters = parameters->count;
}

void parameters_free(Parameters *parameters)
{
    for (int i = 0; i < parameters->count; i++)
        sqlite3_free(parameters->names[i]);
    free(parameters->names);
    *parameters = (Parameters){0};
}
