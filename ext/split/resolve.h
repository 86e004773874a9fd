/*
 * The meaning of the names in a SELECT. Each column becomes that of a FROM item, aliases and positions in
 * GROUP BY and ORDER BY the expressions that they stand for, USING and NATURAL the conditions that they are;
 * each FROM item gets a name of its own, and tables the schema main. None of it is trusted: what is written
 * of the tree then has to compile to the program of the user's text.
 */
#ifndef PRICEMAP_SPLIT_RESOLVE_H
#define PRICEMAP_SPLIT_RESOLVE_H

#include "ext/split/tables.h"

/* Resolves the parsed SELECT in place. False with a reason or an error. */
bool resolve_names(Splitting *splitting);

/* The table of a FROM item, as far as it is known. */
static inline KnownTable *resolved_table(const FromItem *item)
{
    return item->known;
}

/* Whether a call is that of an aggregate that this file knows of. */
bool resolve_is_aggregate(const Expr *call);

#endif
