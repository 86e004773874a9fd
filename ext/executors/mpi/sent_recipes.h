/* The recipes that ranks of an MPI job know, by the numbers that they have there. On the host's thread. */
#ifndef PRICEMAP_SENT_RECIPES_H
#define PRICEMAP_SENT_RECIPES_H

#include "ext/executors/mpi/job.h"
#include "ext/link/file_checks.h"

/* Zeros: no recipe was sent. */
typedef struct SentRecipes {
    /* Recipes by number, each with one reference; the number of each among all that there were, which
       distinguishes two under one number; and the last of these. */
    const Recipe *recipes[FRAME_RECIPES];
    uint64_t versions[FRAME_RECIPES], version;
    FileDigests digests;
} SentRecipes;

/* The number of a recipe, which may be that of the oldest one so far. */
uint32_t sent_recipes_place(SentRecipes *recipes, const Recipe *recipe);

/* Sends a rank the recipe of a number, with the digests of the files that its workers load, unless the rank
   has it. */
void sent_recipes_send(SentRecipes *recipes, Job *job, int rank, uint32_t place);

void sent_recipes_free(SentRecipes *recipes);

#endif
