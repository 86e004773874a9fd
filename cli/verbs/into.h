/* pricereport run --into: fills a table with a map's values, and times nothing. */
#ifndef PRICEREPORT_INTO_H
#define PRICEREPORT_INTO_H

#include "cli/options/options.h"

/* Checks the options of run that do not go with --into; the others were checked. */
void into_check(struct argp_state *state, const Options *options);

/* Fills the table and prints what was done. Returns an exit status. */
int into_perform(const Options *options);

#endif
