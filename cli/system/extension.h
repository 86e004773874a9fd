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

/* Finds the published experiment in Python, which is in the package pricemap of the same build or
 * installation. Returns 0, or -1 with the failure set to what is to be installed. */
int extension_find_published(char *path, size_t size, Failure *failure);

#endif
