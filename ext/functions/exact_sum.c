#include "ext/functions/exact_sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Bits of a limb, and the bit that stands for 1, of which 2^-1074 is bit 0. */
    LIMB_BITS = 32,
    BIT_OF_ONE = 1074,
    /* Bits from 2^-1074 up to the greatest double. */
    REAL_BITS = 1074 + 1024,
    /* Additions after which a limb of 63 bits might overflow, with room for what it held before. */
    ADDITIONS_MOST = 1 << 29,
    /* First byte of a written sum. */
    VERSION = 1,
    /* Bits of its second byte. */
    WRITTEN_REAL = 1,
    WRITTEN_INFINITY = 2,
    WRITTEN_NEGATIVE_INFINITY = 4,
    WRITTEN_NEGATIVE = 8,
    WRITTEN_ALL = 15,
};

static const int64_t limb_mask = ((int64_t)1 << LIMB_BITS) - 1;

/* ---- the limbs ---- */

/* Brings each limb but the last one back to 0 … 2^32 - 1. */
static void carry(int64_t *limbs)
{
    for (int i = 0; i + 1 < EXACT_SUM_LIMBS; i++) {
        int64_t low = limbs[i] & limb_mask;
        limbs[i + 1] += (limbs[i] - low) / (limb_mask + 1);
        limbs[i] = low;
    }
}

/* Adds `bits`, the least of which stands at `position`. The limbs have room for one more addition. */
static void add_bits(int64_t *limbs, uint64_t bits, int position, bool negative)
{
    int limb = position / LIMB_BITS;
    int shift = position % LIMB_BITS;
    uint64_t low = bits << shift, high = shift ? bits >> (64 - shift) : 0;
    int64_t sign = negative ? -1 : 1;
    limbs[limb] += sign * (int64_t)(low & (uint64_t)limb_mask);
    limbs[limb + 1] += sign * (int64_t)(low >> LIMB_BITS);
    limbs[limb + 2] += sign * (int64_t)high;
}

static bool has_limbs(ExactSum *sum)
{
    if (!sum->limbs)
        sum->limbs = calloc(EXACT_SUM_LIMBS, sizeof *sum->limbs);
    return sum->limbs != NULL;
}

static void make_room(ExactSum *sum)
{
    if (++sum->additions < ADDITIONS_MOST)
        return;
    carry(sum->limbs);
    sum->additions = 1;
}

/* LastingStatement limbs that are carried into the size of their sum; returns whether the sum is negative. */
static bool take_sign(int64_t *limbs)
{
    if (limbs[EXACT_SUM_LIMBS - 1] >= 0)
        return false;
    for (int i = 0; i < EXACT_SUM_LIMBS; i++)
        limbs[i] = -limbs[i];
    carry(limbs);
    return true;
}

/* The number of bits up to the highest one that is set, of limbs without a sign; 0: none is. */
static int bit_length(const int64_t *limbs)
{
    for (int i = EXACT_SUM_LIMBS - 1; i >= 0; i--)
        if (limbs[i])
            return i * LIMB_BITS + 64 - __builtin_clzll((uint64_t)limbs[i]);
    return 0;
}

static unsigned bit_at(const int64_t *limbs, int position)
{
    return (unsigned)(limbs[position / LIMB_BITS] >> (position % LIMB_BITS)) & 1;
}

static bool any_below(const int64_t *limbs, int position)
{
    int limb = position / LIMB_BITS;
    for (int i = 0; i < limb; i++)
        if (limbs[i])
            return true;
    return limbs[limb] & (((int64_t)1 << (position % LIMB_BITS)) - 1);
}

/* The nearest double of limbs without a sign, ties to even. */
static double round_limbs(const int64_t *limbs)
{
    int length = bit_length(limbs);
    int lowest = length > 53 ? length - 53 : 0;
    uint64_t fraction = 0;
    for (int position = length - 1; position >= lowest; position--)
        fraction = fraction << 1 | bit_at(limbs, position);
    if (lowest && bit_at(limbs, lowest - 1) && ((fraction & 1) || any_below(limbs, lowest - 1)))
        fraction++;
    return ldexp((double)fraction, lowest - BIT_OF_ONE);
}

/* ---- the sum ---- */

static bool count_one(ExactSum *sum)
{
    if (sum->count == INT64_MAX)
        return false;
    sum->count++;
    return true;
}

