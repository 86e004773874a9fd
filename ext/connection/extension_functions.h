/*
 * Which functions the extensions define that workers load, and whether a connection has loaded the same
 * extension. SQLite lists of a function only its name, its arguments and its flags: so an extension is taken
 * to be in the host where all of its functions are. On the connection's thread.
 */
#ifndef PRICEMAP_EXTENSION_FUNCTIONS_H
#define PRICEMAP_EXTENSION_FUNCTIONS_H

#include "ext/connection/function_list.h"

/* The extensions of one connection and their functions, in the order in which workers load them. Zeros: no
 * extensions. */
typedef struct ExtensionFunctions {
    /* Forms that each extension defines. */
    FunctionList *items;
    int count;
} ExtensionFunctions;

/*
 * Takes in the extensions that were named since the last time: `extensions` are path and entry point, in
 * turn, of `count` of them. Each is loaded into a connection of its own, to see what it defines. SQLITE_OK;
 * else an error, as SQLITE_NOMEM.
 */
int extension_functions_update(ExtensionFunctions *functions, char *const *extensions, int count);

/* Whether the function of that name which workers have, of the last extension that defines one, is among the
   host's with the whole extension. True where no extension defines it: then the connections have it from
   elsewhere. */
bool extension_functions_in_host(const ExtensionFunctions *functions, FunctionList *host, uint64_t name);

/* Frees what is known. */
void extension_functions_free(ExtensionFunctions *functions);

#endif
