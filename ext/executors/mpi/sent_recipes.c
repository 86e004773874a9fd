#include "ext/executors/mpi/sent_recipes.h"

#include <stdlib.h>
#include <string.h>

uint32_t sent_recipes_place(SentRecipes *recipes, const Recipe *recipe)
{
    uint32_t oldest = 0;
    for (uint32_t i = 0; i < FRAME_RECIPES; i++) {
        if (recipes->recipes[i] == recipe)
            return i;
        if (recipes->versions[i] < recipes->versions[oldest])
            oldest = i;
    }
    recipe_unref(recipes->recipes[oldest]);
    recipes->recipes[oldest] = recipe_ref(recipe);
    recipes->versions[oldest] = ++recipes->version;
    return oldest;
}

void sent_recipes_send(SentRecipes *recipes, Job *job, int rank, uint32_t place)
{
    const Recipe *recipe = recipes->recipes[place];
    uint64_t *has = &job->ranks[rank].recipes[place];
    size_t files_size = 0;
    if (*has == recipes->versions[place])
        return;
    char *files = file_checks_list(&recipes->digests, recipe, &files_size);
    Frame *frame =
        files ? frame_create(FRAME_RECIPE, rank, place, sizeof(RecipeFrame) + recipe->size + files_size)
              : NULL;
    if (frame) {
        const RecipeFrame sizes = {.recipe_bytes = recipe->size, .files_bytes = files_size};
        memcpy(frame->bytes, &sizes, sizeof sizes);
        memcpy(frame->bytes + sizeof sizes, recipe, recipe->size);
        memcpy(frame->bytes + sizeof sizes + recipe->size, files, files_size);
    }
    free(files);
    *has = recipes->versions[place];
    job_send(job, frame);
}

void sent_recipes_free(SentRecipes *recipes)
{
    for (int i = 0; i < FRAME_RECIPES; i++)
        recipe_unref(recipes->recipes[i]);
    *recipes = (SentRecipes){.version = 0};
}
