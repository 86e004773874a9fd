/*
 * Which table is cut, and the FROM clause of workers: the ranges first, then the tables in the order of the
 * plain statement's own loops, pinned by CROSS JOIN.
 */
#ifndef PRICEMAP_SPLIT_CUT_H
#define PRICEMAP_SPLIT_CUT_H

#include "ext/split/loops.h"
#include "ext/split/tables.h"

typedef struct Cut {
    /* The statement's own core, and its items one by one. */
    const SelectCore *core;
    FromList items;
    /* Loops of the statement as it stands. */
    LoopList loops;
    /* Number of the loop whose table is cut; that table. */
    int loop;
    const FromItem *item;
    /* FROM clause over the items in the order of the loops, and all conditions that are none of an outer
       join; NULL: none. */
    FromList from;
    Expr *where;
} Cut;

/* Reads the loops of `sql`, the statement as it was written out, and pins their order. False with a reason or
   an error. */
bool cut_begin(Splitting *splitting, const char *sql, Cut *cut);

/*
 * Goes to the first loop from cut->loop on whose table may be cut. False where there is none; then there may
 * be a reason why the last one that was tried is none.
 */
bool cut_find(Splitting *splitting, Cut *cut);

/* The same FROM clause with the ranges before it, as a table (SPLIT_MORSELS); and the conditions with that of
   the range. */
bool cut_from(Splitting *splitting, const Cut *cut, SplitForm form, FromList *from, Expr **where);

/* Whether the worker's loops are the plain ones, over a range: `loops` are those of the worker's statement.
   False with a reason. */
bool cut_check(Splitting *splitting, const Cut *cut, SplitForm form, const LoopList *loops);

#endif
