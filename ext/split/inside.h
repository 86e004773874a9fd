/*
 * Work inside of a SELECT that is not divided itself: subqueries that need nothing of it, common tables and
 * views become stages, and the SELECT is computed as it stands over their rows, by the loops of the plain
 * one.
 */
#ifndef PRICEMAP_SPLIT_INSIDE_H
#define PRICEMAP_SPLIT_INSIDE_H

#include "ext/split/splitting.h"

/* Adds the stages, last that of the SELECT, which one worker computes (SPLIT_WHOLE). False with a reason or
   an error; the plan may have stages then all the same. */
bool divide_inside(Splitting *splitting, const Select *select, int depth);

/*
 * Makes a stage of the subquery of an expression that combining queries have, a value or EXISTS: divided
 * where that can be and gives the same value, else computed as it stands. Returns the SELECT over its rows;
 * NULL with a reason or an error.
 */
Select *inside_stage_value(Splitting *splitting, const Expr *expr);

#endif
