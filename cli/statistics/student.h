/* Student's t test of two groups. Pure functions, safe on any thread. */
#ifndef PRICEREPORT_STUDENT_H
#define PRICEREPORT_STUDENT_H

#include <stddef.h>

/* The two-sided p of |t| or more under Student's distribution with so many degrees of freedom (more than 0).
 */
double student_p(double t, double freedom);

/* The two-sided p of two groups having one mean, their deviation (n - 1) pooled. Groups that do not vary at
 * all have p 0 where they differ and 1 where they do not. With fewer than three numbers in all, or with a
 * group that is empty, nothing can be said: 1. */
double student_test(const double *left, size_t left_count, const double *right, size_t right_count);

#endif
