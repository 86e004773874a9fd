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

/* Puts a text (NULL: "") at *end and moves that on; its offset. Without `bytes` the text is only measured. */
static uint32_t put(char *bytes, size_t *end, const char *text)
{
    size_t offset = *end, size = (text ? strlen(text) : 0) + 1;
    if (bytes && text)
        memcpy(bytes + offset, text, size);
    *end += size;
    return (uint32_t)offset;
}

/* Puts texts one after the other; the offset of the first. */
static uint32_t put_list(char *bytes, size_t *end, const char *const *texts, uint32_t count)
{
    uint32_t offset = (uint32_t)*end;
    for (uint32_t i = 0; i < count; i++)
        put(bytes, end, texts[i]);
    return offset;
}

static size_t aligned(size_t offset)
{
    return (offset + 7) & ~(size_t)7;
}

static void put_made(char *bytes, size_t *end, const RecipeParts *parts)
{
    if (!parts->made_count)
        return;
    size_t array = aligned(*end);
    *end = array + parts->made_count * sizeof(RecipeTable);
    for (uint32_t i = 0; i < parts->made_count; i++) {
        const RecipeTableParts *made = &parts->made[i];
        RecipeTable table = {.rows_size = made->rows_size};
        table.name = put(bytes, end, made->name);
        table.declaration = put(bytes, end, made->declaration);
        *end = aligned(*end);
        table.rows = (uint32_t)*end;
        if (bytes && made->rows_size)
            memcpy(bytes + *end, made->rows, made->rows_size);
        if (bytes)
            memcpy(bytes + array + i * sizeof table, &table, sizeof table);
        *end += made->rows_size;
    }
}

/* Fills the recipe, with what follows it in `bytes`, which begin with it. Without `bytes` all of that is only
   measured. The size. */
static size_t lay_out(Recipe *recipe, char *bytes, const RecipeParts *parts)
{
    size_t end = sizeof *recipe;
    recipe->encoding = parts->encoding;
    recipe->flags = parts->flags;
    memcpy(recipe->limits, parts->limits, sizeof recipe->limits);
    if (parts->environment)
        recipe->environment = *parts->environment;
    recipe->scan = parts->scan;
    recipe->columns = parts->columns;
    recipe->declaration = put(bytes, &end, parts->declaration);
    recipe->view = put(bytes, &end, parts->view);
    recipe->select = put(bytes, &end, parts->select);
    recipe->uncounted_select = put(bytes, &end, parts->uncounted_select);
    recipe->tracing_select = put(bytes, &end, parts->tracing_select);
    recipe->rowids_select = put(bytes, &end, parts->rowids_select);
    recipe->uri = put(bytes, &end, parts->uri);
    recipe->table_count = parts->table_count;
    recipe->tables = put_list(bytes, &end, parts->tables, parts->table_count);
    recipe->read_count = parts->read_count;
    recipe->reads = put_list(bytes, &end, parts->reads, 2 * parts->read_count);
    recipe->host_table_count = parts->host_table_count;
    recipe->host_tables = put_list(bytes, &end, parts->host_tables, parts->host_table_count);
    recipe->host_function_count = parts->host_function_count;
    recipe->host_functions = put_list(bytes, &end, parts->host_functions, 2 * parts->host_function_count);
    recipe->extension_count = parts->extension_count;
    recipe->extensions = put_list(bytes, &end, parts->extensions, 2 * parts->extension_count);
    recipe->function_count = parts->function_count;
    recipe->functions =
        put_list(bytes, &end, parts->functions, RECIPE_FUNCTION_TEXTS * parts->function_count);
    recipe->made_count = parts->made_count;
    recipe->made = (uint32_t)aligned(end);
    put_made(bytes, &end, parts);
    recipe->inputs = put(bytes, &end, NULL);
    recipe->size = (uint32_t)end;
    return end;
}

Recipe *recipe_build(const RecipeParts *parts)
{
    size_t size = lay_out(&(Recipe){0}, NULL, parts);
    Recipe *recipe = size <= INT32_MAX ? allocate(size) : NULL;
    if (recipe)
        lay_out(recipe, (char *)recipe, parts);
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
        !texts_fit(recipe, recipe->host_functions, 2 * (uint64_t)recipe->host_function_count) ||
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
