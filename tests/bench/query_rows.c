#include "query_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/query.h"

enum { FIRST_VALUES = 1024 };

static int keep(QueryRows *rows, sqlite3_value *value)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? 2 * rows->capacity : FIRST_VALUES;
        sqlite3_value **values = realloc(rows->values, capacity * sizeof *values);
        if (!values)
            return -1;
        rows->values = values;
        rows->capacity = capacity;
    }
    rows->values[rows->count] = sqlite3_value_dup(value);
    return rows->values[rows->count++] ? 0 : -1;
}

int query_rows_read(sqlite3_stmt *statement, QueryRows *rows, Failure *failure)
{
    *rows = (QueryRows){.columns = sqlite3_column_count(statement)};
    int result = 0;
    while (result == 0 && sqlite3_step(statement) == SQLITE_ROW)
        for (int i = 0; i < rows->columns && result == 0; i++)
            if (keep(rows, sqlite3_column_value(statement, i)))
                result = failure_set(failure, "out of memory for the rows of a query");
    if (sqlite3_reset(statement) != SQLITE_OK && result == 0)
        result = query_fail(sqlite3_db_handle(statement), failure);
    return result;
}

void query_rows_free(QueryRows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        sqlite3_value_free(rows->values[i]);
    free(rows->values);
    *rows = (QueryRows){0};
}

static bool same(sqlite3_value *a, sqlite3_value *b, double tolerance)
{
    int type = sqlite3_value_type(a);
    if (type != sqlite3_value_type(b))
        return false;
    if (type == SQLITE_INTEGER)
        return sqlite3_value_int64(a) == sqlite3_value_int64(b);
    if (type == SQLITE_FLOAT) {
        double x = sqlite3_value_double(a), y = sqlite3_value_double(b);
        return x == y || fabs(x - y) <= tolerance * fmax(fabs(x), fabs(y));
    }
    int size = sqlite3_value_bytes(a);
    return size == sqlite3_value_bytes(b) &&
           (size == 0 || memcmp(sqlite3_value_blob(a), sqlite3_value_blob(b), (size_t)size) == 0);
}

static bool all_same(const QueryRows *a, const QueryRows *b, double tolerance)
{
    for (size_t i = 0; i < a->count; i++)
        if (!same(a->values[i], b->values[i], tolerance))
            return false;
    return true;
}

static int compare_values(sqlite3_value *a, sqlite3_value *b)
{
    int type = sqlite3_value_type(a);
    if (type != sqlite3_value_type(b))
        return type < sqlite3_value_type(b) ? -1 : 1;
    if (type == SQLITE_INTEGER) {
        sqlite3_int64 x = sqlite3_value_int64(a), y = sqlite3_value_int64(b);
        return x < y ? -1 : x > y;
    }
    if (type == SQLITE_FLOAT) {
        double x = sqlite3_value_double(a), y = sqlite3_value_double(b);
        return x < y ? -1 : x > y;
    }
    int x = sqlite3_value_bytes(a), y = sqlite3_value_bytes(b), least = x < y ? x : y;
    int order = least ? memcmp(sqlite3_value_blob(a), sqlite3_value_blob(b), (size_t)least) : 0;
    return order ? order : x - y;
}

/* Numbers with a fraction come last, since they are compared within a tolerance. */
static int compare_rows(const void *left, const void *right, void *columns)
{
    sqlite3_value *const *a = left, *const *b = right;
    for (int fractions = 0; fractions < 2; fractions++)
        for (int i = 0; i < *(const int *)columns; i++) {
            bool fraction =
                sqlite3_value_type(a[i]) == SQLITE_FLOAT && sqlite3_value_type(b[i]) == SQLITE_FLOAT;
            int order = fraction == fractions ? compare_values(a[i], b[i]) : 0;
            if (order)
                return order;
        }
    return 0;
}

bool query_rows_equal(QueryRows *a, QueryRows *b, double tolerance)
{
    if (a->columns != b->columns || a->count != b->count)
        return false;
    if (!a->count || all_same(a, b, tolerance))
        return true;
    size_t size = (size_t)a->columns * sizeof *a->values, rows = a->count / (size_t)a->columns;
    qsort_r(a->values, rows, size, compare_rows, &a->columns);
    qsort_r(b->values, rows, size, compare_rows, &b->columns);
    return all_same(a, b, tolerance);
}
