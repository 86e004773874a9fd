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

/* The language's lock, where the calling thread was found to hold it. */
typedef struct LanguagePause {
    LanguageLibrary library;
    void *paused;
} LanguagePause;

/* Let the lock of the language go that this thread may hold while the host's SQLite closes a connection, and
   take it again: in between others may be waited for that need the lock. */
void language_functions_pause(const LanguageFunctions *functions, LanguagePause *pause);
void language_functions_resume(LanguagePause *pause);

/* Frees all. */
void language_functions_free(LanguageFunctions *functions);

#endif
