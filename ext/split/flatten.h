/*
 * Subqueries in FROM that only take rows and columns of one table, views among them, put into the SELECT
 * around them as SQLite does: then their table is one of the loops, which may be cut. None of it is trusted:
 * what is written of the flattened tree has to compile to the program of the user's text.
 */
#ifndef PRICEMAP_SPLIT_FLATTEN_H
#define PRICEMAP_SPLIT_FLATTEN_H

#include "ext/split/splitting.h"

/* Flattens the statement, whose names are resolved and whose tree is proven; where that is another program,
   it stays as it was. False with an error noted. */
bool flatten_subqueries(Splitting *splitting);

#endif
