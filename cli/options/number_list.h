/* Numbers as typed, and how an option reads them: "1,2,4-8,10-100:10,200-1600x2". */
#ifndef PRICEREPORT_NUMBER_LIST_H
#define PRICEREPORT_NUMBER_LIST_H

#include <argp.h>
#include <stdint.h>

#include "cli/measure/scan.h"

/* Reads numbers and ranges, each from 1 to `most` and none twice; anything else is wrong usage. A range has
 * the step 1, "4-8", or its own, "10-100:10", or a factor, "200-1600x2". `what` names the option. */
void number_list_parse(struct argp_state *state, const char *what, const char *text, int64_t most,
                       NumberList *list);

#endif
