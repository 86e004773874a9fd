/* Exact sums, compared with a sum in an integer of 2304 bits that is added and rounded bit by bit. */
#include "ext/functions/exact_sum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/random.h"

/* ---- the reference ----
 * A two's complement number in bytes, the least first; bit 0 is 2^-1074. */

enum { WIDE_BYTES = 288, WIDE_BITS = 8 * WIDE_BYTES };

typedef struct Wide {
    unsigned char bytes[WIDE_BYTES];
} Wide;

static void wide_add_bit(Wide *wide, int bit)
{
    for (; bit < WIDE_BITS; bit++) {
        unsigned char mask = (unsigned char)(1 << bit % 8);
        wide->bytes[bit / 8] ^= mask;
        if (wide->bytes[bit / 8] & mask)
            return;
    }
}

static void wide_subtract_bit(Wide *wide, int bit)
{
    for (; bit < WIDE_BITS; bit++) {
        unsigned char mask = (unsigned char)(1 << bit % 8);
        wide->bytes[bit / 8] ^= mask;
        if (!(wide->bytes[bit / 8] & mask))
            return;
    }
}

static void wide_add(Wide *wide, uint64_t bits, int position, bool negative)
{
    for (int i = 0; i < 64; i++)
        if (bits >> i & 1)
            (negative ? wide_subtract_bit : wide_add_bit)(wide, position + i);
}

static void wide_add_real(Wide *wide, double value)
{
    int exponent;
    double fraction = frexp(fabs(value), &exponent);
    /* value = mantissa × 2^(exponent - 53), which a subnormal number has too few bits for. */
    uint64_t mantissa = (uint64_t)ldexp(fraction, 53);
    int position = exponent - 53 + 1074;
    if (position < 0) {
        mantissa >>= -position;
        position = 0;
    }
    wide_add(wide, mantissa, position, signbit(value));
}

static void wide_add_integer(Wide *wide, int64_t value)
{
    wide_add(wide, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1074, value < 0);
}

static bool wide_bit(const Wide *wide, int bit)
{
    return wide->bytes[bit / 8] >> bit % 8 & 1;
}

static double wide_round(Wide wide)
{
    bool negative = wide_bit(&wide, WIDE_BITS - 1);
    if (negative) {
        for (int i = 0; i < WIDE_BYTES; i++)
            wide.bytes[i] = (unsigned char)~wide.bytes[i];
        wide_add_bit(&wide, 0);
    }
    int top = WIDE_BITS - 1;
    while (top > 0 && !wide_bit(&wide, top))
        top--;
    int low = top >= 53 ? top - 52 : 0;
    double value = 0;
    for (int bit = top; bit >= low; bit--)
        value = 2 * value + wide_bit(&wide, bit);
    bool sticky = false;
    for (int bit = 0; bit < low - 1; bit++)
        sticky = sticky || wide_bit(&wide, bit);
    if (low && wide_bit(&wide, low - 1) && (sticky || wide_bit(&wide, low)))
        value += 1;
    value = ldexp(value, low - 1074);
    return negative ? -value : value;
}

/* ---- values ---- */

