#include "ext/data/recipe.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A recipe is the second half of its allocation, so that its bytes, which are compared, hold no count. */
typedef struct CountedRecipe {
    atomic_int references;
    _Alignas(8) Recipe recipe;
} CountedRecipe;

static CountedRecipe *counted(const Recipe *recipe)
{
    return (CountedRecipe *)((char *)(uintptr_t)recipe - offsetof(CountedRecipe, recipe));
}

static Recipe *allocate(size_t size)
{
    CountedRecipe *block = calloc(1, offsetof(CountedRecipe, recipe) + size);
    if (!block)
        return NULL;
    atomic_init(&block->references, 1);
    return &block->recipe;
}

static uint32_t put(Recipe *recipe, uint32_t *end, const char *text)
{
    uint32_t offset = *end;
    size_t size = (text ? strlen(text) : 0) + 1;
    if (text)
        memcpy((char *)recipe + offset, text, size);
    *end += (uint32_t)size;
    return offset;
}

static size_t aligned(size_t offset)
{
    return (offset + 7) & ~(size_t)7;
}

/* Bytes that the made tables take after `size` others. */
static size_t made_size(const RecipeParts *parts, size_t size)
{
    if (!parts->made_count)
        return size;
    size = aligned(size) + parts->made_count * sizeof(RecipeTable);
    for (uint32_t i = 0; i < parts->made_count; i++) {
        const RecipeTableParts *table = &parts->made[i];
        size = aligned(size + strlen(table->name) + strlen(table->declaration) + 2) + table->rows_size;
    }
    return size;
}

/* Returns where the made tables end. */
static uint32_t put_made(Recipe *recipe, const RecipeParts *parts, uint32_t end)
{
    recipe->made_count = parts->made_count;
    recipe->made = (uint32_t)aligned(end);
    if (!parts->made_count)
        return end;
    RecipeTable *tables = (RecipeTable *)(void *)((char *)recipe + recipe->made);
    end = recipe->made + (uint32_t)(parts->made_count * sizeof *tables);
    for (uint32_t i = 0; i < parts->made_count; i++) {
        const RecipeTableParts *table = &parts->made[i];
        tables[i].name = put(recipe, &end, table->name);
        tables[i].declaration = put(recipe, &end, table->declaration);
        end = (uint32_t)aligned(end);
        tables[i].rows = end;
        tables[i].rows_size = table->rows_size;
        if (table->rows_size)
            memcpy((char *)recipe + end, table->rows, table->rows_size);
        end += table->rows_size;
    }
    return end;
}

Recipe *recipe_build(const RecipeParts *parts)
{
    const char *const texts[] = {
        parts->declaration,    parts->view,          parts->select, parts->uncounted_select,
        parts->tracing_select, parts->rowids_select, parts->uri};
    size_t size = sizeof(Recipe);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        size += (texts[i] ? strlen(texts[i]) : 0) + 1;
    for (uint32_t i = 0; i < parts->table_count; i++)
        size += strlen(parts->tables[i]) + 1;
    for (uint32_t i = 0; i < 2 * parts->read_count; i++)
        size += strlen(parts->reads[i]) + 1;
    for (uint32_t i = 0; i < parts->host_table_count; i++)
        size += strlen(parts->host_tables[i]) + 1;
    for (uint32_t i = 0; i < 2 * parts->extension_count; i++)
        size += strlen(parts->extensions[i]) + 1;
    for (uint32_t i = 0; i < RECIPE_FUNCTION_TEXTS * parts->function_count; i++)
        size += strlen(parts->functions[i]) + 1;
    size = made_size(parts, size);
    size += strlen("") + 1;
    Recipe *recipe = size <= INT32_MAX ? allocate(size) : NULL;
    if (!recipe)
        return NULL;
    recipe->size = (uint32_t)size;
    recipe->encoding = parts->encoding;
    recipe->flags = parts->flags;
    memcpy(recipe->limits, parts->limits, sizeof recipe->limits);
    if (parts->environment)
        recipe->environment = *parts->environment;
    uint32_t end = sizeof(Recipe);
    recipe->declaration = put(recipe, &end, parts->declaration);
    recipe->view = put(recipe, &end, parts->view);
    recipe->select = put(recipe, &end, parts->select);
    recipe->uncounted_select = put(recipe, &end, parts->uncounted_select);
    recipe->tracing_select = put(recipe, &end, parts->tracing_select);
    recipe->rowids_select = put(recipe, &end, parts->rowids_select);
    recipe->uri = put(recipe, &end, parts->uri);
    recipe->table_count = parts->table_count;
    recipe->tables = end;
    for (uint32_t i = 0; i < parts->table_count; i++)
        put(recipe, &end, parts->tables[i]);
    recipe->read_count = parts->read_count;
    recipe->reads = end;
    for (uint32_t i = 0; i < 2 * parts->read_count; i++)
        put(recipe, &end, parts->reads[i]);
    recipe->host_table_count = parts->host_table_count;
    recipe->host_tables = end;
    for (uint32_t i = 0; i < parts->host_table_count; i++)
        put(recipe, &end, parts->host_tables[i]);
    recipe->scan = parts->scan;
    recipe->columns = parts->columns;
    recipe->extension_count = parts->extension_count;
    recipe->extensions = end;
    for (uint32_t i = 0; i < 2 * parts->extension_count; i++)
        put(recipe, &end, parts->extensions[i]);
    recipe->function_count = parts->function_count;
    recipe->functions = end;
    for (uint32_t i = 0; i < RECIPE_FUNCTION_TEXTS * parts->function_count; i++)
        put(recipe, &end, parts->functions[i]);
    end = put_made(recipe, parts, end);
    recipe->inputs = put(recipe, &end, NULL);
    return recipe;
}

