/* The kernel of the crazy raise, once per vector width.
 *
 * All list elements are equal, and a compiler that knew it would compute one. So the kernel reads the raised
 * price of every element from a small block of memory which an empty asm statement claims to change before
 * each pass: what stands there is unknown to the compiler, and each element has to be made, rooted twice and
 * compared. The block stays in the L1 cache; the list never exists as a whole, so its length costs no memory.
 *
 * The two roots of an element are all that takes time: the divider takes a new vector only every dozen cycles
 * or so, and the load, multiplication, addition and comparison cost nothing beside it. Elements do not depend
 * on one another except through the comparison, so the processor overlaps them without unrolling by hand.
 *
 * The same bits on every machine: IEEE 754 prescribes the result of each operation used. That holds only as
 * long as no multiplication and addition are fused, hence -ffp-contract=off in the build.
 *
 * The choice of variant is made at run time by the caller, not by an ifunc resolver: those run while a shared
 * object is being relocated, before sanitizers are set up. */
#include "ext/functions/price_kernel.h"

#include <math.h>

#if defined(__FAST_MATH__)
#error "price_kernel.c must be compiled without -ffast-math: its results are defined to the bit"
#endif

/* A block is 512 bytes: eight of the widest vectors. */
enum { BLOCK = 64 };

#define LAUNDER(object) __asm__ volatile("" : "+m"(object))

/* As the vector minimum of x86: the second operand where either is NaN, so that a NaN root stays. */
#define LESSER(a, b) ((a) < (b) ? (a) : (b))

/* Defines least_root_NAME. `vector` holds one or more doubles; `root` and `lesser` work on it lane by lane.
 * Elements that fill no vector are compared with the first lanes. The lanes are compared from the last to the
 * first, because the first is always in use: where all elements are NaN, so is the result. */
#define DEFINE_LEAST_ROOT(name, attributes, vector, root, lesser)                                            \
    attributes static double least_root_##name(double raised, uint32_t count)                                \
    {                                                                                                        \
        enum { LANES = sizeof(vector) / sizeof(double), VECTORS = BLOCK / LANES };                           \
        union {                                                                                              \
            double numbers[BLOCK];                                                                           \
            vector vectors[VECTORS];                                                                         \
        } prices;                                                                                            \
        union {                                                                                              \
            double numbers[LANES];                                                                           \
            vector lanes;                                                                                    \
        } low;                                                                                               \
        for (int i = 0; i < BLOCK; i++)                                                                      \
            prices.numbers[i] = raised;                                                                      \
        for (int i = 0; i < LANES; i++)                                                                      \
            low.numbers[i] = INFINITY;                                                                       \
        vector least = low.lanes;                                                                            \
        while (count >= LANES) {                                                                             \
            uint32_t vectors = count < BLOCK ? count / LANES : VECTORS;                                      \
            LAUNDER(prices);                                                                                 \
            for (uint32_t i = 0; i < vectors; i++) {                                                         \
                vector price = prices.vectors[i];                                                            \
                vector element = price + price * price;                                                      \
                vector twice = root(root(element));                                                          \
                least = lesser(least, twice);                                                                \
            }                                                                                                \
            count -= vectors * LANES;                                                                        \
        }                                                                                                    \
        low.lanes = least;                                                                                   \
        LAUNDER(prices);                                                                                     \
        for (uint32_t i = 0; i < count; i++) {                                                               \
            double price = prices.numbers[i];                                                                \
            double element = price + price * price;                                                          \
            double twice = sqrt(sqrt(element));                                                              \
            low.numbers[i] = LESSER(low.numbers[i], twice);                                                  \
        }                                                                                                    \
        double result = low.numbers[LANES - 1];                                                              \
        for (int i = LANES - 2; i >= 0; i--)                                                                 \
            result = LESSER(result, low.numbers[i]);                                                         \
        return result;                                                                                       \
    }

static bool always(void)
{
    return true;
}

#if defined(__x86_64__)

#include <immintrin.h>

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

DEFINE_LEAST_ROOT(avx512, __attribute__((target("avx512f"))), __m512d, _mm512_sqrt_pd, _mm512_min_pd)
DEFINE_LEAST_ROOT(avx2, __attribute__((target("avx2"))), __m256d, _mm256_sqrt_pd, _mm256_min_pd)
DEFINE_LEAST_ROOT(baseline, , __m128d, _mm_sqrt_pd, _mm_min_pd)

const PriceVariant price_kernel_variants[] = {
    {"avx512", 8, has_avx512, least_root_avx512},
    {"avx2", 4, has_avx2, least_root_avx2},
    {"baseline", 2, always, least_root_baseline},
};

#else

DEFINE_LEAST_ROOT(baseline, , double, sqrt, LESSER)

const PriceVariant price_kernel_variants[] = {
    {"baseline", 1, always, least_root_baseline},
};

#endif

const size_t price_kernel_variant_count = sizeof(price_kernel_variants) / sizeof(price_kernel_variants[0]);