static double random_real(Random *random)
{
    uint64_t bits = random_next(&random->state);
    double value;
    switch (random_below(random, 6)) {
    case 0: /* anything */
        break;
    case 1: /* a subnormal number */
        bits &= ~((uint64_t)0x7ff << 52);
        break;
    case 2: /* close to the greatest */
        bits = (bits & ~((uint64_t)0x7ff << 52)) | (uint64_t)(0x7fe - random_below(random, 3)) << 52;
        break;
    case 3: /* close to 1 */
        bits = (bits & ~((uint64_t)0x7ff << 52)) | (uint64_t)(0x3fe + random_below(random, 3)) << 52;
        break;
    case 4: /* a power of two, where ties are */
        bits &= (uint64_t)0xfff << 52;
        break;
    default:
        return (double)random_below(random, 100000) / 100;
    }
    if ((bits >> 52 & 0x7ff) == 0x7ff)
        bits &= ~((uint64_t)1 << 62);
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int64_t random_integer(Random *random)
{
    return (int64_t)random_next(&random->state) >> random_below(random, 64);
}

static void assert_same_bits(double a, double b)
{
    uint64_t a_bits, b_bits;
    memcpy(&a_bits, &a, sizeof a);
    memcpy(&b_bits, &b, sizeof b);
    if (a_bits != b_bits)
        fail_msg("%a is not %a", a, b);
}

/* ---- tests ---- */

enum { VALUES = 60, PARTS = 4, ROUNDS = 4000 };

typedef struct Value {
    bool integer;
    int64_t whole;
    double real;
} Value;

static void make_values(Random *random, Value *values)
{
    bool cancelling = random_below(random, 3) == 0;
    for (int i = 0; i < VALUES; i++) {
        values[i] = (Value){random_below(random, 4) == 0, random_integer(random), random_real(random)};
        if (cancelling && i % 2 && !values[i - 1].integer)
            values[i] = (Value){false, 0, -values[i - 1].real};
    }
}

static void add(ExactSum *sum, const Value *value)
{
    assert_true(value->integer ? exact_sum_add_integer(sum, value->whole)
                               : exact_sum_add_real(sum, value->real));
}

static void shuffle(Random *random, Value *values)
{
    for (int i = VALUES - 1; i > 0; i--) {
        int other = (int)random_below(random, i + 1);
        Value kept = values[i];
        values[i] = values[other];
        values[other] = kept;
    }
}

/* The values in parts, each of them written and read, merged. */
static void add_in_parts(const Value *values, ExactSum *sum)
{
    for (int part = 0; part < PARTS; part++) {
        unsigned char bytes[EXACT_SUM_BYTES];
        ExactSum own = {0}, read = {0};
        for (int i = part; i < VALUES; i += PARTS)
            add(&own, &values[i]);
        size_t size = exact_sum_write(&own, bytes);
        assert_true(size <= sizeof bytes);
        assert_true(exact_sum_read(&read, bytes, size));
        assert_true(exact_sum_merge(sum, &read));
        exact_sum_free(&own);
        exact_sum_free(&read);
    }
}

static void test_sums_are_exact_in_any_order_and_parts(void **state)
{
    (void)state;
    Random random = {0};
    random.state = 13;
    for (int round = 0; round < ROUNDS; round++) {
        Value values[VALUES];
        Wide wide = {{0}};
        unsigned char straight_bytes[EXACT_SUM_BYTES], parted_bytes[EXACT_SUM_BYTES];
        ExactSum straight = {0}, parted = {0};
        make_values(&random, values);
        for (int i = 0; i < VALUES; i++) {
            add(&straight, &values[i]);
            values[i].integer ? wide_add_integer(&wide, values[i].whole)
                              : wide_add_real(&wide, values[i].real);
        }
        shuffle(&random, values);
        add_in_parts(values, &parted);
        double expected = wide_round(wide);
        assert_same_bits(exact_sum_real(&straight), expected);
        assert_same_bits(exact_sum_real(&parted), expected);
        size_t size = exact_sum_write(&straight, straight_bytes);
        assert_int_equal(exact_sum_write(&parted, parted_bytes), size);
        assert_memory_equal(straight_bytes, parted_bytes, size);
        exact_sum_free(&straight);
        exact_sum_free(&parted);
    }
}

static void test_known_sums(void **state)
{
    (void)state;
    static const struct {
        double values[4];
        double sum;
    } cases[] = {
        {{0.1, 0.2, 0.3, 0}, 0x1.3333333333333p-1},
        {{1e300, 1, -1e300, 0}, 1},
        {{1.7976931348623157e308, 1.7976931348623157e308, -1.7976931348623157e308, 0},
         1.7976931348623157e308},
        {{1.7976931348623157e308, 0x1p970, 0, 0}, INFINITY},
        {{1.7976931348623157e308, 0x1p969, 0, 0}, 1.7976931348623157e308},
        {{5e-324, 5e-324, -5e-324, 0}, 5e-324},
        {{1, 0x1p-53, 0, 0}, 1},
        {{1, 0x1p-53, 5e-324, 0}, 1 + 0x1p-52},
        {{1 + 0x1p-52, 0x1p-53, 0, 0}, 1 + 0x1p-51},
        {{-0.0, -0.0, 0, 0}, 0},
        {{INFINITY, 1, -1e308, 0}, INFINITY},
        {{-INFINITY, 1, 1e308, 0}, -INFINITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ExactSum sum = {0};
        for (int j = 0; j < 4; j++)
            assert_true(exact_sum_add_real(&sum, cases[i].values[j]));
        assert_same_bits(exact_sum_real(&sum), cases[i].sum);
        exact_sum_free(&sum);
    }
    ExactSum both = {0};
    exact_sum_add_real(&both, INFINITY);
    exact_sum_add_real(&both, -INFINITY);
    assert_true(isnan(exact_sum_real(&both)));
    exact_sum_free(&both);
}

static void test_integers_stay_integers_while_no_order_overflows(void **state)
{
    (void)state;
    int64_t integer = 0;
    ExactSum sum = {0};
    exact_sum_add_integer(&sum, INT64_MAX);
    exact_sum_add_integer(&sum, INT64_MIN);
    assert_int_equal(exact_sum_kind(&sum, &integer), EXACT_SUM_INTEGER);
    assert_true(integer == -1);
    exact_sum_add_integer(&sum, 1);
    assert_int_equal(exact_sum_kind(&sum, &integer), EXACT_SUM_MAY_OVERFLOW);
    assert_same_bits(exact_sum_real(&sum), 0);
    ExactSum least = {0};
    exact_sum_add_integer(&least, INT64_MIN);
    assert_int_equal(exact_sum_kind(&least, &integer), EXACT_SUM_INTEGER);
    assert_true(integer == INT64_MIN);
    exact_sum_add_real(&least, 0.5);
    assert_int_equal(exact_sum_kind(&least, &integer), EXACT_SUM_REAL);
    exact_sum_add_integer(&least, -1);
    assert_int_equal(exact_sum_kind(&least, &integer), EXACT_SUM_MAY_OVERFLOW);
    exact_sum_free(&sum);
    exact_sum_free(&least);
}

/* Enough additions to the same limbs that they would overflow if they were never carried: merging doubles the
   number of them each time. */
static void test_many_additions(void **state)
{
    (void)state;
    ExactSum sum = {0};
    double expected = 1.7976931348623157e308 / 0x1p60;
    assert_true(exact_sum_add_real(&sum, expected));
    for (int i = 0; i < 60; i++) {
        ExactSum same = {0};
        unsigned char bytes[EXACT_SUM_BYTES];
        size_t size = exact_sum_write(&sum, bytes);
        assert_true(exact_sum_read(&same, bytes, size));
        /* Half of them as they are, not carried. */
        same.additions = i % 2 ? same.additions : 1u << 28;
        assert_true(exact_sum_merge(&sum, &same));
        exact_sum_free(&same);
        expected *= 2;
        assert_same_bits(exact_sum_real(&sum), expected);
    }
    assert_true(sum.count == (int64_t)1 << 60);
    exact_sum_free(&sum);
}

static void test_more_values_than_can_be_counted_are_refused(void **state)
{
    (void)state;
    ExactSum sum = {.count = INT64_MAX}, one = {.count = 1};
    assert_false(exact_sum_add_integer(&sum, 1));
    assert_false(exact_sum_add_real(&sum, 1));
    assert_false(exact_sum_add_real(&sum, INFINITY));
    assert_false(exact_sum_merge(&sum, &one));
    assert_true(sum.count == INT64_MAX && !sum.positive[0]);
    exact_sum_free(&sum);
}

/* Every prefix of a written sum, and every one with a byte changed, is refused or is a sum that can be merged
   and written again. */
static void test_damaged_sums(void **state)
{
    (void)state;
    Random random = {0};
    random.state = 14;
    for (int round = 0; round < 200; round++) {
        unsigned char bytes[EXACT_SUM_BYTES], again[EXACT_SUM_BYTES];
        ExactSum sum = {0}, read;
        int values = 1 + (int)random_below(&random, 5);
        for (int i = 0; i < values; i++)
            random_below(&random, 2) ? exact_sum_add_real(&sum, random_real(&random))
                                     : exact_sum_add_integer(&sum, random_integer(&random));
        size_t size = exact_sum_write(&sum, bytes);
        for (size_t length = 0; length < size; length++)
            if (exact_sum_read(&read, bytes, length)) {
                /* Without the limbs it may still be one: the sum of the integers. */
                assert_null(read.limbs);
                exact_sum_free(&read);
            }
        for (size_t i = 0; i < 2 * size; i++) {
            unsigned char kept = bytes[i % size];
            bytes[i % size] = (unsigned char)random_next(&random.state);
            if (exact_sum_read(&read, bytes, size)) {
                assert_true(read.count > 0);
                for (int j = 0; j < 3; j++)
                    exact_sum_merge(&sum, &read);
                assert_true(exact_sum_write(&sum, again) <= sizeof again);
                exact_sum_free(&read);
            }
            bytes[i % size] = kept;
        }
        exact_sum_free(&sum);
    }
    ExactSum none;
    assert_false(exact_sum_read(&none, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_are_exact_in_any_order_and_parts),
        cmocka_unit_test(test_known_sums),
        cmocka_unit_test(test_integers_stay_integers_while_no_order_overflows),
        cmocka_unit_test(test_many_additions),
        cmocka_unit_test(test_more_values_than_can_be_counted_are_refused),
        cmocka_unit_test(test_damaged_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
