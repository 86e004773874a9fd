#include "calibration.h"

#include <math.h>
#include <stdio.h>

#include "ext/base/clock.h"
#include "ext/functions/price.h"
#include "cli/statistics/statistics.h"

double calibration_round_seconds(void)
{
    enum { CALLS = 15 };
    double seconds[CALLS], result = 0;
    for (size_t i = 0; i < CALLS; i++) {
        int64_t start = clock_ns();
        price_raise_crazy(42 + result, PRICE_DEFAULT_PERCENT, PRICE_DEFAULT_ROUNDS, NULL, &result);
        seconds[i] = (double)(clock_ns() - start) / 1e9;
        result = fmin(result, 1);
    }
    statistics_sort(seconds, CALLS);
    return statistics_quantile(seconds, CALLS, 0.5) / PRICE_DEFAULT_ROUNDS;
}

void calibration_map(double round_seconds, double row_seconds, char map[CALIBRATED_MAP_SIZE])
{
    double rounds = fmin(fmax(round(row_seconds / round_seconds), 1), PRICE_MOST_ROUNDS);
    snprintf(map, CALIBRATED_MAP_SIZE, "increase_price_crazy(p, 10, %.0f)", rounds);
}
