/* The stage of a statement: the partial query over one cut, and the query that combines its rows. */
#ifndef PRICEMAP_SPLIT_STAGE_H
#define PRICEMAP_SPLIT_STAGE_H

#include "ext/split/cut.h"

/*
 * Adds the stages of the statement to the plan, over the table that the cut has found: first those of
 * subqueries that the combining query reads, last its own. False with a reason or an error; the plan may have
 * stages then all the same.
 */
bool stages_build(Splitting *splitting, const Cut *cut);

/* Whether the statement is one of groups or aggregates, not of rows. */
bool stage_aggregates(const Select *select);

/* Frees what a stage owns. */
void stage_free(SplitStage *stage);

#endif
