/*
 * Which functions the extensions define that workers load, and whether the host's connection has loaded the
 * same extension. SQLite lists of a function only its name, its arguments and its flags: so an extension is
 * taken to be in the host where all of its functions are.
 */
#ifndef PRICEMAP_EXTENSION_FUNCTIONS_H
#define PRICEMAP_EXTENSION_FUNCTIONS_H

#include <stdbool.h>

#include "ext/data/recipe.h"

typedef struct ExtensionFunctions ExtensionFunctions;

/*
 * Loads each extension of the recipe into a connection of its own, to see what it defines. SQLITE_OK with
 * *out set; else an error, as SQLITE_NOMEM. Lists functions on the host's connection, on its thread.
 */
int extension_functions_read(sqlite3 *host, const Recipe *recipe, ExtensionFunctions **out);

/* Whether the function of that name which workers have, of the last extension that defines one, is in the
   host with the whole extension. True where no extension defines it: then the connections have it from
   elsewhere. */
bool extension_functions_in_host(const ExtensionFunctions *functions, const char *name);

/* NULL does nothing. */
void extension_functions_free(ExtensionFunctions *functions);

#endif
