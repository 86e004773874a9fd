/*
 * The key by whose ranges a table is divided where its loop does not walk by rowid: a column of an index, or
 * of the primary key of a table WITHOUT ROWID. The loop stays the plain one, over a range of that column.
 */
#ifndef PRICEMAP_SPLIT_CUT_KEY_H
#define PRICEMAP_SPLIT_CUT_KEY_H

#include "ext/split/loops.h"
#include "ext/split/tables.h"

typedef struct CutKey {
    /* Index; NULL: the primary key of a table WITHOUT ROWID. */
    const char *index;
    /* Column of the table, its name and its number, and the collation by which the key compares; whether the
       column itself compares by that one. */
    const char *column;
    int number;
    const char *collation;
    bool is_own_collation;
    /* Whether the index has the greatest key first. */
    bool descending;
    /* Access of the loop over a range of the key. */
    const char *access;
    /* Conditions of the plain loop: of equal columns before the key, and on the key itself, instead of
       which the range is searched. NULL: there are none. */
    Expr *equal, *bounded;
} CutKey;

/*
 * Finds the key of a loop over a table that is no subquery. `where` has the conditions of the statement, of
 * which those that narrow the plain loop are found; NULL: there are none, or they are not known, so that only
 * a loop without any has a key. False where the loop has no key that divides it; then there may be an error,
 * but no reason.
 */
bool cut_key_find(Splitting *splitting, const Loop *loop, Expr *where, CutKey *key);

/* Whether the loop comes to the rows of a table in the order of their rowids, where indexes are searched for
   one value of a column. */
bool cut_key_walks_rowids(Splitting *splitting, const Loop *loop);

/* Whether few rows have a key as the table's middle row has it, so that groups by the key would be nearly as
   many as rows. The table has rowids. */
bool cut_key_is_of_few_rows(Splitting *splitting, const KnownTable *table, const CutKey *key);

/* Writes how a run finds the ranges of the key of the table `item`. False with an error; the stage owns
   what was written. */
bool cut_key_write(Splitting *splitting, const FromItem *item, const CutKey *key, SplitKey *to);

/* The same for conditions on the rowid, between which its ranges are; NULL: all rowids are cut. */
bool cut_key_write_bounds(Splitting *splitting, const FromItem *item, const Expr *bounds, SplitKey *to);

/* The conditions that bound the rowid of the item by what is known before the first row, terms joined by AND;
   NULL: there are none, or the rowid has conditions of other forms as well. */
Expr *cut_key_rowid_bounds(Splitting *splitting, const FromItem *item, Expr *where);

/* The conditions with those of `bounded`, terms joined by AND, so written that no index is searched by them.
   NULL where memory is short. */
Expr *cut_key_unbound(Splitting *splitting, Expr *where, Expr *bounded);

#endif
