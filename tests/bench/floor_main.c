/* The floor as a program of its own, for perf and the like: prints the seconds of one crazy raise of a price
 * list, and the sum.
 *
 *     floor [PRICES [THREADS [ROUNDS]]]        2000, 2 and 200000 unless given */
#include "floor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The whole number from 1 to `most` in argv[i], the default where there is none; else ends the program. */
static long argument(int argc, char **argv, int i, const char *name, long usual, long most)
{
    if (i >= argc)
        return usual;
    char *end;
    errno = 0;
    long number = strtol(argv[i], &end, 10);
    if (errno || end == argv[i] || *end || number < 1 || number > most) {
        fprintf(stderr, "floor: %s is '%s': expected a whole number from 1 to %ld\n", name, argv[i], most);
        exit(2);
    }
    return number;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    size_t count = (size_t)argument(argc, argv, 1, "PRICES", 2000, 100000000);
    int threads = (int)argument(argc, argv, 2, "THREADS", 2, 1024);
    int64_t rounds = argument(argc, argv, 3, "ROUNDS", 200000, 1000000000);
    double *prices = malloc(count * sizeof *prices), *raised = malloc(count * sizeof *raised);
    int error = prices && raised ? 0 : ENOMEM;
    for (size_t i = 0; i < count && !error; i++)
        prices[i] = floor_price(i + 1);
    double start = now();
    if (!error)
        error = floor_map(prices, raised, count, rounds, threads);
    double seconds = now() - start, sum = 0;
    for (size_t i = 0; i < count && !error; i++)
        sum += raised[i];
    if (error)
        fprintf(stderr, "floor: %s\n", strerror(error));
    else
        printf("%.6f s, sum %.17g\n", seconds, sum);
    free(prices);
    free(raised);
    return error ? 3 : 0;
}
