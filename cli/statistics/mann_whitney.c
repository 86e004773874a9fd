#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "cli/statistics/mann_whitney.h"

/* A number of either group. `rank` is twice its midrank, so that it is whole: 2, 4, 6 ..., and for the k
 * numbers of a tie that would have ranks r to r + k - 1 it is 2r + k - 1. */
typedef struct Ranked {
    double number;
    bool left;
    size_t rank;
} Ranked;

/* The numbers of both groups, sorted. */
typedef struct Ranking {
    Ranked *numbers;
    size_t count;
    bool ties;
    /* Sum of k^3 - k over all ties of k numbers. */
    double tie_sum;
} Ranking;

static int compare(const void *left, const void *right)
{
    double a = ((const Ranked *)left)->number;
    double b = ((const Ranked *)right)->number;
    return (a > b) - (a < b);
}

static void rank(Ranking *ranking)
{
    Ranked *numbers = ranking->numbers;
    qsort(numbers, ranking->count, sizeof *numbers, compare);
    for (size_t first = 0, next; first < ranking->count; first = next) {
        for (next = first + 1; next < ranking->count && numbers[next].number <= numbers[first].number;)
            next++;
        double tied = (double)(next - first);
        ranking->ties |= next - first > 1;
        ranking->tie_sum += tied * tied * tied - tied;
        for (size_t i = first; i < next; i++)
            numbers[i].rank = first + next + 1;
    }
}

/* Twice the sum of the midranks of one of the groups. */
static size_t rank_sum(const Ranking *ranking, bool left)
{
    size_t sum = 0;
    for (size_t i = 0; i < ranking->count; i++)
        if (ranking->numbers[i].left == left)
            sum += ranking->numbers[i].rank;
    return sum;
}

/* Adds one number to the choice: ways[j][s], at ways + j * width + s, counts how to choose j numbers with the
 * rank sum s of those seen so far, of which there are `seen` with the sum `seen_sum`. Downwards in j, so that
 * the number is chosen at most once. */
static void add_number(double *ways, size_t width, size_t most, size_t seen, size_t seen_sum, size_t rank)
{
    size_t top = seen_sum + 1 < width - rank ? seen_sum + 1 : width - rank;
    for (size_t j = seen < most ? seen + 1 : most; j > 0; j--) {
        double *to = ways + j * width + rank;
        const double *from = ways + (j - 1) * width;
        for (size_t s = 0; s < top; s++)
            to[s] += from[s];
    }
}

/* Counts the ways to choose a group of `chosen` numbers by their rank sum. They are at most C(100, 50), about
 * 1e29, and only added, never subtracted: doubles keep them to 1e-14. Without ties all ranks are even, and
 * halved. */
static int count_exactly(const Ranking *ranking, size_t chosen, size_t sum, double *p, Failure *failure)
{
    size_t unit = ranking->ties ? 1 : 2, width = 1;
    for (size_t i = ranking->count - chosen; i < ranking->count; i++)
        width += ranking->numbers[i].rank / unit;
    double *ways = calloc((chosen + 1) * width, sizeof *ways);
    if (!ways)
        return failure_set(failure, "out of memory for the distribution of %zu numbers", ranking->count);
    ways[0] = 1;
    for (size_t i = 0, seen_sum = 0; i < ranking->count; i++) {
        size_t number_rank = ranking->numbers[i].rank / unit;
        add_number(ways, width, chosen, i, seen_sum, number_rank);
        seen_sum += number_rank;
    }
    const double *of_sum = ways + chosen * width;
    double below = 0, at = of_sum[sum / unit], above = 0;
    for (size_t s = 0; s < sum / unit; s++)
        below += of_sum[s];
    for (size_t s = sum / unit + 1; s < width; s++)
        above += of_sum[s];
    free(ways);
    *p = fmin(1, 2 * (fmin(below, above) + at) / (below + at + above));
    return 0;
}

static double approximate(const Ranking *ranking, double u, double left, double right)
{
    double count = left + right;
    double variance = left * right / 12 * (count + 1 - ranking->tie_sum / (count * (count - 1)));
    double distance = fabs(u - left * right / 2) - 0.5;
    if (!(variance > 0) || distance <= 0)
        return 1;
    return fmin(1, erfc(distance / sqrt(variance) / M_SQRT2));
}

static void gather(Ranking *ranking, const double *numbers, size_t count, bool left)
{
    for (size_t i = 0; i < count; i++)
        ranking->numbers[ranking->count++] = (Ranked){.number = numbers[i], .left = left};
}

int mann_whitney(const double *left, size_t left_count, const double *right, size_t right_count,
                 MannWhitney *result, Failure *failure)
{
    *result = (MannWhitney){.u = NAN, .p = NAN};
    if (left_count == 0 || right_count == 0)
        return 0;
    Ranking ranking = {.numbers = malloc((left_count + right_count) * sizeof *ranking.numbers)};
    if (!ranking.numbers)
        return failure_set(failure, "out of memory for ranks of %zu numbers", left_count + right_count);
    gather(&ranking, left, left_count, true);
    gather(&ranking, right, right_count, false);
    rank(&ranking);
    double n = (double)left_count, m = (double)right_count;
    result->u = (double)rank_sum(&ranking, true) / 2 - n * (n + 1) / 2;
    result->exact = ranking.count <= MANN_WHITNEY_EXACT_MOST;
    /* Choosing the smaller group takes fewer steps, and says the same. */
    bool chosen = left_count <= right_count;
    int status = 0;
    if (result->exact)
        status = count_exactly(&ranking, chosen ? left_count : right_count, rank_sum(&ranking, chosen),
                               &result->p, failure);
    else
        result->p = approximate(&ranking, result->u, n, m);
    free(ranking.numbers);
    return status;
}

double mann_whitney_least_p(size_t left_count, size_t right_count)
{
    double m = (double)right_count, ways = 1;
    for (size_t i = 1; i <= left_count && isfinite(ways); i++)
        ways *= (m + (double)i) / (double)i;
    return fmin(1, 2 / ways);
}
