#include <math.h>
#include <stdlib.h>

#include "cli/statistics/holm.h"

static int compare(const void *left, const void *right)
{
    double a = **(double *const *)left;
    double b = **(double *const *)right;
    return (a > b) - (a < b);
}

int holm_adjust(double *p, size_t count, Failure *failure)
{
    double **tested = malloc((count + 1) * sizeof *tested);
    if (!tested)
        return failure_set(failure, "out of memory for %zu tests", count);
    size_t tests = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(p[i]))
            tested[tests++] = &p[i];
    qsort(tested, tests, sizeof *tested, compare);
    double least = 0;
    for (size_t i = 0; i < tests; i++) {
        least = fmin(1, fmax(least, *tested[i] * (double)(tests - i)));
        *tested[i] = least;
    }
    free(tested);
    return 0;
}
