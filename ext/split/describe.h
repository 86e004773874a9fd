/*
 * How the value of an expression compares, where that is known without a statement of SQLite's: its affinity
 * and its collation as SQLite's documentation has them, of columns of tables, sums of numbers, and calls.
 * What is not known so takes a statement to be prepared (plan/columns).
 */
#ifndef PRICEMAP_SPLIT_DESCRIBE_H
#define PRICEMAP_SPLIT_DESCRIBE_H

#include "ext/split/splitting.h"

/*
 * Sets type, affinity and collation of the column to those of a resolved expression; NULL is the constant
 * NULL. False, with the column as it was, where they are not known; short memory is an error of the
 * splitting.
 */
bool describe_expression(Splitting *splitting, const Expr *expr, Column *column);

#endif
