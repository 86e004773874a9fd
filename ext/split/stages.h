/* The stages of a plan: subqueries that are computed once, and the statement's own. */
#ifndef PRICEMAP_SPLIT_STAGES_H
#define PRICEMAP_SPLIT_STAGES_H

#include "ext/split/cut.h"

/*
 * Adds the stages of the statement to the plan, over the table that the cut has found: first those of
 * subqueries that the combining query reads, last its own. False with a reason or an error; the plan may have
 * stages then all the same.
 */
bool stages_build(Splitting *splitting, const Cut *cut);

/* The names c0, c1 and so on, of so many columns of a stage's result. False with an error. */
bool stages_number_columns(Splitting *splitting, int count, NameList *names);

/* Adds a stage that one worker computes as it stands. False with a reason or an error. */
bool stages_add_whole(Splitting *splitting, Select *select);

/*
 * Gives the last stage, that of `select`, a table for its result, whose columns have these names, which
 * differ; *name, in the arena. From then on statements that read the table can be prepared. False with a
 * reason or an error.
 */
bool stages_name_last(Splitting *splitting, Select *select, const NameList *names, const char **name);

/* Makes the FROM item, whose table has a stage, one over the stage's rows; its columns stay what they were.
 */
void stages_read(Splitting *splitting, FromItem *item);

/* Adds a stage that combines the results of earlier ones. False with a reason or an error. */
bool stages_combine(Splitting *splitting, const Select *combine);

/* Frees the stages from number `first` on. */
void stages_free(SplitPlan *plan, int first);

#endif
