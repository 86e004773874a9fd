/*
 * The functions of a recipe that are in another language: they are bound to the evaluator's connection where
 * the language's interpreter is in this process. Elsewhere a stand-in that only fails is bound instead, so
 * that a map can be planned whose workers are other processes. On the evaluator's thread.
 */
#ifndef PRICEMAP_FOREIGN_FUNCTIONS_H
#define PRICEMAP_FOREIGN_FUNCTIONS_H

#include "ext/data/recipe.h"
#include "ext/evaluate/language.h"

typedef struct ForeignFunctions {
    /* Language of the functions; none where the recipe has no such functions. */
    LanguageLibrary library;
    /* Whether the interpreter knows the evaluator's thread for as long as the evaluator lives. */
    bool entered;
    /* Result of hold, and the number of its calls without a let-go. */
    int held, depth;
    /* Calls of whole-chunk functions in the chunk that is evaluated. */
    LanguageChunk chunk;
} ForeignFunctions;

/* Opens the recipe's language; does nothing where it has no such functions. `own_thread`: this thread was
   started by pricemap, and closes what it opens. SQLITE_OK, or an error with a text in `message`
   (TASK_MESSAGE_SIZE bytes). */
int foreign_functions_open(ForeignFunctions *functions, const Recipe *recipe, bool own_thread, char *message);

/* Registers the recipe's functions on the connection, held; `stop` must outlive the connection. Returns as
   foreign_functions_open. */
int foreign_functions_bind(ForeignFunctions *functions, const Recipe *recipe, sqlite3 *db,
                           const PriceStop *stop, char *message);

/* Whether the value is the mark of a whole-chunk function, whose result then is written into this cell by
   foreign_functions_complete. *rc: SQLITE_OK, or an error. */
bool foreign_functions_place(ForeignFunctions *functions, sqlite3_value *value, uint32_t row, uint32_t column,
                             int *rc);

/* Completes a chunk, or, with `discard`, forgets its calls. SQLITE_OK, or an error with a text in `message`
   (TASK_MESSAGE_SIZE bytes). */
int foreign_functions_complete(ForeignFunctions *functions, RowsetWriter *writer, int encoding, bool discard,
                               char *message);

/* Take the language's lock for a while, and let it go; nothing where there is no language. May be nested. */
void foreign_functions_hold(ForeignFunctions *functions);
void foreign_functions_let_go(ForeignFunctions *functions);

/* Closes the language, once the connection is closed and nothing is held. */
void foreign_functions_close(ForeignFunctions *functions);

#endif
