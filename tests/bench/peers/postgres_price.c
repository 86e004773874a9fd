/* The crazy raise as a C function of PostgreSQL: the same kernel. */
#include <postgres.h>
#include <fmgr.h>

#include "ext/functions/price.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(increase_price_crazy);

Datum increase_price_crazy(PG_FUNCTION_ARGS)
{
    double result = 0;
    if (price_raise_crazy(PG_GETARG_FLOAT8(0), PRICE_DEFAULT_PERCENT, PRICE_DEFAULT_ROUNDS, NULL, &result) !=
        PRICE_OK)
        ereport(ERROR,
                (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("this price cannot be raised crazily")));
    PG_RETURN_FLOAT8(result);
}
