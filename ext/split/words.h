/* The work of a stage in words, for parallel_query_plan and the log of runs. */
#ifndef PRICEMAP_SPLIT_WORDS_H
#define PRICEMAP_SPLIT_WORDS_H

#include "ext/split/parts.h"

/* Fills worker_words and combine_words of a stage whose other members are there. False with an error. */
bool words_of_stage(Splitting *splitting, const PartList *parts, SplitStage *stage);

#endif
