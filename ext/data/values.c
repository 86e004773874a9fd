#include "ext/data/values.h"

#include <stdlib.h>

int values_bind(sqlite3_stmt *statement, const RowsetView *values, int encoding)
{
    static const size_t length = sizeof VALUE_PARAMETER - 1;
    int count = sqlite3_bind_parameter_count(statement);
    for (int i = 1; i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        RowsetValue value;
        if (!name || strncmp(name, VALUE_PARAMETER, length) != 0)
            continue;
        if (!rowset_get(values, 0, (uint32_t)strtoul(name + length, NULL, 10), &value))
            return SQLITE_CORRUPT;
        int rc = rowset_bind(statement, i, &value, encoding);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}
