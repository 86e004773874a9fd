/* The stage of a statement: the partial query over one cut, and the query that combines its rows. */
#ifndef PRICEMAP_SPLIT_STAGE_H
#define PRICEMAP_SPLIT_STAGE_H

#include "ext/split/cut.h"

/* Fills an empty stage for the table that the cut has found. False with a reason or an error; the stage is to
   be freed then all the same. */
bool stage_build(Splitting *splitting, const Cut *cut, SplitStage *stage);

/* Whether the statement is one of groups or aggregates, not of rows. */
bool stage_aggregates(const Select *select);

/* Frees what a stage owns. */
void stage_free(SplitStage *stage);

#endif
