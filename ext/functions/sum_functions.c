#include "ext/functions/sum_functions.h"

#include "ext/functions/exact_sum.h"

/* The sum of an aggregate's rows; NULL, with the error set, when out of memory. */
static ExactSum *sum_of(sqlite3_context *context)
{
    ExactSum *sum = sqlite3_aggregate_context(context, sizeof *sum);
    if (!sum)
        sqlite3_result_error_nomem(context);
    return sum;
}

static void add_value(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    int type = sqlite3_value_numeric_type(argv[0]);
    if (type == SQLITE_NULL)
        return;
    ExactSum *sum = sum_of(context);
    if (!sum)
        return;
    bool added = type == SQLITE_INTEGER ? exact_sum_add_integer(sum, sqlite3_value_int64(argv[0]))
                                        : exact_sum_add_real(sum, sqlite3_value_double(argv[0]));
    if (!added)
        sqlite3_result_error_nomem(context);
}

static void add_part(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    ExactSum part;
    int type = sqlite3_value_type(argv[0]);
    if (type == SQLITE_NULL)
        return;
    ExactSum *sum = sum_of(context);
    if (!sum)
        return;
    const void *bytes = type == SQLITE_BLOB ? sqlite3_value_blob(argv[0]) : NULL;
    if (!exact_sum_read(&part, bytes, bytes ? (size_t)sqlite3_value_bytes(argv[0]) : 0)) {
        sqlite3_result_error(context, "pricemap: a part of a sum is damaged", -1);
        return;
    }
    if (!exact_sum_merge(sum, &part))
        sqlite3_result_error_nomem(context);
    exact_sum_free(&part);
}

static void give_part(sqlite3_context *context)
{
    ExactSum *sum = sqlite3_aggregate_context(context, 0);
    if (sum && sum->count) {
        unsigned char bytes[EXACT_SUM_BYTES];
        sqlite3_result_blob(context, bytes, (int)exact_sum_write(sum, bytes), SQLITE_TRANSIENT);
    }
    if (sum)
        exact_sum_free(sum);
}

static void give_sum(sqlite3_context *context)
{
    ExactSum *sum = sqlite3_aggregate_context(context, 0);
    int64_t integer;
    if (!sum || !sum->count)
        return;
    switch (exact_sum_kind(sum, &integer)) {
    case EXACT_SUM_INTEGER:
        sqlite3_result_int64(context, integer);
        break;
    case EXACT_SUM_REAL:
        sqlite3_result_double(context, exact_sum_real(sum));
        break;
    case EXACT_SUM_MAY_OVERFLOW:
        sqlite3_result_error(context, "integer overflow", -1);
        break;
    }
    exact_sum_free(sum);
}

static void give_total(sqlite3_context *context)
{
    ExactSum *sum = sqlite3_aggregate_context(context, 0);
    sqlite3_result_double(context, sum ? exact_sum_real(sum) : 0.0);
    if (sum)
        exact_sum_free(sum);
}

static void give_avg(sqlite3_context *context)
{
    ExactSum *sum = sqlite3_aggregate_context(context, 0);
    if (!sum || !sum->count)
        return;
    sqlite3_result_double(context, exact_sum_real(sum) / (double)sum->count);
    exact_sum_free(sum);
}

typedef struct SumFunction {
    const char *name;
    void (*step)(sqlite3_context *, int, sqlite3_value **);
    void (*final)(sqlite3_context *);
} SumFunction;

static const SumFunction functions[] = {
    {SUM_PART_FUNCTION, add_value, give_part},     {SUM_FUNCTION, add_part, give_sum},
    {TOTAL_FUNCTION, add_part, give_total},        {AVG_FUNCTION, add_part, give_avg},
    {SUM_OF_VALUES_FUNCTION, add_value, give_sum}, {TOTAL_OF_VALUES_FUNCTION, add_value, give_total},
    {AVG_OF_VALUES_FUNCTION, add_value, give_avg},
};

int sum_functions_register(sqlite3 *db)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof functions / sizeof *functions; i++)
        rc = sqlite3_create_function_v2(db, functions[i].name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                        NULL, functions[i].step, functions[i].final, NULL);
    return rc;
}

bool sum_functions_have(const char *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (!sqlite3_stricmp(name, functions[i].name))
            return true;
    return false;
}
