/* The price functions: every variant against a naive scalar reference, to the bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <float.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "ext/functions/price.h"

/* splitmix64 (Steele, Lea, Flood 2014): the same numbers on every machine. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Uniform in [0, 1). */
static double next_fraction(uint64_t *seed)
{
    return (double)(next_random(seed) >> 11) * 0x1p-53;
}

/* Positive, from 1e-6 to 1e12, uniform in the exponent. */
static double next_price(uint64_t *seed)
{
    return pow(10, -6 + 18 * next_fraction(seed));
}

static uint64_t bits(double number)
{
    uint64_t result;
    memcpy(&result, &number, sizeof result);
    return result;
}

static void assert_same_bits(double found, double expected)
{
    if (bits(found) != bits(expected))
        fail_msg("%a, expected %a", found, expected);
}

/* Distance in units of the last digit, of numbers of one sign. */
static uint64_t ulps(double a, double b)
{
    return bits(a) > bits(b) ? bits(a) - bits(b) : bits(b) - bits(a);
}

/* The definition as it is written, one element after the other. Volatile keeps intermediate results as
 * they are. */
static double reference_crazy(double price, double percent, int rounds)
{
    volatile double part = price * percent;
    volatile double share = part / 100;
    volatile double raised = price + share;
    double least = 0;
    for (int i = 0; i < rounds; i++) {
        volatile double square = raised * raised;
        volatile double element = raised + square;
        double root = sqrt(element);
        root = sqrt(root);
        if (i == 0 || root < least)
            least = root;
    }
    return least > raised ? least : raised;
}

static double crazy(double price, double percent, int64_t rounds)
{
    double result = -123;
    assert_int_equal(price_raise_crazy(price, percent, rounds, NULL, &result), PRICE_OK);
    return result;
}

static void test_raise(void **state)
{
    (void)state;
    assert_same_bits(price_raise(100, 10), 110);
    assert_same_bits(price_raise(0, 10), 0);
    assert_same_bits(price_raise(50, -100), 0);
    uint64_t seed = 1;
    for (int i = 0; i < 100000; i++) {
        double price = next_price(&seed);
        double percent = 2000 * next_fraction(&seed) - 1000;
        volatile double part = price * percent;
        volatile double share = part / 100;
        assert_same_bits(price_raise(price, percent), price + share);
    }
}

/* Raising by 1000 percent gives what the published code computes, price += price / 10 * 100. */
static void test_thousand_percent_is_the_published_code(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int i = 0; i < 1000000; i++) {
        double price = next_price(&seed);
        volatile double tenth = price / 10;
        volatile double share = tenth * 100;
        double published = price + share;
        assert_true(ulps(price_raise(price, 1000), published) <= 4);
    }
}

static void test_variants(void **state)
{
    (void)state;
    size_t count;
    const PriceVariant *variants = price_variants(&count);
    assert_true(count >= 1);
    assert_string_equal(variants[count - 1].name, "baseline");
    assert_true(variants[count - 1].supported());
    for (size_t i = 1; i < count; i++)
        assert_true(variants[i].lanes < variants[i - 1].lanes);
    assert_true(price_best_variant()->supported());
    for (const PriceVariant *wider = variants; wider < price_best_variant(); wider++)
        assert_false(wider->supported());
}

/* Lengths around the multiples of every vector and of the kernel's block. */
static void test_every_variant_and_length_gives_the_reference(void **state)
{
    (void)state;
    size_t count;
    const PriceVariant *variants = price_variants(&count);
    uint64_t seed = 3;
    for (size_t v = 0; v < count; v++) {
        if (!variants[v].supported())
            continue;
        for (int i = 0; i < 4000; i++) {
            double price = next_price(&seed) * (i % 5 == 0 ? 1e-3 : 1);
            double percent = 500 * next_fraction(&seed) - 50;
            int rounds = i < 1000 ? i / 4 + 1 : 1 + (int)(next_random(&seed) % 1000);
            double result = -123;
            PriceStatus status = price_raise_crazy_with(&variants[v], price, percent, rounds, NULL, &result);
            assert_int_equal(status, PRICE_OK);
            assert_same_bits(result, reference_crazy(price, percent, rounds));
        }
    }
}

/* Prices for which raised + raised squared rounds differently when multiplication and addition are fused:
 * the least root shows it for prices below 0.755, where it is the result. */
static void test_no_fused_multiply_add(void **state)
{
    (void)state;
    size_t count;
    const PriceVariant *variants = price_variants(&count);
    uint64_t seed = 4;
    int telling = 0;
    for (int i = 0; i < 20000; i++) {
        double price = 0.7 * next_fraction(&seed);
        volatile double square = price * price;
        volatile double element = price + square;
        double root = sqrt(sqrt(element));
        telling += sqrt(sqrt(fma(price, price, price))) != root;
        for (size_t v = 0; v < count; v++)
            if (variants[v].supported())
                assert_same_bits(variants[v].least_root(price, 9), root);
    }
    assert_true(telling > 100);
}

