#include "bare_loop.h"

#include <math.h>

/* Makes the value of an object unknown to the compiler, and keeps it computed. */
#define LAUNDER(object) __asm__ volatile("" : "+m"(object))

/* The vector goes through a register, not through memory: "v" is any vector register of x86. */
#if defined(__x86_64__)
#include <immintrin.h>
#define KEEP(vector) __asm__ volatile("" : "+v"(vector))
#define DEFINE_BARE(name, attributes, type, set, root)                                                       \
    attributes static void bare_##name(double number, int64_t count)                                         \
    {                                                                                                        \
        for (int64_t i = 0; i < count; i += (int64_t)(sizeof(type) / sizeof(double))) {                      \
            type vector = set(number);                                                                       \
            KEEP(vector);                                                                                    \
            vector = root(root(vector));                                                                     \
            KEEP(vector);                                                                                    \
        }                                                                                                    \
    }
DEFINE_BARE(8, __attribute__((target("avx512f"))), __m512d, _mm512_set1_pd, _mm512_sqrt_pd)
DEFINE_BARE(4, __attribute__((target("avx2"))), __m256d, _mm256_set1_pd, _mm256_sqrt_pd)
DEFINE_BARE(2, , __m128d, _mm_set1_pd, _mm_sqrt_pd)
#endif

static void bare_1(double number, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        double root = number;
        LAUNDER(root);
        root = sqrt(sqrt(root));
        LAUNDER(root);
    }
}

void bare_loop_run(int lanes, double number, int64_t count)
{
    switch (lanes) {
#if defined(__x86_64__)
    case 8:
        bare_8(number, count);
        return;
    case 4:
        bare_4(number, count);
        return;
    case 2:
        bare_2(number, count);
        return;
#endif
    default:
        bare_1(number, count);
    }
}
