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

/* Frees what a stage owns. */
void stage_free(SplitStage *stage);

#endif