static void add_wide(uint64_t *sum, uint64_t low, uint64_t high)
{
    uint64_t before = sum[0];
    sum[0] += low;
    sum[1] += high + (sum[0] < before);
}

bool exact_sum_add_integer(ExactSum *sum, int64_t value)
{
    if (!count_one(sum))
        return false;
    if (value >= 0)
        add_wide(sum->positive, (uint64_t)value, 0);
    else
        add_wide(sum->negative, 0 - (uint64_t)value, 0);
    return true;
}

bool exact_sum_add_real(ExactSum *sum, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bool negative = bits >> 63;
    int exponent = (int)(bits >> 52 & 0x7ff);
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    if (exponent == 0x7ff) {
        if (!count_one(sum))
            return false;
        *(negative ? &sum->negative_infinity : &sum->infinity) = true;
    } else {
        if (!has_limbs(sum) || !count_one(sum))
            return false;
        make_room(sum);
        /* A subnormal number has no leading 1, and the least exponent. */
        if (exponent)
            fraction |= (uint64_t)1 << 52;
        add_bits(sum->limbs, fraction, exponent ? exponent - 1 : 0, negative);
    }
    sum->real = true;
    return true;
}

bool exact_sum_merge(ExactSum *sum, const ExactSum *other)
{
    if (sum->count > INT64_MAX - other->count || (other->limbs && !has_limbs(sum)))
        return false;
    sum->count += other->count;
    add_wide(sum->positive, other->positive[0], other->positive[1]);
    add_wide(sum->negative, other->negative[0], other->negative[1]);
    sum->real = sum->real || other->real;
    sum->infinity = sum->infinity || other->infinity;
    sum->negative_infinity = sum->negative_infinity || other->negative_infinity;
    if (!other->limbs)
        return true;
    if ((uint64_t)sum->additions + other->additions >= ADDITIONS_MOST) {
        carry(sum->limbs);
        sum->additions = 1;
    }
    for (int i = 0; i < EXACT_SUM_LIMBS; i++)
        sum->limbs[i] += other->limbs[i];
    sum->additions += other->additions;
    return true;
}

ExactSumKind exact_sum_kind(const ExactSum *sum, int64_t *integer)
{
    /* A sum between these two never leaves the range, in whatever order the values come. */
    if (sum->positive[1] || sum->positive[0] > INT64_MAX || sum->negative[1] ||
        sum->negative[0] > (uint64_t)INT64_MAX + 1)
        return EXACT_SUM_MAY_OVERFLOW;
    uint64_t bits = sum->positive[0] - sum->negative[0];
    memcpy(integer, &bits, sizeof *integer);
    return sum->real ? EXACT_SUM_REAL : EXACT_SUM_INTEGER;
}

double exact_sum_real(const ExactSum *sum)
{
    if (sum->infinity || sum->negative_infinity)
        return sum->infinity && sum->negative_infinity ? (double)NAN : sum->infinity ? INFINITY : -INFINITY;
    int64_t limbs[EXACT_SUM_LIMBS] = {0};
    if (sum->limbs)
        memcpy(limbs, sum->limbs, sizeof limbs);
    carry(limbs);
    for (int half = 0; half < 2; half++) {
        add_bits(limbs, sum->positive[half], BIT_OF_ONE + 64 * half, false);
        add_bits(limbs, sum->negative[half], BIT_OF_ONE + 64 * half, true);
    }
    carry(limbs);
    bool negative = take_sign(limbs);
    double size = round_limbs(limbs);
    return negative ? -size : size;
}

void exact_sum_free(ExactSum *sum)
{
    free(sum->limbs);
    *sum = (ExactSum){0};
}

/* ---- written sums ----
 *
 * VERSION | WRITTEN_ bits | count | positive | negative | first limb, number of limbs | these limbs
 *
 * Numbers are in groups of 7 bits, the least first, where each byte but the last has its highest bit set.
 * Limbs are those of the sum without its sign, the least first, 4 bytes each, and neither the first nor the
 * last one is zero; they are left out with the two bytes before them where there are none.
 */

static unsigned char *write_number(unsigned char *to, const uint64_t number[2])
{
    uint64_t low = number[0], high = number[1];
    while (high || low >= 0x80) {
        *to++ = (unsigned char)(low | 0x80);
        low = low >> 7 | high << 57;
        high >>= 7;
    }
    *to++ = (unsigned char)low;
    return to;
}

