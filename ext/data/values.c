#include "ext/data/values.h"

#include <stdlib.h>

/* Finds the value of a parameter. False: the rowset has no row of names, or no such name. */
static bool find_named(const RowsetView *values, const char *name, uint32_t *column)
{
    size_t length = strlen(name);
    RowsetValue value = {0};
    for (*column = 0; rowset_get(values, VALUES_NAMES_ROW, *column, &value); ++*column)
        if (value.type == SQLITE_BLOB && value.size == length && !memcmp(value.bytes, name, length))
            return true;
    return false;
}

int values_bind(sqlite3_stmt *statement, const RowsetView *values, int encoding)
{
    static const size_t length = sizeof VALUE_PARAMETER - 1;
    int count = sqlite3_bind_parameter_count(statement);
    for (int i = 1; i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        RowsetValue value = {0};
        uint32_t column;
        if (!name || *name != ':')
            continue;
        if (!strncmp(name, VALUE_PARAMETER, length))
            column = (uint32_t)strtoul(name + length, NULL, 10);
        else if (!find_named(values, name, &column))
            return SQLITE_CORRUPT;
        if (!rowset_get(values, VALUES_ROW, column, &value))
            return SQLITE_CORRUPT;
        int rc = rowset_bind(statement, i, &value, encoding, SQLITE_TRANSIENT);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}
