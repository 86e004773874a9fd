/* What the unit tests of the engine share: the linked SQLite for code that calls it through the API pointer,
 * and the recipe and the rows of a small map. */
#ifndef PRICEMAP_ENGINE_PARTS_H
#define PRICEMAP_ENGINE_PARTS_H

#include "ext/data/recipe.h"
#include "ext/data/rowset.h"
#include "ext/data/task.h"

/* A group setup: sets the API pointer. */
int engine_attach(void **state);

/* A recipe of SELECT `list` FROM chunk, whose columns are a and b and which has rowids; fails the test when
 * there is no memory. */
Recipe *engine_recipe(const char *list, uint32_t flags);

/* A finished rowset of one column, the integers `first`, first + 1 …, in an empty buffer. */
void engine_numbers(Buffer *buffer, uint32_t rows, int64_t first);

/* A task of `recipe` with these integers. */
Task *engine_task(const Recipe *recipe, uint32_t rows, int64_t first);

#endif
