#include <math.h>

#include "cli/statistics/student.h"

enum { FRACTION_STEPS = 10000 };

static double keep_off_zero(double value)
{
    static const double tiny = 1e-300;
    return fabs(value) < tiny ? tiny : value;
}

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), by the modified Lentz method. It
 * converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 / keep_off_zero(1 - (a + b) * x / (a + 1)), value = d;
    for (int i = 1; i < FRACTION_STEPS; i++) {
        double m = i, even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / keep_off_zero(1 + even * d);
        c = keep_off_zero(1 + even / c);
        value *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / keep_off_zero(1 + odd * d);
        c = keep_off_zero(1 + odd / c);
        value *= d * c;
        if (fabs(d * c - 1) < 1e-15)
            break;
    }
    return value;
}

/* The regularized incomplete beta function I_x(a, b), for 0 < x < 1 and y = 1 - x. */
static double beta(double a, double b, double x, double y)
{
    int sign;
    double front =
        exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) + b * log(y));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, y) / b;
}

double student_p(double t, double freedom)
{
    double square = t * t;
    if (isnan(t) || square <= 0)
        return 1;
    if (isinf(square))
        return 0;
    return beta(freedom / 2, 0.5, freedom / (freedom + square), square / (freedom + square));
}

static double mean_of(const double *numbers, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += numbers[i];
    return sum / (double)count;
}

static double squares_around(const double *numbers, size_t count, double mean)
{
    double squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (numbers[i] - mean) * (numbers[i] - mean);
    return squares;
}

double student_test(const double *left, size_t left_count, const double *right, size_t right_count)
{
    if (left_count == 0 || right_count == 0 || left_count + right_count < 3)
        return 1;
    double n = (double)left_count, m = (double)right_count;
    double left_mean = mean_of(left, left_count), right_mean = mean_of(right, right_count);
    double squares =
        squares_around(left, left_count, left_mean) + squares_around(right, right_count, right_mean);
    double error = sqrt(squares / (n + m - 2) * (1 / n + 1 / m));
    double difference = left_mean - right_mean;
    /* 0 / 0 is no number, and means no difference. */
    return student_p(difference / error, n + m - 2);
}
