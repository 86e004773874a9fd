/*
 * The loops of a statement's outermost SELECT, in the order in which SQLite nests them, as EXPLAIN QUERY PLAN
 * lists them. FROM items are known by the names that they are written as.
 */
#ifndef PRICEMAP_SPLIT_LOOPS_H
#define PRICEMAP_SPLIT_LOOPS_H

#include "ext/split/splitting.h"

typedef struct Loop {
    /* FROM item of the loop; NULL: the table of morsels. */
    const FromItem *item;
    /* How its rows are found: what stands after the item's name, as "USING INDEX i (a=?)"; "" is a walk over
       all. `search` is SEARCH, else SCAN. */
    const char *access;
    bool search;
} Loop;

/* The beginning of the access of a loop that takes the rows of several indexes; after it come their lines. */
#define LOOP_OF_INDEXES "MULTI-INDEX OR"

typedef struct LoopList {
    Loop *items;
    int count;
    /* Whether the plan sorts to group, and to order or to find distinct rows. */
    bool sorts_groups, sorts_rows;
    /* Number of subqueries in FROM whose rows come one by one, and are in no table. */
    int coroutines;
    /* All of the plan, a line each, two spaces for each level. */
    const char *lines;
} LoopList;

/*
 * Reads the plan of `sql`, whose outermost SELECT has the items `from`. False with a reason where a loop is
 * of none of them, or the plan has other forms than loops within loops.
 */
bool loops_read(Splitting *splitting, const char *sql, const FromList *from, LoopList *loops);

/* Whether the plan has one loop beside that of morsels, also within subqueries, which is a walk along a table
   or along an index that has all that is wanted. */
bool loops_walk_once(const LoopList *loops);

/* Reads the lines alone, whatever the plan's form. False with a reason or an error. */
bool loops_lines(Splitting *splitting, const char *sql, LoopList *loops);

#endif
