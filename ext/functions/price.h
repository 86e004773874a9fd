/* The price functions themselves: pure C, no SQLite, no global state. Every function here may run on any
 * number of threads at once. */
#ifndef PRICEMAP_PRICE_H
#define PRICEMAP_PRICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRICE_DEFAULT_PERCENT 10.0
#define PRICE_DEFAULT_ROUNDS 200000

/* The most list elements of one crazy raise, and how many of them are computed between two calls of the stop
 * hook: about 0.5 ms with AVX-512, 1.5 ms with the baseline. */
#define PRICE_MOST_ROUNDS 1000000000
#define PRICE_STOP_INTERVAL 524288

typedef enum PriceStatus {
    PRICE_OK = 0,
    /* The root of a negative number: the raised price lies between -1 and 0. */
    PRICE_DOMAIN_ERROR,
    /* The square of a finite raised price is no finite number. */
    PRICE_OUT_OF_RANGE,
    /* Rounds that are not within 1 ... PRICE_MOST_ROUNDS. */
    PRICE_BAD_ROUNDS,
    /* The stop hook ended the call. */
    PRICE_STOPPED,
} PriceStatus;

/* The hook that ends a long call early. `stop` is called on the thread that computes, with `arg`; anything
 * but 0 stops, as with a progress handler of SQLite. It must not throw or longjmp. The caller owns the struct
 * and keeps it for the whole call. */
typedef struct PriceStop {
    int (*stop)(void *arg);
    void *arg;
} PriceStop;

/* A build of the kernel, for one vector width. The same bits come from each.
 *
 * `least_root(raised, count)` makes `count` list elements, each raised + raised * raised, takes the square
 * root of each twice, and returns the least. 1 <= count; raised + raised * raised is not below 0. A NaN gives
 * NaN. */
typedef struct PriceVariant {
    /* Name: "avx512", "avx2" or "baseline". */
    const char *name;
    /* Doubles in one vector. */
    int lanes;
    bool (*supported)(void);
    double (*least_root)(double raised, uint32_t count);
} PriceVariant;

/* All variants built for this architecture, the widest first; the last, "baseline", runs everywhere. The
 * table is constant. `supported` says which may be called on this processor. */
const PriceVariant *price_variants(size_t *count);

/* The widest variant this processor and its operating system support. Never NULL. */
const PriceVariant *price_best_variant(void);

/* price + price * percent / 100, in this order of operations. Overflow gives an infinity and Infinity -
 * Infinity gives NaN, as IEEE 754 arithmetic does. */
double price_raise(double price, double percent);

/* The deliberately expensive raise. With raised = price_raise(price, percent): `rounds` list elements, each
 * raised + raised squared; the square root of each, twice; m, the least; *result = max(raised, m). Every
 * element is computed; nothing is taken from an earlier one.
 *
 * rounds   1 ... PRICE_MOST_ROUNDS
 * stop     called after every PRICE_STOP_INTERVAL elements (not after the last), or NULL
 *
 * Anything but PRICE_OK leaves *result as it was. Infinite and NaN prices are no error, as in Python:
 * +Infinity gives +Infinity, -Infinity gives -Infinity, NaN gives NaN. */
PriceStatus price_raise_crazy(double price, double percent, int64_t rounds, const PriceStop *stop,
                              double *result);

/* The same through one variant, which this processor must support. For tests and benchmarks. */
PriceStatus price_raise_crazy_with(const PriceVariant *variant, double price, double percent, int64_t rounds,
                                   const PriceStop *stop, double *result);

#endif