static unsigned char *write_limbs(unsigned char *to, const int64_t *limbs)
{
    int first = 0, end = EXACT_SUM_LIMBS;
    while (end && !limbs[end - 1])
        end--;
    while (first < end && !limbs[first])
        first++;
    if (first == end)
        return to;
    *to++ = (unsigned char)first;
    *to++ = (unsigned char)(end - first);
    for (int i = first; i < end; i++)
        for (int byte = 0; byte < 4; byte++)
            *to++ = (unsigned char)(limbs[i] >> 8 * byte);
    return to;
}

size_t exact_sum_write(const ExactSum *sum, unsigned char *bytes)
{
    int64_t limbs[EXACT_SUM_LIMBS] = {0};
    if (sum->limbs)
        memcpy(limbs, sum->limbs, sizeof limbs);
    carry(limbs);
    bool negative = take_sign(limbs);
    unsigned char *to = bytes;
    *to++ = VERSION;
    *to++ = (unsigned char)((sum->real ? WRITTEN_REAL : 0) | (sum->infinity ? WRITTEN_INFINITY : 0) |
                            (sum->negative_infinity ? WRITTEN_NEGATIVE_INFINITY : 0) |
                            (negative ? WRITTEN_NEGATIVE : 0));
    to = write_number(to, (uint64_t[2]){(uint64_t)sum->count, 0});
    to = write_number(to, sum->positive);
    to = write_number(to, sum->negative);
    to = write_limbs(to, limbs);
    return (size_t)(to - bytes);
}

/* A number in at most 19 groups that has 128 bits; NULL where there is none. */
static const unsigned char *read_number(const unsigned char *at, const unsigned char *end, uint64_t number[2])
{
    number[0] = number[1] = 0;
    for (int shift = 0; at < end && shift <= 126; shift += 7) {
        uint64_t group = *at & 0x7f;
        if (shift == 126 && group > 3)
            return NULL;
        if (shift < 64)
            number[0] |= group << shift;
        if (shift > 57)
            number[1] |= shift < 64 ? group >> (64 - shift) : group << (shift - 64);
        if (!(*at++ & 0x80))
            return at;
    }
    return NULL;
}

static bool read_limbs(ExactSum *sum, const unsigned char *at, const unsigned char *end, bool negative)
{
    if (at == end)
        return !negative;
    if (end - at < 2)
        return false;
    int first = *at++, count = *at++;
    if (!count || first + count > EXACT_SUM_LIMBS || end - at != 4L * count || !has_limbs(sum))
        return false;
    for (int i = first; i < first + count; i++)
        for (int byte = 0; byte < 4; byte++)
            sum->limbs[i] |= (int64_t)*at++ << 8 * byte;
    /* So many doubles do not make more than this, and so many integers not more than that: sums of such sums
       have room in the limbs and in 128 bits. */
    int count_bits = 64 - __builtin_clzll((uint64_t)sum->count);
    if (bit_length(sum->limbs) > REAL_BITS + count_bits)
        return false;
    for (int i = 0; negative && i < EXACT_SUM_LIMBS; i++)
        sum->limbs[i] = -sum->limbs[i];
    sum->additions = 1;
    return true;
}

static bool read_sum(ExactSum *sum, const unsigned char *at, const unsigned char *end)
{
    if (end - at < 2 || at[0] != VERSION || at[1] & ~WRITTEN_ALL)
        return false;
    int bits = at[1];
    uint64_t count[2];
    at = read_number(at + 2, end, count);
    if (at)
        at = read_number(at, end, sum->positive);
    if (at)
        at = read_number(at, end, sum->negative);
    if (!at || count[1] || !count[0] || count[0] > INT64_MAX)
        return false;
    sum->count = (int64_t)count[0];
    sum->real = bits & WRITTEN_REAL;
    sum->infinity = bits & WRITTEN_INFINITY;
    sum->negative_infinity = bits & WRITTEN_NEGATIVE_INFINITY;
    /* 2^63 each is the most that integers give. */
    if (sum->positive[1] > count[0] >> 1 || sum->negative[1] > count[0] >> 1)
        return false;
    return read_limbs(sum, at, end, bits & WRITTEN_NEGATIVE) &&
           (sum->real || !(sum->limbs || sum->infinity || sum->negative_infinity));
}

bool exact_sum_read(ExactSum *sum, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    *sum = (ExactSum){0};
    if (at && read_sum(sum, at, at + size))
        return true;
    exact_sum_free(sum);
    return false;
}
