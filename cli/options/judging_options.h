/* The options that compare and check share. */
#ifndef PRICEREPORT_JUDGING_OPTIONS_H
#define PRICEREPORT_JUDGING_OPTIONS_H

#include <argp.h>

extern const struct argp options_judging; /* --threshold, --any-machine */

/* Percent, more than 0, or wrong usage. `what` names the option or the argument. */
double judging_percent(struct argp_state *state, const char *what, const char *text);

#endif
