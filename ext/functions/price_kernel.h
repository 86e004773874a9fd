/* The variants of the crazy raise's kernel; for price.c only. See struct price_variant in price.h. */
#ifndef PRICE_KERNEL_H
#define PRICE_KERNEL_H

#include "ext/functions/price.h"

/* Widest first, baseline last. */
extern const struct price_variant price_kernel_variants[];
extern const size_t price_kernel_variant_count;

#endif
