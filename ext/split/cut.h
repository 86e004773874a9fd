/*
 * Which table is cut, by its rowids or by a key, and the FROM clause of workers: the ranges first, then the
 * tables in the order of the plain statement's own loops, pinned by CROSS JOIN.
 */
#ifndef PRICEMAP_SPLIT_CUT_H
#define PRICEMAP_SPLIT_CUT_H

#include "ext/split/cut_key.h"
#include "ext/split/loops.h"
#include "ext/split/tables.h"

/* SELECTs one inside the other at the most, down to the one whose tables are cut. */
enum { CUT_NESTED = 8 };

typedef struct Cut {
    /* The statement's own core. */
    const SelectCore *core;
    /* Subqueries in which the tables are: each is the only item of the FROM around it, and does no more than
       take rows and columns, so that SQLite makes loops of its items as if they stood outside. */
    FromItem *nested[CUT_NESTED];
    int nested_count;
    /* Core that has the tables, the innermost one, and its items one by one. */
    const SelectCore *inner;
    FromList items;
    /* Loops of the statement as it stands. */
    LoopList loops;
    /* Rows that a table needs to be cut. */
    int64_t least_rows;
    /* Number of the loop whose table is cut; that table. */
    int loop;
    const FromItem *item;
    /* Key by whose ranges the table is cut, where has_key says so; else its rowids are. */
    CutKey key;
    bool has_key;
    /* Conditions that bound the rowids of the plain loop, where rowids are cut: ranges are made within these
       bounds, and no index is searched by the conditions themselves, which would scan the rest of a range.
       NULL: there are none. */
    Expr *rowid_bounds;
    /* Whether no key is to be tried. */
    bool by_rowid;
    /* FROM clause over the items in the order of the loops, and all conditions that are none of an outer
       join; NULL: none. */
    FromList from;
    Expr *where;
} Cut;

/* Reads the loops of the SELECT that is divided, and pins their order. False with a reason or an error. */
bool cut_begin(Splitting *splitting, Cut *cut);

/* Whether a SELECT does no more than take rows and columns of its tables. */
bool cut_is_linear(const Select *select);

/*
 * Goes to the first loop from cut->loop on whose table may be cut. False where there is none; then there may
 * be a reason why the last one that was tried is none.
 */
bool cut_find(Splitting *splitting, Cut *cut);

/* Whether a table of the query is a stage, whose rows may come in another order than those of the subquery.
 */
bool cut_reads_stage(const Cut *cut);

/* Whether the plain statement comes to the rows of the cut table in the order of its rowids, or of the key
   that is cut, as workers do, with all other loops within that one. */
bool cut_keeps_order(const Splitting *splitting, const Cut *cut);

/* Whether the rowids of all loops, one after the other, say in which order the plain statement comes to rows,
   and workers come to those of a range. */
bool cut_orders_by_rowids(Splitting *splitting, const Cut *cut);

/* FROM and WHERE of the worker's statement, with the ranges as a table (SPLIT_MORSELS), as parameters or
   without them (SPLIT_WHOLE). */
bool cut_from(Splitting *splitting, const Cut *cut, SplitForm form, FromList *from, Expr **where);

/* Whether an expression is what the ranges are of: the rowid, or the key, compared as the ranges are. */
bool cut_is_range_column(const Cut *cut, const Expr *expr);

/* The expression that a column of a nested subquery stands for, down to the tables. */
const Expr *cut_origin(const Cut *cut, const Expr *expr);

/* Whether the worker's loops are the plain ones, over a range: `loops` are those of the worker's statement.
   False with a reason. */
bool cut_check(Splitting *splitting, const Cut *cut, SplitForm form, const LoopList *loops);

/* Whether the loops of a statement without ranges, over the same tables or their stages, are the plain ones.
   False with a reason. */
bool cut_check_whole(Splitting *splitting, const Cut *cut, const char *sql);

#endif
