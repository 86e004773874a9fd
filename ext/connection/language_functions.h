/*
 * The functions in another language that maps of a connection may call, and the program of the worker
 * processes that have them: the language's own interpreter, which the user uses. On the connection's thread
 * only.
 */
#ifndef PRICEMAP_LANGUAGE_FUNCTIONS_H
#define PRICEMAP_LANGUAGE_FUNCTIONS_H

#include "ext/connection/connection_state.h"
#include "ext/evaluate/language.h"

/*
 * Adds a function of Python, or replaces the one of that name and number of arguments. Finds the program
 * anew; worker processes that are there already end before the next map. SQLITE_OK,
 * SQLITE_NOMEM, or SQLITE_ERROR with *message set (sqlite3_free it).
 */
int language_functions_add(ConnectionState *state, const LanguageFunction *function, char **message);

/* Whether there is a function of that name in SQL, in any letters' case. */
bool language_functions_has(const LanguageFunctions *functions, const char *name);

/* Frees all. */
void language_functions_free(LanguageFunctions *functions);

#endif
