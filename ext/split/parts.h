/*
 * The columns of the rows that workers give, and expressions over them that the combining query has in the
 * place of the user's.
 */
#ifndef PRICEMAP_SPLIT_PARTS_H
#define PRICEMAP_SPLIT_PARTS_H

#include "ext/split/cut.h"

typedef struct Part {
    /* Expression of workers. */
    Expr *expr;
    /* Expression that has the affinity and collation of the column, over single rows; NULL: it has none. */
    Expr *described;
    /* Column in the combining query: as a value, and by itself, to group and to sort by. */
    Expr *value, *column;
} Part;

typedef struct PartList {
    /* Where the rows come from. */
    const Cut *cut;
    Part *items;
    int count;
    /* Table of the parts. */
    FromItem *table;
    /* Columns that are keys of groups: the first ones. */
    int keys;
    /* Whether keys were added so that DISTINCT aggregates see each value. */
    bool finer;
    /* Whether there is a sum, total or avg. */
    bool sums;
    /* The only min() or max(), and the number of them, equal ones counted once. */
    const Expr *extreme;
    int extremes;
    /* Whether an aggregate takes the rows of a group in their order; whether a column that is no key is that
       of the row of the only min() or max(); whether DISTINCT aggregates take values by where each is met
       first. Each needs parts in the order of the rows. */
    bool ordered, beside_extreme, by_first_row;
} PartList;

/* An empty list for a cut. False with an error. */
bool parts_begin(Splitting *splitting, const Cut *cut, PartList *parts);

/* Adds a part, unless an equal one is there. Its number; -1 with an error. */
int parts_add(Splitting *splitting, PartList *parts, Expr *expr, Expr *described);

/*
 * The expression over the parts: keys become their columns, aggregates are computed of partial ones,
 * which are added. NULL with a reason, as a column that is no key, or an error.
 */
Expr *parts_combine(Splitting *splitting, PartList *parts, Expr *expr);

/* Writes a SELECT whose columns are Part.described, named as the parts, with parameters beyond the number of
   columns. sqlite3_free it; NULL with an error of the splitting or where memory is short. */
typedef char *DescribingText(void *arg);

/*
 * Learns affinity and collation of the columns, by text(arg) where they are not known without it. Fills
 * `columns`, and makes the values in the combining query compare as the expressions did. False with a reason
 * or an error.
 */
bool parts_describe(Splitting *splitting, PartList *parts, DescribingText *text, void *arg,
                    ColumnList *columns);

/* Learns affinity and collation of a SELECT's columns, which are named as those of parts are. False with a
   reason or an error. */
bool parts_describe_select(Splitting *splitting, const Select *select, ColumnList *columns);

/* Whether a combining query gives the parts as they are: the first columns of each, in the order of the
 * parts. */
bool parts_are_result(const PartList *parts, const Select *combine);

/* A node that lies in the arena, and a call of a function; NULL with an error. */
Expr *parts_make(Splitting *splitting, Expr expr);
Expr *parts_make_call(Splitting *splitting, const char *name, Expr *argument, Expr *filter);

/* Expression that sorts rows as the loops come to them, where cut_orders_by_rowids: the rowid of the only
   loop, or those of all of them. NULL with an error. */
Expr *parts_position(Splitting *splitting, const Cut *cut);

/* Whether an aggregate that is known stands in the expression, outside of its subqueries. */
bool expr_has_aggregate(Expr *expr);

/* Whether a COLLATE stands in the expression, outside of its subqueries. */
bool expr_has_collate(Expr *expr);

/* Whether a subquery stands in the expression: any, or one that is not correlated. */
bool expr_has_subquery(Expr *expr, bool uncorrelated_only);

#endif
