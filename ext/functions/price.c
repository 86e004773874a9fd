#include "ext/functions/price.h"
#include "ext/functions/price_kernel.h"

#include <math.h>

const PriceVariant *price_variants(size_t *count)
{
    *count = price_kernel_variant_count;
    return price_kernel_variants;
}

/* Checking what the processor supports is a load and a test, so the answer needs no cache. */
const PriceVariant *price_best_variant(void)
{
    const PriceVariant *variant = price_kernel_variants;
    while (!variant->supported())
        variant++;
    return variant;
}

double price_raise(double price, double percent)
{
    return price + price * percent / 100;
}

PriceStatus price_raise_crazy(double price, double percent, int64_t rounds, const PriceStop *stop,
                              double *result)
{
    return price_raise_crazy_with(price_best_variant(), price, percent, rounds, stop, result);
}

PriceStatus price_raise_crazy_with(const PriceVariant *variant, double price, double percent, int64_t rounds,
                                   const PriceStop *stop, double *result)
{
    if (rounds < 1 || rounds > PRICE_MOST_ROUNDS)
        return PRICE_BAD_ROUNDS;
    double raised = price_raise(price, percent);
    double square = raised * raised;
    if (isinf(square) && !isinf(raised))
        return PRICE_OUT_OF_RANGE;
    if (raised + square < 0)
        return PRICE_DOMAIN_ERROR;

    double least = INFINITY;
    for (;;) {
        uint32_t slice = rounds < PRICE_STOP_INTERVAL ? (uint32_t)rounds : PRICE_STOP_INTERVAL;
        double root = variant->least_root(raised, slice);
        least = least < root ? least : root;
        rounds -= slice;
        if (rounds == 0)
            break;
        if (stop && stop->stop(stop->arg))
            return PRICE_STOPPED;
    }
    /* The way round matters for NaN and for -0.0: the raised price unless the root is greater. */
    *result = least > raised ? least : raised;
    return PRICE_OK;
}
