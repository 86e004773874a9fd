/* Checking and making numbers, for the tests of the statistics. Include the cmocka headers before this one.
 */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stddef.h>
#include <stdint.h>

/* Fails the running test where the two are farther apart; NAN is near nothing. */
void assert_near(double found, double expected, double within);

/* A normally distributed number of mean 0 and deviation 1 (Box-Muller); repeats from the state. */
double normal_number(uint64_t *random);

#endif