Recipe *recipe_judged(const Recipe *recipe, const RecipeFacts *facts)
{
    enum { NUMBER_BYTES = 12 };
    size_t most = (size_t)recipe->inputs + (size_t)facts->input_count * NUMBER_BYTES + 1;
    Recipe *judged = most <= INT32_MAX ? allocate(most) : NULL;
    if (!judged)
        return NULL;
    memcpy(judged, recipe, recipe->inputs);
    char *end = (char *)judged + judged->inputs;
    for (int i = 0; i < facts->input_count; i++)
        end += snprintf(end, NUMBER_BYTES + 1, "%d ", facts->inputs[i]);
    judged->size = (uint32_t)(end + 1 - (char *)judged);
    judged->columns = facts->columns;
    judged->chunk_columns = facts->chunk_columns;
    judged->flags |= facts->has_constants ? RECIPE_CONSTANTS : 0u;
    return judged;
}

/* The recipe's own members, without what was found out of its map. */
static void forget_facts(Recipe *own, const Recipe *recipe)
{
    memcpy(own, recipe, sizeof *own);
    own->size = own->columns = own->chunk_columns = 0;
    own->flags &= ~(uint32_t)RECIPE_CONSTANTS;
}

bool recipe_is_same_map(const Recipe *a, const Recipe *b)
{
    Recipe left, right;
    if (a == b)
        return true;
    if (a->inputs != b->inputs || memcmp(a + 1, b + 1, a->inputs - sizeof *a) != 0)
        return false;
    forget_facts(&left, a);
    forget_facts(&right, b);
    return !memcmp(&left, &right, sizeof left);
}

/* Whether `count` texts, each with its NUL, lie between `offset` and the end of the recipe. */
static bool texts_fit(const Recipe *recipe, uint32_t offset, uint64_t count)
{
    for (; count; count--) {
        if (offset >= recipe->size)
            return false;
        const char *text = recipe_text(recipe, offset);
        const char *end = memchr(text, 0, recipe->size - offset);
        if (!end)
            return false;
        offset += (uint32_t)(end - text) + 1;
    }
    return true;
}

/* Whether the made tables lie within the recipe. */
static bool made_fit(const Recipe *recipe)
{
    if (!recipe->made_count)
        return true;
    if (recipe->made % 8 || recipe->made > recipe->size ||
        recipe->made_count > (recipe->size - recipe->made) / sizeof(RecipeTable))
        return false;
    for (uint32_t i = 0; i < recipe->made_count; i++) {
        const RecipeTable *table = recipe_made(recipe, i);
        if (!texts_fit(recipe, table->name, 1) || !texts_fit(recipe, table->declaration, 1) ||
            table->rows % 8 || table->rows > recipe->size || table->rows_size > recipe->size - table->rows)
            return false;
    }
    return true;
}

Recipe *recipe_copy(const void *bytes, size_t size)
{
    if (size < sizeof(Recipe) || size > INT32_MAX)
        return NULL;
    Recipe *recipe = allocate(size);
    if (!recipe)
        return NULL;
    memcpy(recipe, bytes, size);
    if (recipe->size != size || !texts_fit(recipe, recipe->declaration, 1) ||
        !texts_fit(recipe, recipe->view, 1) || !texts_fit(recipe, recipe->select, 1) ||
        !texts_fit(recipe, recipe->uncounted_select, 1) || !texts_fit(recipe, recipe->tracing_select, 1) ||
        !texts_fit(recipe, recipe->rowids_select, 1) || !texts_fit(recipe, recipe->uri, 1) ||
        !texts_fit(recipe, recipe->tables, recipe->table_count) ||
        !texts_fit(recipe, recipe->reads, 2 * (uint64_t)recipe->read_count) ||
        !texts_fit(recipe, recipe->host_tables, recipe->host_table_count) ||
        !texts_fit(recipe, recipe->extensions, 2 * (uint64_t)recipe->extension_count) ||
        !texts_fit(recipe, recipe->functions, RECIPE_FUNCTION_TEXTS * (uint64_t)recipe->function_count) ||
        !made_fit(recipe) || recipe->inputs < sizeof(Recipe) || !texts_fit(recipe, recipe->inputs, 1)) {
        recipe_unref(recipe);
        return NULL;
    }
    return recipe;
}

Recipe *recipe_ref(const Recipe *recipe)
{
    atomic_fetch_add_explicit(&counted(recipe)->references, 1, memory_order_relaxed);
    return &counted(recipe)->recipe;
}

void recipe_unref(const Recipe *recipe)
{
    if (recipe && atomic_fetch_sub_explicit(&counted(recipe)->references, 1, memory_order_acq_rel) == 1)
        free(counted(recipe));
}