static void test_long_lists(void **state)
{
    (void)state;
    size_t count;
    const PriceVariant *variants = price_variants(&count);
    static const int64_t lengths[] = {200000, PRICE_STOP_INTERVAL - 1, PRICE_STOP_INTERVAL,
                                      PRICE_STOP_INTERVAL + 1, 3 * PRICE_STOP_INTERVAL + 77};
    for (size_t v = 0; v < count; v++) {
        if (!variants[v].supported())
            continue;
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            double result = -123;
            assert_int_equal(price_raise_crazy_with(&variants[v], 0.3, 10, lengths[i], NULL, &result),
                             PRICE_OK);
            assert_same_bits(result, reference_crazy(0.3, 10, 1));
        }
    }
}

static void test_math_domain_error(void **state)
{
    (void)state;
    double result = 7;
    static const double raised[] = {-0.5, -1e-3, -1e-320, -0.99999, -0x1.fffffffffffffp-1};
    for (size_t i = 0; i < sizeof raised / sizeof raised[0]; i++)
        assert_int_equal(price_raise_crazy(raised[i], 0, 10, NULL, &result), PRICE_DOMAIN_ERROR);
    assert_int_equal(price_raise_crazy(100, -100.5, 10, NULL, &result), PRICE_DOMAIN_ERROR);
    assert_same_bits(result, 7);
    assert_same_bits(crazy(-1, 0, 10), 0);
    assert_same_bits(crazy(-10, 0, 10), sqrt(sqrt(90)));
}

static void test_result_out_of_range(void **state)
{
    (void)state;
    double result = 7;
    static const double raised[] = {1.35e154, -1.35e154, 1e200, DBL_MAX, -DBL_MAX};
    for (size_t i = 0; i < sizeof raised / sizeof raised[0]; i++)
        assert_int_equal(price_raise_crazy(raised[i], 0, 10, NULL, &result), PRICE_OUT_OF_RANGE);
    assert_same_bits(result, 7);
    assert_same_bits(crazy(1.34e154, 0, 10), 1.34e154);
    assert_same_bits(crazy(-1.34e154, 0, 10), sqrt(sqrt(-1.34e154 + 1.34e154 * 1.34e154)));
    /* A square that underflows is no error. */
    assert_same_bits(crazy(1e-170, 0, 10), sqrt(sqrt(1e-170)));
}

static void test_infinities_nan_and_zeros(void **state)
{
    (void)state;
    size_t count;
    const PriceVariant *variants = price_variants(&count);
    for (size_t v = 0; v < count; v++) {
        if (!variants[v].supported())
            continue;
        for (int rounds = 1; rounds < 20; rounds++) {
            double result = 7;
            assert_int_equal(price_raise_crazy_with(&variants[v], INFINITY, 10, rounds, NULL, &result), 0);
            assert_same_bits(result, INFINITY);
            assert_int_equal(price_raise_crazy_with(&variants[v], -INFINITY, 10, rounds, NULL, &result), 0);
            assert_same_bits(result, -INFINITY);
            assert_int_equal(price_raise_crazy_with(&variants[v], NAN, 10, rounds, NULL, &result), 0);
            assert_true(isnan(result));
            assert_true(isnan(variants[v].least_root(NAN, (uint32_t)rounds)));
            assert_int_equal(price_raise_crazy_with(&variants[v], 0.0, 10, rounds, NULL, &result), 0);
            assert_same_bits(result, 0.0);
            assert_int_equal(price_raise_crazy_with(&variants[v], -0.0, 10, rounds, NULL, &result), 0);
            assert_same_bits(result, -0.0);
        }
    }
}

static void test_bad_rounds(void **state)
{
    (void)state;
    double result = 7;
    static const int64_t rounds[] = {0, -1, PRICE_MOST_ROUNDS + 1LL, INT64_MAX, INT64_MIN, 1LL << 32};
    for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++)
        assert_int_equal(price_raise_crazy(1, 10, rounds[i], NULL, &result), PRICE_BAD_ROUNDS);
    assert_same_bits(result, 7);
}

struct countdown {
    int asked;
    int stop_at;
};

static int count_and_stop(void *arg)
{
    struct countdown *countdown = arg;
    return ++countdown->asked == countdown->stop_at;
}

static void test_stop(void **state)
{
    (void)state;
    struct countdown countdown = {.stop_at = 3};
    const PriceStop stop = {count_and_stop, &countdown};
    double result = 7;
    assert_int_equal(price_raise_crazy(100, 10, PRICE_MOST_ROUNDS, &stop, &result), PRICE_STOPPED);
    assert_int_equal(countdown.asked, 3);
    assert_same_bits(result, 7);

    countdown = (struct countdown){.stop_at = 3};
    assert_int_equal(price_raise_crazy(100, 10, PRICE_STOP_INTERVAL, &stop, &result), PRICE_OK);
    assert_int_equal(countdown.asked, 0);
    assert_int_equal(price_raise_crazy(100, 10, 3 * PRICE_STOP_INTERVAL, &stop, &result), PRICE_OK);
    assert_int_equal(countdown.asked, 2);
    assert_same_bits(result, reference_crazy(100, 10, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raise),
        cmocka_unit_test(test_thousand_percent_is_the_published_code),
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_every_variant_and_length_gives_the_reference),
        cmocka_unit_test(test_no_fused_multiply_add),
        cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_math_domain_error),
        cmocka_unit_test(test_result_out_of_range),
        cmocka_unit_test(test_infinities_nan_and_zeros),
        cmocka_unit_test(test_bad_rounds),
        cmocka_unit_test(test_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
