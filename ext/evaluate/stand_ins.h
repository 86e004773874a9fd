/*
 * What statements of a map's functions (inner_statements) would find on the host's connection and not on the
 * worker's: functions that the host has defined, and collations. SQLite fails a statement with such a name
 * before any authorizer is asked, and the function that prepared it may make a NULL of that. So the host's
 * functions are registered under their names and numbers of arguments: then the authorizer is asked, and
 * refuses them. A collation SQLite asks for itself.
 */
#ifndef PRICEMAP_STAND_INS_H
#define PRICEMAP_STAND_INS_H

#include "ext/evaluate/authorizer.h"

/*
 * The text by which a recipe tells one form of a function from others of its name, from a row of PRAGMA
 * function_list: its number of arguments, kind, encoding and flags. Equal texts are taken for one function.
 * NULL when out of memory; sqlite3_free it.
 */
char *stand_in_form(sqlite3_stmt *row);

/* Has the authorizer notice collations that the connection lacks. Before extensions are loaded: one that
   brings collations when they are needed does so in the place of this. */
void stand_ins_watch_collations(Authorizer *authorizer, sqlite3 *db);

/* Registers the functions of the recipe's host that the connection has not in the same form. Once the
   extensions are loaded and pricemap's own functions registered. SQLITE_OK or an error. */
int stand_ins_register(Authorizer *authorizer, sqlite3 *db);

#endif
