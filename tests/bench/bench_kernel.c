/* The kernel of the crazy raise against the floor: a loop that does nothing but two vector square roots per
 * element, of the same width. Prints, for each variant this processor supports, the median milliseconds of
 * one call and of one bare loop, and the median of their ratios; rounds of the one and the other alternate.
 *
 *     bench_kernel [ROUNDS [SAMPLES]]        200000 and 201 unless given */
#include "price.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

static void run_bare(int lanes, double number, int64_t count)
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

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *samples, int count)
{
    qsort(samples, (size_t)count, sizeof *samples, by_size);
    return (samples[count / 2] + samples[(count - 1) / 2]) / 2;
}

/* Whole number from 1 to `most`, or ends the program with a message. */
static long read_number(const char *text, const char *what, long most)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != 0 || number < 1 || number > most) {
        fprintf(stderr, "bench_kernel: %s is '%s': expected a whole number from 1 to %ld\n", what, text,
                most);
        exit(2);
    }
    return number;
}

static void measure(const struct price_variant *variant, int64_t rounds, int samples, double *storage)
{
    double *kernel = storage, *bare = storage + samples, *ratio = storage + 2 * samples;
    for (int i = -3; i < samples; i++) { /* three to warm up */
        double begin = now_ms();
        double result = 42;
        price_raise_crazy_with(variant, result, 10, rounds, NULL, &result);
        LAUNDER(result);
        double middle = now_ms();
        run_bare(variant->lanes, 2180.64, rounds);
        double end = now_ms();
        if (i < 0)
            continue;
        kernel[i] = middle - begin;
        bare[i] = end - middle;
        ratio[i] = kernel[i] / bare[i];
    }
    printf("%-10s %6d %12.4f %12.4f %8.3f\n", variant->name, variant->lanes, median(kernel, samples),
           median(bare, samples), median(ratio, samples));
}

int main(int argc, char **argv)
{
    int64_t rounds = argc > 1 ? read_number(argv[1], "ROUNDS", PRICE_MOST_ROUNDS) : PRICE_DEFAULT_ROUNDS;
    int samples = argc > 2 ? (int)read_number(argv[2], "SAMPLES", 1000000) : 201;
    double *storage = calloc((size_t)samples * 3, sizeof *storage);
    if (!storage) {
        fprintf(stderr, "bench_kernel: out of memory for %d samples\n", samples);
        return 3;
    }
    size_t count;
    const struct price_variant *variants = price_variants(&count);
    printf("%-10s %6s %12s %12s %8s\n", "variant", "lanes", "kernel ms", "bare ms", "ratio");
    for (size_t i = 0; i < count; i++)
        if (variants[i].supported())
            measure(&variants[i], rounds, samples, storage);
    free(storage);
    return 0;
}
