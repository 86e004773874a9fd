/*
 * The columns of the rows that workers give, and expressions over them that the combining query has in the
 * place of the user's.
 */
#ifndef PRICEMAP_SPLIT_PARTS_H
#define PRICEMAP_SPLIT_PARTS_H

#include "ext/split/splitting.h"

typedef struct Part {
    /* Expression of workers. */
    Expr *expr;
    /* Expression that has the affinity and collation of the column, over single rows; NULL: it has none. */
    Expr *described;
    /* Column in the combining query: as a value, and by itself, to group and to sort by. */
    Expr *value, *column;
} Part;

typedef struct PartList {
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
    /* Subqueries of the combining query: number i, from 0, is read as the table of the stage that is
       added as number i + 1 after those of the plan, whose columns are named as those of parts are. */
    Select **subqueries;
    int subquery_count;
} PartList;

/* An empty list. False with an error. */
bool parts_begin(Splitting *splitting, PartList *parts);

/* Adds a part, unless an equal one is there. Its number; -1 with an error. */
int parts_add(Splitting *splitting, PartList *parts, Expr *expr, Expr *described);

/*
 * Adds the arguments and conditions of DISTINCT aggregates of an expression to the keys. To be called for all
 * expressions before the first parts_combine. False with a reason or an error.
 */
bool parts_add_distinct(Splitting *splitting, PartList *parts, Expr *expr);

/*
 * The expression over the parts: keys become their columns, aggregates are computed of partial ones,
 * which are added. NULL with a reason, as a column that is no key, or an error.
 */
Expr *parts_combine(Splitting *splitting, PartList *parts, Expr *expr);

/*
 * Learns affinity and collation of the columns: `text` is a SELECT whose columns are Part.described, named as
 * the parts, with parameters beyond the number of columns. Fills `columns`, and makes the values in the
 * combining query compare as the expressions did. False with a reason or an error.
 */
bool parts_describe(Splitting *splitting, PartList *parts, const char *text, ColumnList *columns);

/* Learns affinity and collation of a SELECT's columns, which are named as those of parts are. False with a
   reason or an error. */
bool parts_describe_select(Splitting *splitting, const Select *select, ColumnList *columns);

/* Whether an aggregate that is known stands in the expression, outside of its subqueries. */
bool expr_has_aggregate(Expr *expr);

/* Whether a subquery stands in the expression: any, or one that is not correlated. */
bool expr_has_subquery(Expr *expr, bool uncorrelated_only);

#endif
