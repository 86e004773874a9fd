/* The variants of the crazy raise's kernel; for price.c only. See PriceVariant in price.h. */
#ifndef PRICEMAP_PRICE_KERNEL_H
#define PRICEMAP_PRICE_KERNEL_H

#include "ext/functions/price.h"

/* Widest first, baseline last. */
extern const PriceVariant price_kernel_variants[];
extern const size_t price_kernel_variant_count;

#endif
