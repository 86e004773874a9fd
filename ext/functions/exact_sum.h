/*
 * An exact sum of numbers: of a set of values the same bits come out in whatever order they are added and
 * however they are divided into parts whose sums are merged. Integers are summed apart from reals, because a
 * sum of integers alone is an integer in SQL. The result is rounded once, at the end.
 *
 * Knows no SQLite. A sum belongs to one thread at a time.
 */
#ifndef PRICEMAP_EXACT_SUM_H
#define PRICEMAP_EXACT_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Limbs of 32 bits from the least subnormal double, 2^-1074, up to 2^63 of the greatest. */
    EXACT_SUM_LIMBS = 68,
    /* The most bytes that a written sum takes. */
    EXACT_SUM_BYTES = 3 + 10 + 2 * 19 + 2 + 4 * EXACT_SUM_LIMBS,
};

/* Zeros: the sum of no values. No member needs more than the alignment of an int64_t, which is all that the
 * memory of an SQL aggregate has. */
typedef struct ExactSum {
    /* Number of values. */
    int64_t count;
    /* Sums of the integers above 0, and of those below it without their sign: low and high 64 bits. */
    uint64_t positive[2], negative[2];
    /* Sum of the finite reals, EXACT_SUM_LIMBS limbs of which each may hold more than its 32 bits, and be
     * negative; NULL: there was none. Owned. */
    int64_t *limbs;
    /* Number of additions to the limbs since each was brought back to its 32 bits. */
    uint32_t additions;
    /* Whether there was a real, and an infinity of each sign. */
    bool real, infinity, negative_infinity;
} ExactSum;

/* Adds a value. False when out of memory, of which exact_sum_add_integer takes none, or where there are more
 * than INT64_MAX values; the sum is as before. A real is no NaN. */
bool exact_sum_add_integer(ExactSum *sum, int64_t value);
bool exact_sum_add_real(ExactSum *sum, double value);

/* Adds all values of another sum. Returns as exact_sum_add_real. */
bool exact_sum_merge(ExactSum *sum, const ExactSum *other);

/* Writes the sum of at least one value into `bytes` (EXACT_SUM_BYTES of them) and returns how many were used.
 * The same values give the same bytes. */
size_t exact_sum_write(const ExactSum *sum, unsigned char *bytes);

/* Sets the sum, which must be zeros or freed, to the one that was written as `bytes`. Trusts nothing of them:
 * false, with the sum zeros, where they are no sum, or when out of memory. */
bool exact_sum_read(ExactSum *sum, const void *bytes, size_t size);

typedef enum ExactSumKind {
    /* Integers alone, whose sum is one: *integer has it. */
    EXACT_SUM_INTEGER,
    /* Some value is a real: exact_sum_real has the sum. */
    EXACT_SUM_REAL,
    /* In some order the sum of the integers leaves the range of 64 bits on its way: whether it did in the
     * order of a query is not known. */
    EXACT_SUM_MAY_OVERFLOW,
} ExactSumKind;

/* The kind of sum that SQL's sum() is. */
ExactSumKind exact_sum_kind(const ExactSum *sum, int64_t *integer);

/* The sum of all values, integers too, rounded once to the nearest double, ties to even; infinite where it is
 * too large, or where there were infinities of one sign. NaN: of both signs. */
double exact_sum_real(const ExactSum *sum);

/* Frees what the sum owns, and sets it to zeros. */
void exact_sum_free(ExactSum *sum);

#endif
