/* The price functions themselves: pure C, no SQLite, no global state. Every function here may run on any
 * number of threads at once. */
#ifndef PRICE_H
#define PRICE_H

#include <stddef.h>
#include <stdint.h>

#define PRICE_DEFAULT_PERCENT 10.0
#define PRICE_DEFAULT_ROUNDS 200000

/* The most list elements of one crazy raise, and how many of them are computed between two looks at the
 * stop hook: about 0.5 ms with AVX-512, 1.5 ms with the baseline. */
#define PRICE_MOST_ROUNDS 1000000000
#define PRICE_STOP_INTERVAL 524288

enum price_status {
    PRICE_OK = 0,
    PRICE_DOMAIN_ERROR, /* the root of a negative number: the raised price lies between -1 and 0 */
    PRICE_OUT_OF_RANGE, /* the square of a finite raised price is no finite number */
    PRICE_BAD_ROUNDS,   /* rounds is not within 1 ... PRICE_MOST_ROUNDS */
    PRICE_STOPPED       /* the stop hook said so */
};

/* How a long call is ended early. `stop` is called on the thread that computes, with `arg`; anything but 0
 * stops. It must not throw or longjmp. The caller owns the struct and keeps it for the whole call. */
struct price_stop {
    int (*stop)(void *arg);
    void *arg;
};

/* One build of the kernel, for one vector width. The same bits come from each.
 *
 * `least_root(raised, count)` makes `count` list elements, each raised + raised * raised, takes the square
 * root of each twice, and returns the least. 1 <= count; raised + raised * raised is not below 0. A NaN
 * gives NaN. */
struct price_variant {
    const char *name; /* "avx512", "avx2", "baseline" */
    int lanes;        /* doubles in one vector */
    int (*supported)(void);
    double (*least_root)(double raised, uint32_t count);
};

/* All variants built for this architecture, the widest first; the last, "baseline", runs everywhere. The
 * table is constant. `supported` tells which may be called on this processor. */
const struct price_variant *price_variants(size_t *count);

/* The widest variant this processor and its operating system support. Never NULL. */
const struct price_variant *price_best_variant(void);

/* price + price * percent / 100, in this order of operations. Overflow gives an infinity and Infinity -
 * Infinity gives NaN, as IEEE 754 arithmetic does. */
double price_raise(double price, double percent);

/* The deliberately expensive raise. With raised = price_raise(price, percent): `rounds` list elements, each
 * raised + raised squared; the square root of each, twice; m, the least; *result = max(raised, m).
 * Every element is computed; nothing is taken from an earlier one.
 *
 * rounds   1 ... PRICE_MOST_ROUNDS
 * stop     asked after every PRICE_STOP_INTERVAL elements (not after the last), or NULL
 *
 * Anything but PRICE_OK leaves *result as it was. Infinite and NaN prices are no error, as in Python:
 * +Infinity gives +Infinity, -Infinity gives -Infinity, NaN gives NaN. */
enum price_status price_raise_crazy(double price, double percent, int64_t rounds,
                                    const struct price_stop *stop, double *result);

/* The same through one variant, which this processor must support. For tests and benchmarks. */
enum price_status price_raise_crazy_with(const struct price_variant *variant, double price, double percent,
                                         int64_t rounds, const struct price_stop *stop, double *result);

#endif
