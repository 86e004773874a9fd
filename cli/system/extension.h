/* Finds pricemap.so. */
#ifndef PRICEREPORT_EXTENSION_H
#define PRICEREPORT_EXTENSION_H

#include <stddef.h>

#include "cli/base/failure.h"

/* Writes the path of the extension: what PRICEMAP_EXTENSION names; else the one of the build folder that this
 * program is in; else the one of its installation, wherever that was moved to; else the one that was
 * configured. Returns 0, or -1 with the failure set where there is no such file.
 */
int extension_find(char *path, size_t size, Failure *failure);

#endif
