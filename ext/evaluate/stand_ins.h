/*
 * Stand-ins for functions and collations that the host's connection has and the worker's has not, for the
 * statements that a map's functions run (inner_statements). SQLite fails a statement with an unknown name
 * before it calls the authorizer, and the function that prepared the statement may make a NULL of that. So
 * the host's functions are registered under their names and numbers of arguments: then SQLite calls the
 * authorizer, which refuses them. For an unknown collation SQLite has a callback.
 */
#ifndef PRICEMAP_STAND_INS_H
#define PRICEMAP_STAND_INS_H

#include "ext/evaluate/authorizer.h"

/*
 * The text by which a recipe distinguishes one form of a function from others of its name, from a row of
 * PRAGMA function_list: its number of arguments, kind, encoding and flags. Equal texts are taken for one
 * function. NULL when out of memory; sqlite3_free it.
 */
char *stand_in_form(sqlite3_stmt *row);

/* Has the authorizer notice collations that the connection lacks. Before extensions are loaded: one that
   brings collations when they are needed then replaces this. */
void stand_ins_watch_collations(Authorizer *authorizer, sqlite3 *db);

/* Registers the functions of the recipe's host that the connection has not in the same form. Once the
   extensions are loaded and pricemap's own functions registered. SQLITE_OK or an error. */
int stand_ins_register(Authorizer *authorizer, sqlite3 *db);

#endif
