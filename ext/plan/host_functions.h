/*
 * The functions of the host's connection that are not SQLite's own, so that a worker whose connection has not
 * the same notices where a statement of a map's function calls one (evaluate/stand_ins).
 */
#ifndef PRICEMAP_HOST_FUNCTIONS_H
#define PRICEMAP_HOST_FUNCTIONS_H

#include "ext/base/sqlite_api.h"

typedef struct HostFunctionTexts {
    /* Two texts for each form of a function, as a recipe has them; `count` forms. */
    char **texts;
    int count;
} HostFunctionTexts;

/*
 * Reads them. SQLITE_OK; SQLITE_AUTH where the host's authorizer has the question ignored; else an error.
 * Prepares a statement on the connection, on its thread. Free with host_functions_free in any case.
 */
int host_functions_read(sqlite3 *db, HostFunctionTexts *functions);

/* Frees the texts. */
void host_functions_free(HostFunctionTexts *functions);

#endif
