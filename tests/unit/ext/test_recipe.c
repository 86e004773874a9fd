/* The recipe: one block that travels as bytes, counted, and checked when it arrives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/engine_parts.h"

static Recipe *build(const char *select, uint32_t count, const char *const *extensions)
{
    int limits[RECIPE_LIMITS];
    for (int i = 0; i < RECIPE_LIMITS; i++)
        limits[i] = 1000 + i;
    Recipe *recipe = recipe_build(&(RecipeParts){.encoding = SQLITE_UTF16BE,
                                                 .flags = RECIPE_DQS,
                                                 .limits = limits,
                                                 .declaration = "CREATE TABLE x(a)",
                                                 .select = select,
                                                 .table_count = 2,
                                                 .tables = (const char *const[]){"first", "other"},
                                                 .host_table_count = 1,
                                                 .host_tables = (const char *const[]){"m"},
                                                 .extension_count = count,
                                                 .extensions = extensions});
    assert_non_null(recipe);
    return recipe;
}

static void built_and_copied(void **state)
{
    (void)state;
    static const char *const extensions[] = {"/lib/one", "", "two", "entry"};
    Recipe *recipe = build("SELECT a FROM chunk", 2, extensions);
    Recipe *copy = recipe_copy(recipe, recipe->size);
    assert_non_null(copy);
    assert_ptr_not_equal(copy, recipe);
    assert_memory_equal(copy, recipe, recipe->size);
    recipe_unref(recipe);
    assert_int_equal(copy->encoding, SQLITE_UTF16BE);
    assert_int_equal(copy->flags, RECIPE_DQS);
    assert_int_equal(copy->limits[RECIPE_LIMITS - 1], 1000 + RECIPE_LIMITS - 1);
    assert_string_equal(recipe_text(copy, copy->declaration), "CREATE TABLE x(a)");
    assert_string_equal(recipe_text(copy, copy->select), "SELECT a FROM chunk");
    const char *table = recipe_text(copy, copy->tables);
    assert_int_equal(copy->table_count, 2);
    assert_string_equal(table, "first");
    assert_string_equal(recipe_text_after(table), "other");
    assert_int_equal(copy->host_table_count, 1);
    assert_string_equal(recipe_text(copy, copy->host_tables), "m");
    const char *text = recipe_text(copy, copy->extensions);
    for (int i = 0; i < 4; i++, text += strlen(text) + 1)
        assert_string_equal(text, extensions[i]);
    assert_ptr_equal(text, recipe_text(copy, copy->inputs));
    assert_ptr_equal(recipe_text_after(text), (const char *)copy + copy->size);
    recipe_unref(copy);
    recipe_unref(NULL);
}

static void functions_in_another_language(void **state)
{
    (void)state;
    static const char *const functions[] = {"/lib/it.so", "shop:raise", "raise_it", "-1",
                                            "/lib/it.so", "shop:vat",   "vat",      "1d"};
    int limits[RECIPE_LIMITS] = {0};
    Recipe *recipe = recipe_build(&(RecipeParts){
        .limits = limits, .declaration = "", .select = "", .function_count = 2, .functions = functions});
    assert_non_null(recipe);
    Recipe *copy = recipe_copy(recipe, recipe->size);
    assert_non_null(copy);
    const char *text = recipe_text(copy, copy->functions);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++, text = recipe_text_after(text))
        assert_string_equal(text, functions[i]);
    recipe_unref(copy);
    /* More functions than there are texts. */
    recipe->function_count = 3;
    assert_null(recipe_copy(recipe, recipe->size));
    recipe->function_count = UINT32_MAX;
    assert_null(recipe_copy(recipe, recipe->size));
    recipe_unref(recipe);
}

/* Equal recipes have equal bytes: whatever was in the memory before. */
static void equal_bytes(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        void *dirt = malloc(300 + (size_t)i);
        assert_non_null(dirt);
        memset(dirt, 0xaa, 300 + (size_t)i);
        free(dirt);
        Recipe *a = build("SELECT 1", 0, NULL), *b = build("SELECT 1", 0, NULL),
               *c = build("SELECT 2", 0, NULL);
        assert_int_equal(a->size, b->size);
        assert_memory_equal(a, b, a->size);
        assert_int_not_equal(memcmp(a, c, a->size), 0);
        recipe_unref(a);
        recipe_unref(b);
        recipe_unref(c);
    }
}

static void references(void **state)
{
    (void)state;
    Recipe *recipe = build("SELECT 1", 0, NULL);
    for (int i = 0; i < 10; i++)
        assert_ptr_equal(recipe_ref(recipe), recipe);
    for (int i = 0; i < 10; i++) {
        recipe_unref(recipe);
        assert_string_equal(recipe_text(recipe, recipe->select), "SELECT 1");
    }
    recipe_unref(recipe);
}

/* Bytes from another process: any of them wrong, or too few. */
static void hostile_bytes(void **state)
{
    (void)state;
    static const char *const extensions[] = {"one", "", "two", "entry"};
    Recipe *recipe = build("SELECT a FROM chunk", 2, extensions);
    size_t size = recipe->size;
    for (size_t cut = 0; cut < size; cut++) {
        unsigned char *bytes = malloc(cut ? cut : 1);
        assert_non_null(bytes);
        memcpy(bytes, recipe, cut);
        assert_null(recipe_copy(bytes, cut));
        free(bytes);
    }
    assert_null(recipe_copy(recipe, (size_t)INT32_MAX + 1));
    for (size_t place = 0; place < size; place++)
        for (unsigned change = 1; change < 256; change += 37) {
            unsigned char *bytes = malloc(size);
            assert_non_null(bytes);
            memcpy(bytes, recipe, size);
            bytes[place] ^= (unsigned char)change;
            Recipe *copy = recipe_copy(bytes, size);
            free(bytes);
            if (!copy)
                continue;
            size_t read =
                strlen(recipe_text(copy, copy->declaration)) + strlen(recipe_text(copy, copy->select));
            const char *table = recipe_text(copy, copy->tables);
            for (uint32_t i = 0; i < copy->table_count; i++, table = recipe_text_after(table))
                assert_true(table + strlen(table) < (const char *)copy + size);
            table = recipe_text(copy, copy->host_tables);
            for (uint32_t i = 0; i < copy->host_table_count; i++, table = recipe_text_after(table))
                assert_true(table + strlen(table) < (const char *)copy + size);
            const char *text = recipe_text(copy, copy->extensions);
            for (uint32_t i = 0; i < 2 * copy->extension_count; i++) {
                read += strlen(text);
                text += strlen(text) + 1;
            }
            assert_true(read <= 3 * size);
            assert_true(text <= (const char *)copy + size);
            recipe_unref(copy);
        }
    recipe_unref(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_and_copied), cmocka_unit_test(functions_in_another_language),
        cmocka_unit_test(equal_bytes),      cmocka_unit_test(references),
        cmocka_unit_test(hostile_bytes),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
