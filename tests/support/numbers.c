#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/numbers.h"
#include "cli/statistics/random.h"

void assert_near(double found, double expected, double within)
{
    if (!(fabs(found - expected) <= within))
        fail_msg("%.17g, expected %.17g within %g", found, expected, within);
}

/* In (0, 1). */
static double uniform_number(uint64_t *random)
{
    return ((double)(random_next(random) >> 11) + 0.5) / 9007199254740992.0;
}

double normal_number(uint64_t *random)
{
    double radius = sqrt(-2 * log(uniform_number(random)));
    return radius * cos(2 * M_PI * uniform_number(random));
}
