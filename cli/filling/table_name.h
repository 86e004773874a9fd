/* Names of tables as SQL has them. */
#ifndef PRICEREPORT_TABLE_NAME_H
#define PRICEREPORT_TABLE_NAME_H

#include "cli/base/failure.h"

/* Reads one name of a table of the file: price_list, "price list", [price list] or main.price_list. Returns 0
 * and the bare name, to be freed, or -1 with the failure set, in which `what` names the option. */
int table_name_read(const char *what, const char *text, char **name, Failure *failure);

#endif
