/*
 * Aggregates of a query that is divided: the partial one that workers compute, and the one over parts that
 * the combining query has instead. Some aggregates depend on the order of rows, and are divided only where
 * workers and parts keep the plain statement's.
 */
#ifndef PRICEMAP_SPLIT_AGGREGATES_H
#define PRICEMAP_SPLIT_AGGREGATES_H

#include "ext/split/parts.h"

/*
 * Learns the needs of an expression's aggregates; adds the arguments and conditions of DISTINCT ones to
 * the keys. To be called for all expressions before the first is combined. False with a reason or an error.
 */
bool aggregates_survey(Splitting *splitting, PartList *parts, Expr *expr);

/* The aggregate over parts, which are added. NULL with a reason or an error. */
Expr *aggregates_combine(Splitting *splitting, PartList *parts, Expr *call);

/*
 * A column that stands in no aggregate and is no key, as one of the parts: all rows of a group have the same,
 * or it is that of the row of the only min() or max(). NULL with a reason or an error.
 */
Expr *aggregates_bare_column(Splitting *splitting, PartList *parts, Expr *column);

/* Whether the expression, outside of its aggregates, names a column without being one of the keys. */
bool aggregates_have_bare_column(const ExprList *keys, Expr *expr);

/* Whether the aggregate gives the same, whatever the order of its values. */
bool aggregates_is_free_of_order(const Expr *call);

/* Whether all aggregates of a SELECT are such ones, and no column stands outside of them but the keys. */
bool aggregates_are_free_of_order(const Select *select);

/* Whether what the SELECT's groups give depends on the order in which their rows come. */
bool aggregates_depend_on_order(const Select *select);

#endif
